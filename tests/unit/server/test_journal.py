import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Run
from mahavishnu_tui.server import journal as journal_module
from mahavishnu_tui.server import patience
from mahavishnu_tui.server.journal import Journal
from mahavishnu_tui.server.transitions.recovery import HostDeath
from tests.unit.server.conftest import ROOT, Desk, finished, visit


class Office:
    """A journal and what it said."""

    def __init__(self, desk: Desk) -> None:
        self.ended: list[Run] = []
        self.faults: list[MahavishnuError | None] = []
        self.full: list[bool] = []
        self.journal = Journal(
            desk.store,
            ROOT,
            on_ended=self.ended.extend,
            on_fault=self.faults.append,
            on_full=self.full.append,
        )

    def report(self, run: Run, *notices: dict[str, Any]) -> None:
        for notice in notices:
            self.journal.add({"run_id": run.id, "lease": run.lease, **notice})


@pytest.fixture
async def office(desk: Desk) -> AsyncIterator[Office]:
    found = Office(desk)
    yield found
    await found.journal.close()


async def test_reports_reach_the_store_in_order(desk: Desk, office: Office) -> None:
    run = await desk.running()
    for number in range(1, 1201):
        office.report(run, visit(number), visit(number, outcome="success"))
    office.report(run, finished("success", values={"n": 1}))
    await office.journal.flushed()
    assert await desk.outcomes(run.id) == ["success"] * 1200
    after = await desk.run(run.id)
    assert (after.status, after.visits) == ("success", 1200)
    assert [item.id for item in office.ended] == [run.id]


async def test_while_the_disk_is_full_reports_wait_and_nothing_is_lost(desk: Desk, office: Office) -> None:
    run = await desk.running()
    pages = await desk.act(lambda tx: tx.conn.execute("PRAGMA page_count").fetchone()[0])
    await desk.act(lambda tx: tx.conn.execute(f"PRAGMA max_page_count = {pages}").fetchall())
    for number in range(1, 60):
        office.report(run, visit(number, error="e" * 500, outcome="success"))
    office.report(run, finished("success"))
    async with asyncio.timeout(20):
        while not office.faults:
            await asyncio.sleep(0.01)
    assert office.faults[0] is not None
    assert office.faults[0].code is ErrorCode.DISK_FULL
    assert (await desk.run(run.id)).status == "running"
    await desk.act(lambda tx: tx.conn.execute("PRAGMA max_page_count = 100000").fetchall())
    await office.journal.flushed()
    assert office.faults[-1] is None
    assert (await desk.run(run.id)).status == "success"
    assert await desk.outcomes(run.id) == ["success"] * 59


async def test_a_death_comes_after_all_that_was_said_before_it(desk: Desk, office: Office) -> None:
    run, other = await desk.running(), await desk.running()
    office.report(run, visit(1), finished("success"))
    office.report(other, visit(1))
    office.journal.add(
        HostDeath("host", {run.id: run.lease, other.id: other.lease}, "engine host died (signal 9)")
    )
    await office.journal.flushed()
    assert (await desk.run(run.id)).status == "success"
    assert (await desk.run(other.id)).status == "queued"
    assert {item.id for item in office.ended} == {run.id, other.id}


async def test_a_broken_report_is_dropped_alone_and_a_broken_end_is_still_an_end(
    desk: Desk, office: Office
) -> None:
    run, other = await desk.running(), await desk.running()
    office.report(run, {"ev": "visit", "visit": {"nonsense": True}}, {"ev": "step"}, {"ev": "unknown"})
    office.report(other, visit(1), {"ev": "finished", "status": "success", "questions": [{"bad": 1}]})
    office.report(run, visit(1), finished("success"))
    office.journal.add({"ev": "edge", "spec": "flow.py:graph"})
    await office.journal.flushed()
    assert (await desk.run(run.id)).status == "success"
    failed = await desk.run(other.id)
    assert failed.status == "error"
    assert failed.error is not None
    assert failed.error["code"] == ErrorCode.INTERNAL.value


async def test_a_flood_pauses_its_host_until_the_store_has_caught_up(
    desk: Desk, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "FULL", 100)
    run = await desk.running()
    office.report(run, *(visit(number) for number in range(1, 150)))
    assert office.full == [True]
    await office.journal.flushed()
    assert office.full == [True, False]


async def test_an_edge_that_was_taken_is_drawn(desk: Desk, office: Office) -> None:
    from mahavishnu_tui.server.store import workflows

    workflow = (await desk.register()).replace(
        shape={
            "nodes": [{"id": "a"}, {"id": "b"}],
            "edges": [{"source": "a", "target": "b"}],
            "subgraphs": {"b": {"nodes": [{"id": "x"}], "edges": []}},
        }
    )
    await desk.act(workflows.save, workflow, "")
    edge = {"ev": "edge", "spec": "flow.py:graph", "namespace": ""}
    office.journal.add({**edge, "source": "a", "target": "b"})
    office.journal.add({**edge, "source": "b", "target": "a"})
    office.journal.add({**edge, "namespace": "b", "source": "x", "target": "x"})
    office.journal.add({**edge, "namespace": "gone", "source": "x", "target": "x"})
    office.journal.add({**edge, "namespace": "b", "source": "x", "target": "__end__"})
    await office.journal.flushed()
    shape = await desk.store.read(lambda conn: workflows.drawing(conn, workflow))
    assert [(e.source, e.target, e.observed) for e in shape.edges] == [("a", "b", False), ("b", "a", True)]
    inner = shape.subgraphs["b"]
    assert {(e.target, e.observed) for e in inner.edges} == {("x", True), ("__end__", True)}
    assert [(node.id, node.kind) for node in inner.nodes] == [("x", "node"), ("__end__", "end")]


async def test_insisting_raises_what_is_not_the_disks_fault() -> None:
    async def wrong() -> None:
        raise MahavishnuError(ErrorCode.RUN_STATE, "no")

    with pytest.raises(MahavishnuError):
        await patience.insist(wrong, lambda _: None)


async def test_what_can_never_be_written_does_not_stop_what_comes_after(desk: Desk, office: Office) -> None:
    run, other = await desk.running(), await desk.running()
    refuse = f"""CREATE TRIGGER refuse BEFORE UPDATE ON runs WHEN NEW.id = '{run.id}'
        BEGIN SELECT RAISE(ABORT, 'never'); END"""
    await desk.act(lambda tx: tx.conn.execute(refuse))
    office.report(run, visit(1), finished("success"))
    office.report(other, visit(1, outcome="success"), finished("success"))

    await asyncio.wait_for(office.journal.flushed(), 10)

    assert (await desk.run(other.id)).status == "success"
