"""The parent's side of `children/`: asks a child for something, or runs a flow in one and sees to its end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.engines.prefect.child import (
    UserCode,
    answer_of,
    end_child,
    ended,
    how_it_ended,
    lines_of,
    signal_child,
    start_child,
)
from mahavishnu_tui.models import ErrorCode

__all__ = ["LocalRun", "UserCode", "ask_child"]

REPORT_TRIES = 6
"""How often the end of a dead child is reported to a server that does not answer; 1, 2, 4 … seconds apart."""
FINAL = frozenset({"COMPLETED", "FAILED", "CANCELLED", "CRASHED"})


class RunStates(Protocol):
    """What is needed of `PrefectApi.flow_runs` to report the end of a child that could not."""

    async def get(self, run_id: str) -> dict[str, Any]:
        """The flow run."""
        ...

    async def set_state(self, run_id: str, state: Mapping[str, Any], *, force: bool = False) -> Any:
        """Give it a state."""
        ...


async def ask_child(
    code: UserCode,
    command: str,
    request: Mapping[str, Any],
    *,
    log: Path | None = None,
    timeout: float = 120.0,
) -> dict[str, Any]:
    """`inspect` or `register`: what the child answers.

    Args:
        code: where.
        command: the word for the child.
        request: see docs/protocols.md.
        log: gets what the user's code prints; by default nobody does.
        timeout: seconds, importing the user's code included.

    Raises:
        AdapterError: what the child says, MHV-407 when it takes too long, MHV-411 when it cannot be started.
    """
    process = await start_child(code, command, request, log)
    try:
        async with asyncio.timeout(timeout):
            async for line in lines_of(process):
                if "ok" in line or "error" in line:
                    return answer_of(line)
            returned = await process.wait()
    except TimeoutError:
        raise AdapterError(
            ErrorCode.PREFECT_TIMEOUT,
            f"The code of {code.root} was not loaded within {timeout:g} s.",
            "Look for what waits or computes when the file is imported.",
        ) from None
    finally:
        await ended(process)
    raise AdapterError(
        ErrorCode.PREFECT_RUN_FAILED,
        f"The process that loads the flow {how_it_ended(returned)} without an answer.",
        "See its log.",
        log=str(log or ""),
    )


class LocalRun:
    """A flow run in a child process of its own. It outlives us; its end is reported even if it cannot.

    Args:
        process: the child, after its line `created`.
        created: that line.
        runs: where a dead child's end is reported.
        log: what the flow printed.
    """

    def __init__(
        self, process: asyncio.subprocess.Process, created: Mapping[str, Any], runs: RunStates, log: Path
    ) -> None:
        self.id = str(created["flow_run_id"])
        self.name = str(created.get("name", ""))
        self.pid = process.pid
        self.findings: list[dict[str, Any]] = list(created.get("findings", ()))
        self.log = log
        self._process = process
        self._runs = runs
        self._last: dict[str, Any] | None = None

    @classmethod
    async def start(
        cls, code: UserCode, request: Mapping[str, Any], *, runs: RunStates, log: Path, timeout: float = 120.0
    ) -> LocalRun:
        """Start a flow; returns once its run exists on the server.

        Args:
            code: where.
            request: see docs/protocols.md.
            runs: `PrefectApi.flow_runs`.
            log: gets what the flow prints.
            timeout: seconds until the run must exist, importing the user's code included.

        Raises:
            AdapterError: like `ask_child`.
        """
        process = await start_child(code, "run", request, log)
        try:
            async with asyncio.timeout(timeout):
                async for line in lines_of(process):
                    if "error" in line:
                        answer_of(line)
                    if line.get("ev") == "created":
                        return cls(process, line, runs, log)
                returned = await process.wait()
        except TimeoutError:
            await ended(process)
            raise AdapterError(
                ErrorCode.PREFECT_TIMEOUT,
                f"The flow in {code.root} had not begun after {timeout:g} s.",
                "Look for what waits or computes when the file is imported.",
            ) from None
        except BaseException:
            await ended(process)
            raise
        raise AdapterError(
            ErrorCode.PREFECT_RUN_FAILED,
            f"The flow's process {how_it_ended(returned)} before its run was created.",
            f"See {log}.",
        )

    async def notices(self) -> AsyncIterator[dict[str, Any]]:
        """What the child says while it runs: lines with `ev` `log` or `state`."""
        async for line in lines_of(self._process):
            if "ok" in line or "error" in line:
                self._last = line
            else:
                yield line

    async def wait(self) -> dict[str, Any]:
        """How it ended: `{"flow_run_id", "name", "state", …}`, after all that `notices` has not given out.

        Raises:
            AdapterError: what the child says, or MHV-403 when its end could not be reported.
        """
        async for _ in self.notices():
            pass
        returned = await self._process.wait()
        if self._last is not None:
            return answer_of(self._last)
        return await self._report(returned)

    def let_go(self) -> None:
        """We end and it goes on: else asyncio kills what it has started once nobody holds it."""
        transport = getattr(self._process, "_transport", None)
        if transport is not None:
            transport._closed = True

    def terminate(self) -> None:
        """SIGTERM: the run becomes Crashed. To cancel it, ask the server: the child sees that itself."""
        signal_child(self._process, signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL to all its processes; `wait` reports it."""
        end_child(self._process)

    async def _report(self, returned: int) -> dict[str, Any]:
        """A child that is gone and has not said how its run ended: nobody else will."""
        for attempt in range(REPORT_TRIES):
            try:
                return await self._bury(returned)
            except AdapterError as error:
                failure = error
            await asyncio.sleep(2**attempt)
        how = how_it_ended(returned)
        raise AdapterError(
            ErrorCode.PREFECT_RUN_FAILED,
            f"The process of {self.name} {how}; Prefect could not be told: {failure.message}",
            f"Set the run {self.id} to Crashed once the server answers; nothing runs there any more.",
        )

    async def _bury(self, returned: int) -> dict[str, Any]:
        state = (await self._runs.get(self.id)).get("state") or {}
        suspended = state.get("type") == "PAUSED" and (state.get("state_details") or {}).get(
            "pause_reschedule"
        )
        if state.get("type") not in FINAL and not suspended:
            message = f"The flow's process {how_it_ended(returned)}."
            cancelled = state.get("type") == "CANCELLING"
            state = (
                {"type": "CANCELLED", "name": "Cancelled", "message": message}
                if cancelled
                else {"type": "CRASHED", "name": "Crashed", "message": message}
            )
            await self._runs.set_state(self.id, state, force=True)
        told = {key: state.get(key) or "" for key in ("type", "name", "message")}
        return {"flow_run_id": self.id, "name": self.name, "state": told}
