"""All LangGraph servers of the settings, as one engine beside the hosts."""

from __future__ import annotations

import asyncio
import functools
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from mahavishnu_tui.models import Checkpoint, ErrorCode, LangGraphServer, MahavishnuError, Pool, Run
from mahavishnu_tui.models.edit import StateEdit
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.run import STALE
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.options import RemoteServer
from mahavishnu_tui.server.remote import orders, reading, states
from mahavishnu_tui.server.remote.api import Api
from mahavishnu_tui.server.remote.taking import take_settings
from mahavishnu_tui.server.remote.watcher import Watcher
from mahavishnu_tui.server.store import Store, elsewhere, runs, workflows

_NOT_OFFERED = {
    "search": "search checkpoints",
    "pin": "pin a thread",
    "tag": "tag a checkpoint",
    "sizes": "tell the size of a thread",
}
"""What hosts can be asked for and such a server cannot, in words."""


class RemoteEngine:
    """Runs on other people's LangGraph servers: what routes ask for when `owns(run)`.

    Args:
        store: where they are mirrored to.
        servers: from the settings.
        looking: whether a dashboard is open.
        on_change: called when a server was lost, and when it is there again.
    """

    def __init__(
        self,
        store: Store,
        servers: Sequence[RemoteServer],
        looking: Callable[[], bool],
        on_change: Callable[[], None],
    ) -> None:
        self._store = store
        self._watchers = {item.name: Watcher(store, Api(item), looking, on_change) for item in servers}

    async def start(self) -> None:
        """Begin to watch.

        Raises:
            MahavishnuError: MHV-004, MHV-005, MHV-006.
        """
        await self._store.write(functools.partial(take_settings, watched=set(self._watchers)))
        for watcher in self._watchers.values():
            watcher.start()

    async def close(self) -> None:
        """Stop watching."""
        await asyncio.gather(*(watcher.close() for watcher in self._watchers.values()))

    def wake(self) -> None:
        """There may be something to send."""
        for watcher in self._watchers.values():
            watcher.wake()

    @staticmethod
    def owns(run: Run) -> bool:
        """Whether a run lives on such a server."""
        return run.engine == elsewhere.ENGINE

    @property
    def note(self) -> str:
        """Which servers are lost, short enough for a header; empty when none is."""
        lost = [record.name for record in self.records() if record.state == "lost"]
        return f"{STALE}: {', '.join(lost)}" if lost else ""

    def records(self) -> list[LangGraphServer]:
        """Every server and how it is."""
        return [watcher.record for watcher in self._watchers.values()]

    def pools(self, conn: sqlite3.Connection) -> list[Pool]:
        """The servers as pools: they have slots too, only nobody says how many."""
        found = []
        for record in self.records():
            counts = elsewhere.counts(conn, record.name)
            found.append(
                Pool(
                    name=record.name,
                    kind="LangGraph server",
                    status={"ready": "healthy", "lost": "unhealthy"}.get(record.state, "degraded"),  # type: ignore[arg-type]
                    slots=0,
                    used=counts.get("running", 0),
                    queued=counts.get("queued", 0),
                    note=f"{STALE}: {record.note}" if record.state == "lost" else record.url,
                )
            )
        return found

    def waits(self, conn: sqlite3.Connection) -> bool:
        """Whether something is still to be sent."""
        orders_waiting = any(
            row.work.intent or row.work.cancelling
            for name in self._watchers
            for row in elsewhere.unfinished(conn, name)
        )
        return orders_waiting or bool(self._watchers and elsewhere.open_answers(conn))

    async def cancel(self, run: Run, by: str, version: int | None) -> Run:
        """Have that server cancel a run; answers at once, the end is seen when it has come.

        Raises:
            MahavishnuError: MHV-101, MHV-452.
        """
        await self._watcher(run)
        changed = await self._store.write(
            functools.partial(orders.order_cancel, run_id=run.id, by=by, version=version)
        )
        self.wake()
        return changed

    async def pause(self, run: Run) -> Run:
        """Raises MHV-452: that API has no pause."""
        raise orders.not_offered(run, "pause a run", "Cancel it; it can be resumed from its last checkpoint.")

    async def resume(self, run: Run, by: str, checkpoint_id: str) -> Run:
        """Have a run go on, or go back to a checkpoint.

        Raises:
            MahavishnuError: MHV-101, MHV-102, MHV-107.
        """
        await self._watcher(run)
        if checkpoint_id:
            await self.ask(run, "state", checkpoint_id=checkpoint_id)
        changed = await self._store.write(
            functools.partial(orders.order_resume, run_id=run.id, by=by, checkpoint_id=checkpoint_id)
        )
        self.wake()
        return changed

    async def edit(self, run: Run, order: StateEdit, by: str) -> dict[str, Json]:
        """Have that server change a state, and look at what it has become; the reply of `POST …/edit`.

        It is sent once: a crash before the answer leaves to the thread itself whether it was made.

        Raises:
            MahavishnuError: MHV-107, MHV-121, MHV-122, MHV-450, MHV-451.
        """
        watcher = await self._watcher(run)
        made = await states.edit(watcher.api, run, order)
        await self._store.write(
            functools.partial(orders.note_edit, run_id=run.id, order=order, by=by, checkpoint_id=made)
        )
        watcher.ring(run.thread_id)
        now = await self._store.read(functools.partial(runs.require, run_id=run.id))
        return {"run": now.run.to_json(), "checkpoint_id": made, "done": True}

    async def read_path(self, run: Run) -> None:
        """See that the path of a run is in the store, as far as that server tells it now."""
        name = await self._server_of(run)
        if name in self._watchers:
            await self._watchers[name].read_path(run)

    async def ask(self, run: Run, op: str, **fields: Any) -> Json:
        """What a host would be asked for: `checkpoints`, `state`, `diff` and `edit_preview`.

        Raises:
            MahavishnuError: MHV-107 no such checkpoint, MHV-450, MHV-451, MHV-452 anything else.
        """
        watcher = await self._watcher(run)
        if op == "checkpoints":
            limit = int(fields.get("limit") or 100)
            listed = await self._checkpoints(watcher, run, limit, fields.get("before"))
            return [checkpoint.to_json() for checkpoint in listed]
        if op == "diff":
            return await states.compared(watcher.api, run, fields)
        if op == "edit_preview":
            order = StateEdit.from_json(fields["edit"])
            return (await states.preview(watcher.api, run, order)).to_json()
        if op == "state":
            wanted = str(fields.get("checkpoint_id") or "")
            state = await watcher.api.state(run.thread_id, wanted)
            if not isinstance(state.get("metadata"), dict):
                raise states.no_checkpoint(run, wanted)
            return reading.state_view(state, run.thread_id).to_json()
        words = _NOT_OFFERED.get(op, clean_line(op.replace("_", " "), 40))
        raise orders.not_offered(run, words, "It can be done with runs of your own engine hosts.")

    async def _checkpoints(
        self, watcher: Watcher, run: Run, limit: int, before: str | None
    ) -> list[Checkpoint]:
        # One more, so that what changed in the last one is known.
        history = await watcher.api.history(run.thread_id, limit + 1, before or "")
        return reading.checkpoints(history, run.thread_id, newest=not before)[:limit]

    async def _server_of(self, run: Run) -> str:
        def look(conn: sqlite3.Connection) -> str:
            return workflows.require(conn, runs.require(conn, run.id).run.workflow_id).server

        return await self._store.read(look)

    async def _watcher(self, run: Run) -> Watcher:
        name = await self._server_of(run)
        if name not in self._watchers:
            raise MahavishnuError(
                ErrorCode.REMOTE_UNREACHABLE,
                f"LangGraph server {name} of run {run.name} is not in the settings any more.",
                "Add it to `langgraph.servers` again, then restart the server.",
            )
        return self._watchers[name]
