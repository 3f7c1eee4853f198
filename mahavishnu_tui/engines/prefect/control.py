"""Acts on flow runs, each with what is to be known before and what is to be believed after."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Literal

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.engines.prefect.presence import presence
from mahavishnu_tui.engines.prefect.states import TERMINAL, Orchestrated, iso
from mahavishnu_tui.models import ErrorCode
from mahavishnu_tui.models.text import clean_line

Act = Literal["cancel", "force-cancel", "suspend", "resume", "retry", "crash", "reschedule", "delete"]
SUSPEND_SECONDS = 24 * 3600.0
"""How long a suspended run waits for somebody to resume it before it fails."""
SUSPEND_NOTE = "Its code goes on until its next task begins; only then does it stop."
CANCEL_NOTE = (
    "Its worker ends it; without one nobody does, and Prefect calls it cancelled after five minutes."
)


def _state(kind: str, name: str, message: str = "", **details: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"type": kind, "name": name, "state_details": details}
    return {**found, "message": message} if message else found


@dataclasses.dataclass(frozen=True)
class Plan:
    """How an act is done by giving a state, which depends on the server's time."""

    state: Callable[[float], dict[str, Any]]
    force: bool = False
    note: str = ""


PLANS: dict[str, Plan] = {
    "cancel": Plan(lambda _: _state("CANCELLING", "Cancelling"), note=CANCEL_NOTE),
    "force-cancel": Plan(
        lambda _: _state("CANCELLED", "Cancelled", "Set by hand; its process was not stopped by this."),
        force=True,
        note="Only its state was changed: what still runs of it goes on.",
    ),
    "suspend": Plan(lambda now: _suspended(now, SUSPEND_SECONDS), note=SUSPEND_NOTE),
    "retry": Plan(lambda now: _state("SCHEDULED", "AwaitingRetry", scheduled_time=iso(now))),
    "crash": Plan(lambda _: _state("CRASHED", "Crashed", "Set by hand: its process is gone."), force=True),
    "reschedule": Plan(lambda now: _state("SCHEDULED", "Scheduled", scheduled_time=iso(now)), force=True),
}


def _suspended(now: float, seconds: float) -> dict[str, Any]:
    return _state("PAUSED", "Suspended", pause_timeout=iso(now + seconds), pause_reschedule=True)


