"""A real store in a temporary folder, and runs in it without any engine."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.models import Approval, Run, Workflow
from mahavishnu_tui.server.store import Store, approvals, events, runs, visits, workflows
from mahavishnu_tui.server.store.runs import RunRow
from mahavishnu_tui.server.store.tx import Line
from mahavishnu_tui.server.transitions.claim import Dispatch, claim
from mahavishnu_tui.server.transitions.notices import apply_bundle
from mahavishnu_tui.server.transitions.start import StartOrder, start_run

ROOT = "/proj"


class Desk:
    """What tests do to a store, in few words."""

    def __init__(self, store: Store, published: list[Line]) -> None:
        self.store = store
        self.published = published

    async def register(self, name: str = "flow") -> Workflow:
        workflow = Workflow(
            id=workflows.workflow_id(ROOT, f"{name}.py:graph"),
            name=name,
            spec=f"{name}.py:graph",
            project={"root": ROOT, "interpreter": "/usr/bin/python3", "env_file": ""},
            registered_at=1.0,
        )
        await self.store.write(functools.partial(workflows.save, workflow=workflow, stamp=""))
        return workflow

    async def start(self, **changes: Any) -> Run:
        workflow = await self.register()
        order = StartOrder(**{"workflow_id": workflow.id, "given": {"n": 1}, "by": "ana", **changes})
        return await self.store.write(functools.partial(start_run, order=order))

    async def claim(self, run: Run, host: str = "host") -> Dispatch:
        dispatch = await self.store.write(functools.partial(claim, run_id=run.id, host_id=host))
        assert dispatch is not None
        return dispatch

    async def running(self, **changes: Any) -> Run:
        return (await self.claim(await self.start(**changes))).run

    async def tell(self, run: Run, *notices: dict[str, Any]) -> list[Run]:
        """Notices of the run's present dispatch."""
        whole = [{"run_id": run.id, "lease": run.lease, **notice} for notice in notices]
        return await self.store.write(lambda tx: apply_bundle(tx, ROOT, whole))

    async def act(self, change: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await self.store.write(lambda tx: change(tx, *args, **kwargs))

    async def interrupted(self, *ids: str, **changes: Any) -> Run:
        run = await self.running(**changes)
        await self.tell(run, finished("interrupted", questions=[question(item) for item in ids or ("q1",)]))
        return await self.run(run.id)

    async def row(self, run_id: str) -> RunRow:
        return await self.store.read(lambda conn: runs.require(conn, run_id))

    async def run(self, run_id: str) -> Run:
        return (await self.row(run_id)).run

    async def approval(self, approval_id: str) -> Approval:
        return await self.store.read(lambda conn: approvals.require(conn, approval_id))

    async def outcomes(self, run_id: str) -> list[str]:
        import json

        found = await self.store.read(lambda conn: visits.after(conn, run_id, 0, 10_000))
        return [json.loads(item.data)["outcome"] for item in found]

    async def last_seq(self) -> int:
        return await self.store.read(events.last_seq)


def question(interrupt_id: str, value: Any = "Ship?", hash_: str = "h1") -> dict[str, Any]:
    return {
        "interrupt_id": interrupt_id,
        "node": "approve",
        "namespace": "",
        "value": value,
        "hash": f"{hash_}-{interrupt_id}",
    }


def finished(status: str, **fields: Any) -> dict[str, Any]:
    return {"ev": "finished", "status": status, "values": None, **fields}


def step(number: int) -> dict[str, Any]:
    return {"ev": "step", "step": number, "next": [], "checkpoint_id": f"c{number}"}


def visit(number: int, node: str = "pack", outcome: str = "running", **fields: Any) -> dict[str, Any]:
    return {
        "ev": "visit",
        "visit": {
            "run_id": "",
            "number": number,
            "node": node,
            "task_id": f"t{number}",
            "step": number,
            "started_at": 5.0,
            "outcome": outcome,
            **fields,
        },
    }


@contextlib.asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Desk]:
    published: list[Line] = []
    store = await Store.open(path, published.extend)
    try:
        yield Desk(store, published)
    finally:
        await store.close()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened(tmp_path / "engine.db") as found:
        yield found
