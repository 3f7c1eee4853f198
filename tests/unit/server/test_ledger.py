"""The ledger is searched and exported; each answer comes with the proof of what became of it."""

import csv
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.models import LedgerEntry, Run
from mahavishnu_tui.models.ledger_filter import LedgerFilter
from mahavishnu_tui.server import export
from mahavishnu_tui.server.store import Store, acts, ledger, ledger_search, schema
from mahavishnu_tui.server.transitions import acts as operator
from mahavishnu_tui.server.transitions import questions
from tests.unit.server.conftest import Desk, finished, question, step, visit


async def answered(desk: Desk, value: Any = True, by: str = "ana", comment: str = "") -> Run:
    run = await desk.interrupted()
    await desk.act(questions.answer, f"{run.id}.q1", seen="h1-q1", value=value, by=by, comment=comment)
    return await desk.run(run.id)


async def find(desk: Desk, **wanted: Any) -> list[int]:
    query = LedgerFilter(**wanted)
    return [entry.seq for entry in await desk.store.read(lambda conn: ledger_search.search(conn, query, 50))]


async def test_an_answer_is_proven_by_what_came_of_it(desk: Desk) -> None:
    run = await answered(desk)
    dispatch = await desk.claim(run)
    lease = dispatch.run.lease
    await desk.tell(
        dispatch.run,
        visit(1, "approve", step=1),
        {"ev": "answers", "applied": ["q1"], "stale": []},
        visit(1, "approve", "success", step=1),
        step(2),
        visit(2, "deploy", step=2),
        visit(3, "tell", step=2),
        visit(4, "inner", step=2, namespace="deploy"),
        step(3),
        visit(5, "end", step=3),
        finished("success"),
    )
    entry = (await desk.store.read(lambda conn: ledger_search.search(conn, LedgerFilter(), 5)))[0]
    assert entry.lease == lease
    assert entry.sent_at is not None
    assert entry.applied_at is not None
    assert (entry.checkpoint_after, entry.then) == ("c2", ["deploy", "tell"])
    assert (entry.workflow, entry.question_hash, entry.node) == ("flow", "h1-q1", "approve")


async def test_an_answer_that_was_never_given_proves_nothing(desk: Desk) -> None:
    run = await answered(desk)
    await desk.act(operator.cancel, run.id, "bob", None)
    entry = (await desk.store.read(lambda conn: ledger_search.search(conn, LedgerFilter(), 5)))[0]
    assert (entry.lease, entry.sent_at, entry.checkpoint_after, entry.then) == (0, None, "", [])
    assert entry.not_applied == "the run was cancelled"


async def test_an_answer_whose_question_is_gone_is_proven_by_the_checkpoint_that_was_stored(
    desk: Desk,
) -> None:
    run = await answered(desk)
    dispatch = await desk.claim(run)
    await desk.tell(dispatch.run, step(4), finished("interrupted", questions=[question("q2")]))
    entry = await desk.store.read(lambda conn: ledger.get(conn, 1))
    assert entry is not None
    assert entry.checkpoint_after == "c4"


async def test_the_ledger_is_searched_by_everything(desk: Desk) -> None:
    first = await answered(desk, {"ship": "Äpfel"}, "ana@bastion", "looks FINE")
    second = await answered(desk, "no", "bob")
    assert await find(desk) == [2, 1]
    assert await find(desk, text="fine") == [1]
    assert await find(desk, text="ÄPFEL") == [1]
    assert await find(desk, text="Ship?") == [2, 1]
    assert await find(desk, text=second.name) == [2]
    assert await find(desk, text="%") == []
    assert await find(desk, by="ANA") == [1]
    assert await find(desk, run=first.id) == [1]
    assert await find(desk, workflow="flow") == [2, 1]
    assert await find(desk, node="none") == []
    assert await find(desk, before=2) == [1]
    assert await find(desk, applied="yes") == []
    assert await find(desk, applied="no") == [2, 1]
    entry = await desk.store.read(lambda conn: ledger.get(conn, 2))
    assert entry is not None
    assert await find(desk, since=entry.at) == [2]
    assert await find(desk, until=entry.at) == [1]


async def exported(desk: Desk, form: Any, **wanted: Any) -> bytes:
    return b"".join([part async for part in export.export(desk.store, LedgerFilter(**wanted), form)])


