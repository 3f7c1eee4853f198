"""Brings queued runs to work: a slot, a host, a lease, and the request to run."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Project, Run
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.hosts.host import EngineHost
from mahavishnu_tui.server.hosts.supervisor import HeldUpError, Supervisor
from mahavishnu_tui.server.hosts.watchdog import Watchdog
from mahavishnu_tui.server.loading import Loader
from mahavishnu_tui.server.options import ServerOptions
from mahavishnu_tui.server.patience import OnFault, insist, is_disk_fault
from mahavishnu_tui.server.store import Store, runs
from mahavishnu_tui.server.store.queue import Turn, next_queued
from mahavishnu_tui.server.transitions.claim import Dispatch, claim
from mahavishnu_tui.server.transitions.recovery import fail, hold_for_disk, load_died, unclaim

log = logging.getLogger(__name__)

SUSPECT = 2
"""Deaths in a row from which a run gets a host of its own, so that it can harm no other."""
_CANCEL_SECONDS = 5.0
_LOOK_SECONDS = 2.0
_RETRY_SECONDS = 0.5


@dataclasses.dataclass(frozen=True)
class CancelPlan:
    """What a cancel does beyond the run itself."""

    host_id: str = ""
    isolated: bool = False
    sync: list[str] = dataclasses.field(default_factory=list)
    """Nodes at work that only the end of their process stops."""
    others: list[str] = dataclasses.field(default_factory=list)
    """Runs in the same process, by id."""


def _nobody(ended: list[Run]) -> None:
    """Nobody wants to know."""


class Dispatcher:
    """The queue at work.

    Args:
        store: the queue itself is in it.
        supervisor: gives hosts.
        loader: loads a workflow again whose file has changed.
        options: `max_concurrent_workflows`, `load_seconds`.
        on_fault: see `insist`.
        on_wake: called whenever something may have been queued, for other engines' queues.
        on_ended: told of a run that the disk kept from beginning.
    """

    def __init__(
        self,
        store: Store,
        supervisor: Supervisor,
        loader: Loader,
        options: ServerOptions,
        on_fault: OnFault,
        on_wake: Callable[[], None] = lambda: None,
        on_ended: Callable[[list[Run]], None] = _nobody,
    ) -> None:
        self._on_wake = on_wake
        self._store = store
        self._supervisor = supervisor
        self._loader = loader
        self._options = options
        self._on_fault = on_fault
        self._on_ended = on_ended
        self._active: dict[str, asyncio.Event] = {}
        """Runs that hold a slot; the event is set when they leave it."""
        self._resting: dict[str, asyncio.Event] = {}
        """Runs that somebody waits for until they leave their slot, also those that have none yet."""
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self._pump: asyncio.Task[None] | None = None

    @property
    def used(self) -> int:
        """Slots in use."""
        return len(self._active)

    def start(self) -> None:
        """Begin to work off the queue."""
        self._pump = asyncio.create_task(self._work(), name="dispatcher")
        self.wake()

    def wake(self) -> None:
        """Something was queued, or a slot became free."""
        self._wake.set()
        self._on_wake()

    def ended(self, finished: list[Run]) -> None:
        """The dispatch of these runs is over; their slots are free."""
        for run in finished:
            self._leave(run.id)

    async def settled(self, run_id: str, timeout: float) -> bool:
        """Whether the run has left its slot, within `timeout` seconds."""
        left = self._active.get(run_id)
        if left is None:
            return True
        try:
            async with asyncio.timeout(timeout):
                await left.wait()
        except TimeoutError:
            return False
        return True

    async def rested(self, run_id: str, timeout: float) -> bool:
        """Whether a queued run has been at work and left its slot again, within `timeout` seconds."""
        rested = self._resting.setdefault(run_id, asyncio.Event())
        try:
            async with asyncio.timeout(timeout):
                await rested.wait()
        except TimeoutError:
            return False
        finally:
            self._resting.pop(run_id, None)
        return True

    async def cancel(self, run: Run) -> None:
        """Have the host cancel a run at work; ends the host's process where nothing less stops it."""
        host = self._host_of(run)
        if host is None:
            return
        try:
            reply = await host.request("cancel", timeout=_CANCEL_SECONDS, run_id=run.id, lease=run.lease)
        except MahavishnuError as error:
            if error.code is not ErrorCode.TIMEOUT:
                log.info("cancel of %s: %s", run.name, error)
                return
            reply = {"cancelled": False, "reason": "it does not answer"}
        if not reply.get("cancelled") and run.id in host.runs:
            log.warning("ending host %s: only that stops run %s (%s)", host.id, run.name, reply.get("reason"))
            host.kill(f"engine host was stopped to cancel {run.name}")
        await self.settled(run.id, _CANCEL_SECONDS)

    async def cancel_ends(self, run: Run) -> CancelPlan:
        """What a cancel of a run at work would end besides it."""
        host = self._host_of(run)
        if host is None:
            return CancelPlan()
        others = sorted(other for other in host.runs if other != run.id)
        try:
            found = await host.request("at_work", timeout=_LOOK_SECONDS, run_id=run.id)
            sync = [clean_line(node, 60) for node in found["sync"]]
        except (MahavishnuError, KeyError, TypeError):
            # Blocked by somebody's code: then a cancel does not reach the run either.
            sync = [clean_line(host.blocked_at.partition(" of run ")[0] or "its code", 60)]
        return CancelPlan(host.id, host.alone, sync, others)

    async def pause(self, run: Run) -> None:
        """Ask the host to drain a run at its next step boundary."""
        host = self._host_of(run)
        if host is not None:
            try:
                await host.request("drain", timeout=_CANCEL_SECONDS, run_id=run.id)
            except MahavishnuError as error:
                # A blocked host reads the request when it turns again; a dead one's runs rest anyway.
                log.info("pause of %s: %s", run.name, error)

    async def drain(self, timeout: float) -> bool:
        """Give out no more runs and drain those at work; whether all came to rest in time."""
        self._closing = True
        hosts = [host for host in map(self._supervisor.by_id, self._host_ids()) if host and host.runs]
        asks = (host.request("drain", timeout=timeout) for host in hosts)
        resting = asyncio.gather(*asks, return_exceptions=True)
        waits = [asyncio.ensure_future(left.wait()) for left in self._active.values()]
        if waits:
            await asyncio.wait(waits, timeout=timeout)
        for wait in waits:
            wait.cancel()
        resting.cancel()
        await asyncio.gather(resting, *waits, return_exceptions=True)
        return not self._active

    async def close(self) -> None:
        """End; what is in flight is left as it is in the store."""
        self._closing = True
        tasks = [task for task in (self._pump, *self._tasks) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _host_ids(self) -> list[str]:
        return [record.id for record in self._supervisor.records()]

    def _host_of(self, run: Run) -> EngineHost | None:
        host = self._supervisor.by_id(run.host_id or "")
        return host if host is not None and host.runs.get(run.id) == run.lease else None

    def _leave(self, run_id: str) -> None:
        left = self._active.pop(run_id, None)
        if left is not None:
            left.set()
        if run_id in self._resting:
            self._resting[run_id].set()
        self.wake()

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            free = self._options.max_concurrent_workflows - len(self._active)
            if free <= 0 or self._closing:
                continue
            try:
                turns = await self._store.read(
                    functools.partial(next_queued, limit=free, now=time.time(), skip=frozenset(self._active))
                )
            except MahavishnuError as error:
                log.warning("the queue cannot be read: %s", error)
                await asyncio.sleep(_RETRY_SECONDS)
                self.wake()
                continue
            for turn in turns:
                self._begin(turn)

    def _begin(self, turn: Turn) -> None:
        run = turn.row.run
        self._active[run.id] = asyncio.Event()
        self._spawn(self._bring_to_work(turn), f"dispatch {run.name}")

    async def _bring_to_work(self, turn: Turn) -> None:
        row = turn.row
        run_id = row.run.id
        try:
            if not await self._dispatch(turn):
                self._leave(run_id)
        except MahavishnuError as error:
            log.warning("run %s could not be dispatched: %s", row.run.name, error)
            if is_disk_fault(error):
                await asyncio.sleep(_RETRY_SECONDS)
            elif error.code is ErrorCode.HOST_DIED:
                limit = self._options.host_deaths
                await self._insist(functools.partial(load_died, run_id=run_id, error=error, limit=limit))
            else:
                await self._insist(functools.partial(fail, run_id=run_id, error=error))
            self._leave(run_id)
        except Exception as unexpected:
            log.exception("run %s could not be dispatched", row.run.name)
            excuse = _unexpected(row.run, unexpected)
            await self._insist(functools.partial(fail, run_id=run_id, error=excuse))
            self._leave(run_id)

    async def _dispatch(self, turn: Turn) -> bool:
        """Give a run to a host; whether it is there now (or was, and ended)."""
        row = turn.row
        rules = self._options.rules(row.run.workflow, turn.config)
        if row.work.mode == "start":
            await self._loader.refresh(row.run.workflow_id)
        host = await self._supervisor.acquire(
            Project.from_json(turn.project), alone=rules.isolate, suspect=row.work.deaths >= SUSPECT
        )
        if self._closing:
            return False
        taking = functools.partial(claim, run_id=row.run.id, host_id=host.id, rules=rules)
        dispatch = await self._store.write(taking)
        if dispatch is None:
            return False
        if host.dead:
            # It died while we claimed: the report of its death knows nothing of this run.
            return await self._take_back(host, dispatch.run, "engine host died; trying another")
        if host.record.state == "draining":
            return await self._take_back(host, dispatch.run, "its host was taken out of service")
        host.runs[dispatch.run.id] = dispatch.run.lease
        if host.alone:
            host.watchdog = _watchdog(dispatch)
        log.info(
            "run %s (%s) goes to host %s: %s, lease %d",
            dispatch.run.name,
            dispatch.run.id,
            host.id,
            dispatch.request["mode"],
            dispatch.run.lease,
        )
        return await self._hand_over(host, dispatch)

    async def _hand_over(self, host: EngineHost, dispatch: Dispatch) -> bool:
        run, patience = dispatch.run, self._options.load_seconds
        try:
            await self._supervisor.request(host, "run", timeout=patience, own=1, **dispatch.request)
        except HeldUpError as held_up:
            return await self._take_back(host, run, f"host is held up ({held_up}); trying another")
        except MahavishnuError as error:
            return await self._refused(host, run, error)
        except Exception as error:
            log.exception("run %s could not be handed over", run.name)
            return await self._refused(host, run, _unexpected(run, error))
        await self._catch_up(run)
        return True

    async def _catch_up(self, given: Run) -> None:
        """Tell the host what was asked of a run while it was being handed over."""
        row = await self._store.read(functools.partial(runs.get, run_id=given.id))
        if row is None or (row.run.status, row.run.lease) != ("running", given.lease):
            return
        if row.work.cancelling and not row.work.gently:
            self._spawn(self.cancel(row.run), f"cancel {given.name}")
        elif row.work.cancelling or row.work.pausing or row.work.moving:
            self._spawn(self.pause(row.run), f"pause {given.name}")

    async def _refused(self, host: EngineHost, run: Run, error: MahavishnuError) -> bool:
        """The host did not take the run; whether its slot is still held."""
        if error.code is ErrorCode.HOST_DIED:
            # Its death is in its journal, behind all that it has said, and settles the run there.
            return True
        if error.code is ErrorCode.LEASE_LOST:
            # Our database is younger than the checkpoints: they know of leases that we have never given.
            return await self._take_back(host, run, "the thread's lease was behind; trying again", skip=1000)
        if error.code is ErrorCode.RUN_STATE:
            # A dispatch of this run that was taken back has not ended there yet.
            await asyncio.sleep(_RETRY_SECONDS)
            return await self._take_back(host, run, "its host was not done with it; trying again")
        if error.code is ErrorCode.DISK_FULL:
            held = await self._insist(
                functools.partial(hold_for_disk, run_id=run.id, lease=run.lease, error=error)
            )
            self._forget(host, run)
            host.runs.pop(run.id, None)
            self._on_ended([held] if held else [])
            return False
        self._forget(host, run)
        host.runs.pop(run.id, None)
        log.warning("host %s refused run %s: %s", host.id, run.name, error)
        await self._insist(functools.partial(fail, run_id=run.id, error=error, lease=run.lease))
        return False

    async def _take_back(self, host: EngineHost, run: Run, why: str, skip: int = 0) -> bool:
        """Queue a run again that its host has not taken up; its next lease shuts this host out."""
        taken = await self._insist(
            functools.partial(unclaim, run_id=run.id, lease=run.lease, note=why, skip=skip)
        )
        self._forget(host, run)
        host.runs.pop(run.id, None)
        log.warning("run %s is taken back from host %s: %s", run.name, host.id, why)
        return not taken

    def _forget(self, host: EngineHost, run: Run) -> None:
        """Should the host come to this run after all, it is to leave it alone."""

        async def tell() -> None:
            with contextlib.suppress(MahavishnuError):
                await host.request("cancel", run_id=run.id, lease=run.lease)

        self._spawn(tell(), f"forget {run.name}")

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _insist(self, change: Any) -> Any:
        return await insist(functools.partial(self._store.write, change), self._on_fault)


def _watchdog(dispatch: Dispatch) -> Watchdog | None:
    limits = dispatch.request["limits"]
    return Watchdog(dispatch.run.id, dispatch.run.lease, **limits) if any(limits.values()) else None


def _unexpected(run: Run, error: Exception) -> MahavishnuError:
    return MahavishnuError(
        ErrorCode.INTERNAL,
        f"Run {run.name} could not be dispatched ({type(error).__name__}).",
        "The server's log has the details.",
    )
