"""Searching: what is found in runs of both engines, page by page, and what keeps it so."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from pathlib import Path
from typing import Any

from mahavishnu_tui.models.need import KINDS
from mahavishnu_tui.models.search import FoundPage, parse_search
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.needs import take_up
from mahavishnu_tui.server.prefect import taking
from mahavishnu_tui.server.store import needs, texts
from mahavishnu_tui.server.transitions import questions
from tests.unit.server.conftest import Desk, finished, opened, question, visit
from tests.unit.server.prefect.test_taking import QUESTION, flow_run, take


async def find(desk: Desk, text: str, cursor: str = "", limit: int = 50, **how: Any) -> FoundPage:
    page = await desk.store.search(lambda conn: texts.search(conn, parse_search(text), cursor, limit, **how))
    return FoundPage.from_json(codec.loads(codec.dumps(page)))


async def where(desk: Desk, text: str) -> list[tuple[str, str]]:
    """Name of the run, and the field in which it was found."""
    return [(hit.run.name, hit.field) for hit in (await find(desk, text)).hits]


async def test_a_run_is_found_by_all_that_is_known_of_it(desk: Desk) -> None:
    run = await desk.running(given={"city": "Oslo", "street": "ÄUSSERE Größe"}, tags=["night"])
    assert await where(desk, "oslo") == [(run.name, "input")]
    await desk.tell(run, visit(1, "fetch_pages"))
    assert await where(desk, "fetch_pages") == [(run.name, "node")], "while it is at work there"
    await desk.tell(
        run,
        visit(1, "fetch_pages"),
        finished("interrupted", questions=[question("q1", {"question": "Refund 500?"})]),
    )
    assert await where(desk, "refund 500") == [(run.name, "question")]
    await desk.act(
        questions.answer, f"{run.id}.q1", seen="h1-q1", value="only half", by="ana", comment="poor"
    )
    assert await where(desk, '"only half"') == [(run.name, "answer")]
    again = (await desk.claim(await desk.run(run.id))).run
    await desk.tell(again, finished("error", error={"code": "MHV-426", "message": "KeyError: price"}))
    for text, field in (
        (run.name, "run"),
        (run.id[:9], "id"),
        ("NIGHT", "tag"),
        ("workflow:flow", "workflow"),
        ("keyerror", "error"),
        ("mhv-426 price", "error"),
        ("fetch_pages oslo", "node"),
        ("poor", "answer"),
        ("äussere GRÖßE oslo", "input"),
    ):
        assert await where(desk, text) == [(run.name, field)], text
    assert await where(desk, "node:oslo") == []
    hit = (await find(desk, "500")).hits[0]
    assert hit.text[hit.start : hit.end] == "500"


async def test_flow_runs_are_found_too_and_forgotten_ones_are_not(desk: Desk) -> None:
    seen = flow_run("r1", deployment="nightly", tags=["blue"])
    await take(desk, _given(seen, {"day": "monday"}))
    await desk.act(taking.take_where, places={"r1": ["extract"]})
    await desk.act(taking.take_where, places={"r1": ["load"]})
    for text in ("monday", "blue", "nightly", "extract", "load", "name-r1"):
        assert len(await where(desk, text)) == 1, text
    paused = flow_run("r1", "interrupted", "s2", created_at=200.0, deployment="nightly", updated=2.0)
    await take(desk, paused)
    await desk.act(lambda tx: taking.take_questions(tx, "r1", "s2", [QUESTION]))
    assert await where(desk, "deploy?") == [("name-r1", "question")]
    assert await where(desk, "monday") == [("name-r1", "input")], "what Prefect did not tell again stays"
    await desk.act(taking.take_gone, run_ids={"r1"})
    assert await where(desk, "name-r1") == []
    await take(desk, flow_run("later", "scheduled", due_at=time.time() + 60))
    assert await where(desk, "later") == [], "it has not begun"


async def test_pages_follow_each_other_and_the_first_one_counts(desk: Desk) -> None:
    await take(desk, *(flow_run(f"r{n:03}", created_at=float(n % 40)) for n in range(120)))
    first = await find(desk, "name-r")
    assert (len(first.hits), first.total, first.exact) == (50, 120, True)
    second = await find(desk, "name-r", first.cursor)
    third = await find(desk, "name-r", second.cursor)
    ids = [hit.run.id for page in (first, second, third) for hit in page.hits]
    assert len(ids) == len(set(ids)) == 120
    assert third.cursor == ""
    times = [hit.run.created_at for page in (first, second, third) for hit in page.hits]
    assert times == sorted(times, reverse=True)


async def test_a_look_ends_when_its_time_is_up_and_goes_on_with_the_next(
    desk: Desk, monkeypatch: Any
) -> None:
    monkeypatch.setattr(texts, "_CHUNK", 10)
    await take(desk, *(flow_run(f"r{n:03}", created_at=float(n)) for n in range(55)))
    page = await find(desk, "name-r004", seconds=-1.0)
    assert (page.hits, page.exact) == ((), False)
    looks = 1
    while page.cursor:
        page = await find(desk, "name-r004", page.cursor, seconds=-1.0)
        looks += 1
        if page.hits:
            break
    assert [hit.run.id for hit in page.hits] == ["r004"]
    assert looks == 6
    rest = await find(desk, "name-r004", page.cursor) if page.cursor else page
    assert rest.cursor == ""


async def test_what_an_older_server_has_run_is_taken_in_by_and_by(desk: Desk) -> None:
    runs = [await desk.start() for _ in range(5)]
    await desk.act(lambda tx: tx.conn.execute("DELETE FROM texts"))
    assert not (await find(desk, "flow")).whole
    before = await desk.act(texts.fill, before=None, limit=3)
    assert before is not None
    assert await desk.act(texts.fill, before=before, limit=3) is None
    page = await find(desk, "flow")
    assert page.whole
    assert {hit.run.id for hit in page.hits} == {run.id for run in runs}


async def test_twenty_thousand_runs_are_looked_through_at_once(desk: Desk) -> None:
    filler = "a customer order with lines, prices and an address of some length " * 10
    template = flow_run("r").run

    def fill(tx: Any) -> None:
        rows = [(float(n), f"r{n}", f"r run-{n}\np {filler}{n}") for n in range(20_000)]
        tx.conn.executemany("INSERT INTO texts VALUES(?, ?, ?)", rows)
        doc = codec.dumps(template.to_json()).decode()
        tx.conn.execute(
            "INSERT INTO flow_runs SELECT run_id, run_id, '', '', '', 'success', at, NULL, NULL, '', '',"
            " 0, ?, '' FROM texts",
            (doc,),
        )

    await desk.act(fill)
    for text in ("nowhere", "length 19999", "customer", "run-7"):
        began = time.perf_counter()
        page = await find(desk, text)
        took = time.perf_counter() - began
        assert took < 2.0, f"{text}: {took:.3f} s"  # the figure is the benchmark's
        assert page.exact or page.cursor or page.total


def _given(seen: Any, parameters: dict[str, Any]) -> Any:
    import dataclasses

    return dataclasses.replace(seen, parameters=parameters)


async def test_a_file_of_an_older_server_is_searched_and_needs_what_it_asks(tmp_path: Path) -> None:
    path = tmp_path / "engine.db"
    async with opened(path) as desk:
        run = await desk.interrupted()
        bad = {"message": "ReadTimeout\nat shard 7"}
        now = time.time()
        await take(
            desk, flow_run("r1", "error", error=bad, started_at=now, ended_at=now, deployment="nightly")
        )
        await take(
            desk, flow_run("r2", "success", "s2", started_at=now + 9, ended_at=now + 9, workflow_id="f")
        )
    with contextlib.closing(sqlite3.connect(path)) as conn:
        for table in ("needs", "seen", "need_claims", "successes", "notifications", "texts"):
            conn.execute(f"DROP TABLE {table}")
        conn.execute("DELETE FROM meta WHERE key IN ('needs_since', 'texts')")
        conn.execute("PRAGMA user_version = 6")
        conn.commit()
    async with opened(path) as desk:
        assert await where(desk, "shard nightly") == [("name-r1", "error")]
        assert await where(desk, run.name) == []
        await desk.act(texts.fill, before=None, limit=100)
        assert await where(desk, run.name) == [(run.name, "run")]
        await desk.act(take_up)
        assert list(await desk.store.read(lambda conn: needs.of_kinds(conn, KINDS))) == [
            f"approval:{run.id}.q1"
        ]
        # What failed before is history, and what succeeded then is known.
        found = await desk.store.read(lambda conn: conn.execute("SELECT run_id FROM successes").fetchall())
        assert found == [("r2",)]