async def test_the_export_holds_every_entry_once_over_many_pages(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE", 2)
    for number in range(5):
        await answered(desk, number)
    lines = [json.loads(line) for line in (await exported(desk, "jsonl")).splitlines()]
    assert [(line["seq"], line["answer"]) for line in lines] == [(n + 1, n) for n in range(5)]
    rows = list(csv.DictReader(io.StringIO((await exported(desk, "csv")).decode())))
    assert [row["answer"] for row in rows] == ["0", "1", "2", "3", "4"]
    assert [
        line["seq"] for line in map(json.loads, (await exported(desk, "jsonl", before=3)).splitlines())
    ] == [1, 2]


async def test_no_cell_of_the_csv_is_a_formula(desk: Desk) -> None:
    await answered(desk, '=HYPERLINK("http://evil")', "@ana", '-1+2\n,"x"')
    (row,) = csv.DictReader(io.StringIO((await exported(desk, "csv")).decode()))
    assert row["answer"] == '\'=HYPERLINK("http://evil")'
    assert row["by"] == "'@ana"
    assert row["comment"] == '\'-1+2\n,"x"'
    assert row["at"].endswith("+00:00")


@given(st.text())
def test_a_cell_never_begins_like_a_formula(text: str) -> None:
    cell = export.as_text(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert text.replace("\0", "") in (cell, cell[1:])


async def test_what_people_do_to_a_run_is_kept_in_order(desk: Desk) -> None:
    run = await answered(desk, by="bob")
    await desk.act(operator.pause, run.id, "cyd")
    await desk.act(operator.resume, run.id, "dan", "")
    await desk.act(operator.cancel, run.id, "eve", None)
    await desk.act(operator.resume, run.id, "fay", "")
    found = await desk.store.read(lambda conn: acts.of_run(conn, run.id, 0, 50))
    assert [(act.what, act.by) for act in found] == [
        ("start", "ana"),
        ("answer", "bob"),
        ("pause", "cyd"),
        ("resume", "dan"),
        ("cancel", "eve"),
        ("retry", "fay"),
    ]
    assert await desk.store.read(lambda conn: acts.of_run(conn, run.id, found[3].seq, 1)) == [found[4]]


async def test_a_refused_act_leaves_no_trace(desk: Desk) -> None:
    run = await desk.interrupted()
    with pytest.raises(Exception, match="MHV-101"):
        await desk.act(operator.resume, run.id, "dan", "")
    found = await desk.store.read(lambda conn: acts.of_run(conn, run.id, 0, 50))
    assert [act.what for act in found] == ["start"]


async def test_a_database_of_before_gets_its_audit_from_what_it_knows(tmp_path: Path) -> None:
    path = tmp_path / "engine.db"
    conn = sqlite3.connect(path, isolation_level=None)
    for statement in schema._statements(schema.MIGRATIONS[0]):
        conn.execute(statement)
    conn.execute("INSERT INTO meta VALUES('epoch', 'e')")
    conn.execute("PRAGMA user_version = 1")
    run = Run("r1", "amber-otter", "t1", "w1", "flow", "success", 5.0, created_by="ana")
    conn.execute(
        "INSERT INTO runs(id, name, thread_id, workflow_id, workflow, status, created_at, doc, work, input,"
        " config) VALUES('r1', 'amber-otter', 't1', 'w1', 'flow', 'success', 5.0, ?, '{}', 'null', '{}')",
        (json.dumps(run.to_json()),),
    )
    old = {"seq": 1, "approval_id": "r1.q", "run_id": "r1", "run_name": "amber-otter", "interrupt_id": "q"}
    old |= {"node": "ask", "question": "?", "question_hash": "h", "answer": 1, "by": "bob", "at": 7.0}
    conn.execute("INSERT INTO ledger VALUES(1, 'r1.q', 'r1', 'q', 'applied', 1, ?)", (json.dumps(old),))
    conn.close()
    store = await Store.open(path, lambda _: None)
    try:
        found = await store.read(lambda conn: acts.of_run(conn, "r1", 0, 10))
        assert [(act.at, act.by, act.what) for act in found] == [
            (5.0, "ana", "start"),
            (7.0, "bob", "answer"),
        ]
        entries = await store.read(lambda conn: ledger_search.search(conn, LedgerFilter(), 5))
        assert [entry.by for entry in entries] == ["bob"]
        assert LedgerEntry.from_json(entries[0].to_json()) == entries[0]
    finally:
        await store.close()
