"""What operators do to flow runs: each act against the state that was seen, once, and on record.

The intent is committed before Prefect is asked, and what became of it with the audit. An intent that a crash
or a broken connection has left behind is never repeated: the run's state at Prefect tells what became of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.engines.prefect.control import RunControl
from mahavishnu_tui.engines.prefect.errors import PrefectError
from mahavishnu_tui.models import ErrorCode, MahavishnuError, Run
from mahavishnu_tui.models.act import Deed
from mahavishnu_tui.models.run import FINISHED
from mahavishnu_tui.server.prefect import taking
from mahavishnu_tui.server.prefect.mirror import Mirror
from mahavishnu_tui.server.store import Store, Tx, flow_acts, flow_runs
from mahavishnu_tui.server.store import acts as audit
from mahavishnu_tui.server.store.flow_acts import Intent
from mahavishnu_tui.server.store.flow_runs import FlowRun

log = logging.getLogger(__name__)

Call = Callable[[RunControl, FlowRun], Awaitable[Any]]

_CALLS: dict[str, Call] = {
    "cancel": lambda control, row: control.cancel(row.run.id, seen=row.state_id),
    "suspend": lambda control, row: control.suspend(row.run.id, seen=row.state_id),
    "resume": lambda control, row: control.resume(row.run.id, seen=row.state_id),
    "retry": lambda control, row: control.retry(row.run.id, seen=row.state_id),
    "delete": lambda control, row: control.delete(row.run.id, seen=row.state_id),
    "skip": lambda control, row: control.delete(row.run.id, seen=row.state_id),
    "crash": lambda control, row: control.crash(row.run.id, seen=row.state_id),
    "force-cancel": lambda control, row: control.force_cancel(row.run.id, seen=row.state_id),
    "reschedule": lambda control, row: control.reschedule(row.run.id, seen=row.state_id),
}
ACTS = tuple(_CALLS)
_DEEDS: dict[str, Deed] = {
    "cancel": "cancel",
    "suspend": "pause",
    "resume": "resume",
    "retry": "retry",
    "delete": "delete",
    "skip": "skip",
    "crash": "crash",
    "force-cancel": "force-cancel",
    "reschedule": "reschedule",
}


class Acts:
    """Acts on the runs of one server, one after the other.

    Args:
        api: the server.
        store: the mirror of it, and the audit.
        mirror: takes in what has come of an act.
    """

    def __init__(self, api: PrefectApi, store: Store, mirror: Mirror) -> None:
        self._api = api
        self._store = store
        self._mirror = mirror
        self._control = RunControl(api)
        self._turn = asyncio.Lock()

    async def do(self, run_id: str, what: str, by: str, version: int | None) -> Run:
        """Do one of `ACTS`; the run as it is then, or as it was before it was deleted.

        Raises:
            MahavishnuError: MHV-100, MHV-101 it is not in a state for this or not as it was seen, and what
                Prefect says.
        """
        async with self._turn:
            row = await self._store.read(functools.partial(flow_runs.by_id, run_id=run_id))
            if row is None:
                raise MahavishnuError(ErrorCode.RUN_UNKNOWN, f"There is no flow run {run_id!r}.")
            _refuse_changed(row.run, version)
            _refuse_unfit(row.run, what)
            seq = await self._store.write(
                functools.partial(flow_acts.begin, run_id=run_id, what=what, by=by, state_id=row.state_id)
            )
            intent = Intent(seq, run_id, 0.0, by, what, row.state_id)
            try:
                await _CALLS[what](self._control, row)
            except MahavishnuError as error:
                await self._failed(intent, row.run, error)
            else:
                await self._store.write(functools.partial(_done, intent=intent, run=row.run))
            log.info("flow run %s (%s): %s by %s", row.run.name, run_id, what, by)
            return await self._fresh(row.run, gone=what in ("delete", "skip"))

    async def again(
        self, run: Run, by: str, request_id: str, parameters: dict[str, Any] | None = None
    ) -> Run:
        """A new run of the same deployment; the same `request_id` is the same run. Raises like `do`."""
        told = await self._control.run_again(run.id, idempotency_key=request_id, parameters=parameters)
        return await self.started(told, by, like=run.id)

    async def started(self, told: dict[str, Any], by: str, **details: Any) -> Run:
        """A run that we have had Prefect make: into the mirror, and on record once."""
        run = await self._mirror.take(told)

        def note(tx: Tx) -> None:
            if not any(act.what == "start" for act in audit.of_run(tx.conn, run.id, 0, 10)):
                audit.record(tx, run.id, "start", by, tags=run.tags, **details)

        await self._store.write(note)
        log.info("flow run %s (%s) was started by %s", run.name, run.id, by)
        return run

    async def settle(self) -> None:
        """See what became of acts whose end nobody has seen; raises PrefectError."""
        async with self._turn:  # what is at work now is not left behind
            for intent in await self._store.read(flow_acts.pending):
                await self._settle(intent)

    async def _settle(self, intent: Intent) -> bool:
        """Look at Prefect; whether the act was done."""
        try:
            told = await self._api.flow_runs.get(intent.run_id)
        except PrefectError as error:
            if error.kind != "missing":
                raise
            await self._store.write(functools.partial(_settled, intent=intent, state="(deleted)"))
            return True
        await self._mirror.take(told)
        done = told.get("state_id") != intent.state_id
        state = str(told.get("state_name")) if done else ""
        await self._store.write(functools.partial(_settled, intent=intent, state=state))
        log.info("%s of flow run %s by %s: %s", intent.what, intent.run_id, intent.by, state or "not done")
        return done

    async def _failed(self, intent: Intent, run: Run, error: MahavishnuError) -> None:
        """Prefect refused, or could not be asked, or nobody knows: raise, unless it was done after all."""
        if isinstance(error, PrefectError) and error.uncertain:
            if await self._settle(intent):
                return
        elif error.code in (ErrorCode.RUN_STATE, ErrorCode.RUN_UNKNOWN):
            await self._store.write(functools.partial(_done, intent=intent, run=run, refused=error.message))
            with contextlib.suppress(PrefectError):
                await self._mirror.refresh([intent.run_id])
        else:  # it was not asked
            await self._store.write(functools.partial(flow_acts.end, seq=intent.seq))
        raise error

    async def _fresh(self, run: Run, *, gone: bool) -> Run:
        """What has come of it; where Prefect is away again, what was known."""
        try:
            if gone:
                await self._store.write(functools.partial(taking.take_gone, run_ids=[run.id]))
                return run
            return await self._mirror.take(await self._api.flow_runs.get(run.id))
        except PrefectError as error:
            log.warning("flow run %s after an act: %s", run.id, error)
            return run


def _done(tx: Tx, intent: Intent, run: Run, refused: str = "") -> None:
    flow_acts.end(tx, intent.seq)
    audit.record(
        tx, run.id, _DEEDS[intent.what], intent.by, status=run.status, state=run.state, refused=refused
    )


def _settled(tx: Tx, intent: Intent, state: str) -> None:
    flow_acts.end(tx, intent.seq)
    lost = "" if state else "Prefect was not reached; nothing was done, and it is not repeated by itself."
    audit.record(
        tx, intent.run_id, _DEEDS[intent.what], intent.by, found=state, refused=lost, asked_at=intent.at
    )


def _refuse_changed(run: Run, version: int | None) -> None:
    if version is not None and version != run.version:
        raise MahavishnuError(
            ErrorCode.RUN_STATE,
            f"Run {run.name} has changed since you looked: it is {run.state or run.status}.",
            "Nothing was done; look again.",
            status=run.status,
            version=run.version,
        )


def _refuse_unfit(run: Run, what: str) -> None:
    """Raise MHV-101 for what makes no sense, whatever Prefect would say to it."""
    ended = run.status in FINISHED
    fits = {
        "cancel": not ended,
        "suspend": run.status == "running" and run.state != "Cancelling",
        "resume": run.status == "paused",
        "retry": ended,
        "delete": run.status not in ("running",),
        "skip": run.status in ("queued", "scheduled"),
        "crash": not ended,
        "force-cancel": not ended,
        "reschedule": run.status == "queued",
    }
    if fits[what]:
        return
    hints = {
        "suspend": "Only a run at work can be suspended; cancel a waiting one, or pause its deployment.",
        "resume": "Answer its question." if run.status == "interrupted" else "Retry it, or run it again.",
        "delete": "Cancel it first.",
    }
    words = {
        "suspend": "suspended", "resume": "resumed", "retry": "retried", "delete": "deleted",
        "skip": "skipped", "crash": "set to Crashed", "reschedule": "put back into its queue",
    }  # fmt: skip
    raise MahavishnuError(
        ErrorCode.RUN_STATE,
        f"Run {run.name} cannot be {words.get(what, 'cancelled')}: it is {run.state or run.status}.",
        hints.get(what, "Nothing was done; look again."),
        status=run.status,
        version=run.version,
    )