class RunControl:
    """Cancel, suspend, resume, retry, run again, delete; for many at once see `bulk`.

    Every act raises `AdapterError`: MHV-101 when the run is not in a state for it, or has changed
    since `seen`, and what `PrefectError` says when the call fails.

    Args:
        api: the server.
    """

    def __init__(self, api: PrefectApi) -> None:
        self._api = api

    async def cancel(self, run_id: str, *, seen: str = "") -> Orchestrated:
        """Ask for its end. One that has not begun is cancelled at once; else see `CANCEL_NOTE`."""
        return await self._act("cancel", run_id, seen)

    async def force_cancel(self, run_id: str, *, seen: str = "") -> Orchestrated:
        """Call it cancelled. That stops nothing: it is for runs whose process is gone."""
        return await self._act("force-cancel", run_id, seen)

    async def suspend(self, run_id: str, *, seen: str = "", seconds: float = SUSPEND_SECONDS) -> Orchestrated:
        """Have it stop before its next task and give its process up; see `SUSPEND_NOTE`.

        Only runs of deployments can be suspended, since nobody else starts them anew.
        """
        await self._expect(run_id, seen)
        return done(await self._api.flow_runs.set_state(run_id, _suspended(self._api.clock(), seconds)))

    async def resume(
        self,
        run_id: str,
        run_input: Mapping[str, Any] | None = None,
        *,
        seen: str = "",
        force: bool = False,
    ) -> Orchestrated:
        """Let a paused run go on, with the answer to its question; a suspended one once its process is gone.

        Args:
            run_id: the run.
            run_input: the answer.
            seen: the id of the state that its operator saw.
            force: also when the process may still be there. Two processes then run one flow, and a worker
                that has both ends.
        """
        run = await self._expect(run_id, seen)
        state = run.get("state") or {}
        if state.get("type") != "PAUSED":
            raise _not_now(run, "be resumed")
        if (state.get("state_details") or {}).get("pause_reschedule") and not force:
            found = await presence(self._api, run)
            if found.gone is not True:
                raise AdapterError(
                    ErrorCode.RUN_STATE,
                    f"Run {_name(run)} is suspended, and its process is not known to be gone: {found.why}",
                    "Resuming it now could end its worker. Wait until its task has ended, then try again.",
                    gone=found.gone,
                )
        return done(await self._api.flow_runs.resume(run_id, run_input))

    async def retry(self, run_id: str, *, seen: str = "") -> Orchestrated:
        """Run a run that has ended once more, under the same id; results that were kept are used again."""
        run = await self._expect(run_id, seen)
        if why := no_retry(run):
            raise why
        return done(await self._api.flow_runs.set_state(run_id, PLANS["retry"].state(self._api.clock())))

    async def run_again(
        self, run_id: str, *, idempotency_key: str = "", parameters: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """A new run of the same deployment, with the same parameters unless others are given."""
        run = await self._api.flow_runs.get(run_id)
        if not run.get("deployment_id"):
            raise AdapterError(
                ErrorCode.RUN_STATE,
                f"Run {_name(run)} has no deployment that would start another one.",
                "Run its file again: `mahavishnu prefect execute`.",
            )
        tags = [tag for tag in run.get("tags") or [] if tag != "auto-scheduled"]
        return await self._api.deployments.create_run(
            str(run["deployment_id"]),
            idempotency_key=idempotency_key or str(uuid.uuid4()),
            parameters=(run.get("parameters") or {}) if parameters is None else parameters,
            tags=tags,
            work_queue_name=run.get("work_queue_name"),
            job_variables=run.get("job_variables"),
        )

    async def crash(self, run_id: str, *, seen: str = "") -> Orchestrated:
        """Call it crashed: for a run whose process has died without a word."""
        return await self._act("crash", run_id, seen)

    async def reschedule(self, run_id: str, *, seen: str = "") -> Orchestrated:
        """Put a run back into its queue that a worker has taken and not begun."""
        return await self._act("reschedule", run_id, seen)

    async def delete(self, run_id: str, *, seen: str = "") -> None:
        """Delete a run with its tasks and logs, for ever. What still runs of it goes on."""
        await self._expect(run_id, seen)
        await self._api.flow_runs.delete(run_id)

    async def _act(self, act: Act, run_id: str, seen: str) -> Orchestrated:
        await self._expect(run_id, seen)
        plan = PLANS[act]
        return done(
            await self._api.flow_runs.set_state(run_id, plan.state(self._api.clock()), force=plan.force)
        )

    async def _expect(self, run_id: str, seen: str) -> dict[str, Any]:
        """The run, still in the state that its operator saw. The API takes no precondition: between this look
        and the act that follows two operators may race."""
        run = await self._api.flow_runs.get(run_id)
        if seen and run.get("state_id") != seen:
            raise AdapterError(
                ErrorCode.RUN_STATE,
                f"Run {_name(run)} has changed since you looked: it is {run.get('state_name')} now.",
                "Look again; nothing was done.",
            )
        return run


def done(found: Orchestrated) -> Orchestrated:
    """What was done.

    Raises:
        AdapterError: MHV-101, it was not.
    """
    if found.done:
        return found
    raise AdapterError(
        ErrorCode.RUN_STATE,
        f"Prefect did not do it ({found.status}): {clean_line(found.reason, 300).rstrip('.')}.",
        "Nothing was changed; look at the run again.",
        verdict=found.status,
    )


def no_retry(run: Mapping[str, Any]) -> AdapterError | None:
    """Why a run cannot be retried; None when it can."""
    if run.get("state_type") not in TERMINAL:
        return _not_now(run, "be retried before it has ended")
    if not run.get("deployment_id"):
        return AdapterError(
            ErrorCode.RUN_STATE,
            f"Run {_name(run)} has no deployment: no worker would take it up.",
            "Run its file again: `mahavishnu prefect execute`.",
        )
    return None


def _not_now(run: Mapping[str, Any], what: str) -> AdapterError:
    return AdapterError(
        ErrorCode.RUN_STATE,
        f"Run {_name(run)} is {clean_line(run.get('state_name'), 60)} and cannot {what}.",
        "Look at it again; nothing was done.",
    )


def _name(run: Mapping[str, Any]) -> str:
    return clean_line(run.get("name") or run.get("id"), 80)
