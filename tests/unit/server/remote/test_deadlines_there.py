"""A question of a run elsewhere whose time is up: the run is ended here, and stays so."""

from __future__ import annotations

from typing import Any

from mahavishnu_tui.models import ErrorCode, Run
from mahavishnu_tui.server.remote import orders
from mahavishnu_tui.server.store import approvals
from mahavishnu_tui.server.store.tx import Tx
from mahavishnu_tui.server.transitions.deadlines import pass_time
from mahavishnu_tui.server.transitions.questions import answer
from tests.unit.server.remote.conftest import Mirrored, There
from tests.unit.server.remote.world import I1, I2, asks, run, state, task


def limited(on_timeout: str = "fail") -> dict[str, Any]:
    return {"type": "human_input", "prompt": "?", "timeout_seconds": 60, "on_timeout": on_timeout}


async def late(mirrored: Mirrored, seconds: float = 61) -> None:
    def at(tx: Tx) -> None:
        tx.now += seconds
        pass_time(tx)

    await mirrored.desk.store.write(at)


async def again(mirrored: Mirrored) -> None:
    """The thread is read once more, as it was."""
    await mirrored.take("T", mirrored.there.states["T"], "interrupted")


async def statuses(mirrored: Mirrored, found: Run) -> list[str]:
    asked = await mirrored.desk.store.read(lambda conn: approvals.of_run(conn, found.id))
    return [item.status for item in asked]


async def failed(mirrored: Mirrored) -> Run:
    found = await mirrored.asking(task("a", interrupts=asks(I1, limited())))
    await late(mirrored)
    return await mirrored.desk.run(found.id)


async def test_it_is_not_asked_again_by_looking_there(mirrored: Mirrored) -> None:
    ended = await failed(mirrored)
    assert (ended.status, (ended.error or {})["code"]) == ("error", ErrorCode.HUMAN_TIMEOUT.value)
    await again(mirrored)
    await late(mirrored, 200)
    assert await mirrored.desk.run(ended.id) == ended
    assert await statuses(mirrored, ended) == ["superseded"]
    assert await mirrored.courier.deliver() == set()
    assert mirrored.there.sent == []


async def test_a_resume_asks_again(mirrored: Mirrored, there: There) -> None:
    ended = await failed(mirrored)
    await mirrored.desk.act(orders.order_resume, ended.id, "ana", "")
    await mirrored.courier.deliver()
    await mirrored.end("made1")
    await again(mirrored)
    found = await mirrored.desk.run(ended.id)
    assert (found.status, found.waiting, found.error) == ("interrupted", 1, None)
    assert await statuses(mirrored, ended) == ["pending"]


async def test_what_somebody_does_there_is_seen(mirrored: Mirrored, there: There) -> None:
    ended = await failed(mirrored)
    there.runs_of["T"].append(run("answer", 50, resume={I1: "yes"}))
    await mirrored.take("T", state(2, by="answer"))
    assert (await mirrored.desk.run(ended.id)).status == "success"


async def test_an_answer_that_was_not_sent_does_not_go_out_after_the_end(
    mirrored: Mirrored, there: There
) -> None:
    found = await mirrored.asking(task("a", interrupts=asks(I1, limited())), task("b", interrupts=asks(I2)))
    asked = await mirrored.desk.store.read(lambda conn: approvals.of_run(conn, found.id))
    other = next(item for item in asked if item.interrupt_id == I2)
    await mirrored.desk.act(answer, other.id, seen=other.hash, value="yes", by="ana", comment="")
    await late(mirrored)
    await again(mirrored)
    assert (await mirrored.desk.run(found.id)).status == "error"
    assert await mirrored.courier.deliver() == set()
    assert there.sent == []
