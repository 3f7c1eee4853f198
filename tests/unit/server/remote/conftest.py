"""A LangGraph server in memory, and a store beside it."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Run, Workflow
from mahavishnu_tui.server.options import RemoteServer
from mahavishnu_tui.server.remote import taking
from mahavishnu_tui.server.remote.courier import Courier
from mahavishnu_tui.server.remote.taking import ThreadView
from mahavishnu_tui.server.store import elsewhere
from mahavishnu_tui.server.transitions.start import StartOrder, start_run
from tests.unit.server.conftest import Desk, desk
from tests.unit.server.remote.world import run, state

__all__ = ["desk"]


class There:
    """The calls of `Api` that a courier makes, on threads in memory."""

    def __init__(self) -> None:
        self.server = RemoteServer("dev", "http://there")
        self.runs_of: dict[str, list[dict[str, Any]]] = {}
        self.states: dict[str, dict[str, Any]] = {}
        self.sent: list[dict[str, Any]] = []
        self.cancelled: list[str] = []
        self.lose_reply = False
        self.refuse: MahavishnuError | None = None

    async def runs(self, thread_id: str) -> list[dict[str, Any]]:
        if thread_id not in self.runs_of:
            raise error(404)
        return self.runs_of[thread_id][::-1]

    async def state(self, thread_id: str) -> dict[str, Any]:
        return self.states[thread_id]

    async def create_run(self, thread_id: str, order: dict[str, Any]) -> dict[str, Any]:
        if self.refuse is not None:
            raise self.refuse
        self.sent.append(order)
        made = {
            **run(f"made{len(self.sent)}", 100 + len(self.sent), "running", given=order.get("input")),
            "thread_id": thread_id,
            "metadata": order["metadata"],
        }
        made["kwargs"]["command"] = order.get("command")
        self.runs_of.setdefault(thread_id, []).append(made)
        if self.lose_reply:
            self.lose_reply = False
            raise error(0)
        return made

    async def cancel(self, thread_id: str, run_id: str) -> None:
        self.cancelled.append(run_id)


def error(status: int) -> MahavishnuError:
    code = ErrorCode.REMOTE_REFUSED if status else ErrorCode.REMOTE_UNREACHABLE
    return MahavishnuError(code, f"It says {status}.", status=status)


class Mirrored:
    """What tests do to a store that mirrors a server."""

    def __init__(self, desk: Desk, there: There) -> None:
        self.desk = desk
        self.there = there
        self.courier = Courier(desk.store, there)  # type: ignore[arg-type]

    async def assistant(self) -> Workflow:
        workflow = Workflow(
            id=taking.workflow_id("dev", "A"),
            name="flow@dev",
            spec="A",
            project={"root": "http://there", "interpreter": "", "env_file": ""},
            registered_at=1.0,
            engine=elsewhere.ENGINE,
            server="dev",
        )
        await self.desk.act(taking.take_workflow, workflow)
        return workflow

    async def launch(self, **changes: Any) -> Run:
        workflow = await self.assistant()
        order = StartOrder(workflow_id=workflow.id, given={"n": 1}, by="ana", **changes)
        return await self.desk.store.write(functools.partial(start_run, order=order))

    async def take(
        self, thread: str, head: dict[str, Any] | None = None, status: str = "idle", **fields: Any
    ) -> list[Run]:
        """Take in a thread as it is there."""
        parts = [part for part in map(taking.reading.part_of, self.there.runs_of[thread]) if part]
        view = ThreadView(thread, status, "now", parts, head, **fields)
        if head is not None:
            self.there.states[thread] = head
        return await self.desk.act(taking.take_thread, "dev", view, self.desk.store.epoch)

    async def asking(self, *tasks: dict[str, Any]) -> Run:
        """Somebody else's run, that asks."""
        await self.assistant()
        self.there.runs_of["T"] = [run("theirs", given={"n": 1})]
        (found,) = await self.take("T", state(1, *tasks, by="theirs"), "interrupted")
        return found

    async def end(self, run_id: str, status: str = "success") -> None:
        """A run there ends."""
        for runs in self.there.runs_of.values():
            for item in runs:
                if item["run_id"] == run_id:
                    item["status"] = status


@pytest.fixture
def there() -> There:
    return There()


@pytest.fixture
async def mirrored(desk: Desk, there: There) -> Mirrored:
    return Mirrored(desk, there)
