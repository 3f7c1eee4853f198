"""Claims, batches, deadlines, ledger and audit over a real socket, with servers that stop and die."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import signal
import sqlite3
import time
from typing import Any

import pytest

from mahavishnu_tui.models import Approval, DeadlineRule, DeadlineRules, ErrorCode, MahavishnuError
from mahavishnu_tui.models.deadline import HUMAN_INPUT
from mahavishnu_tui.models.ledger_filter import LedgerFilter
from tests.integration.server.conftest import Place, eventually
from tests.integration.server.test_process import ended, process, ready


def limited(seconds: float, on_timeout: str = "default", default: Any = "late") -> dict[str, Any]:
    return {
        "type": HUMAN_INPUT,
        "prompt": "Go on?",
        "timeout_seconds": seconds,
        "on_timeout": on_timeout,
        "default": default,
    }


async def asked(place: Place, count: int = 1) -> list[Approval]:
    runs = [await place.start_scripted("ask") for _ in range(count)]
    return [await place.question(run) for run in runs]


async def test_many_are_answered_at_once_each_on_its_own(place: Place) -> None:
    place.script(ask="Go on?")
    async with place.server(scripted=True) as client:
        questions = await asked(place, 3)
        await client.answer(questions[1].id, hash="h", value="before", by="bob")
        with pytest.raises(MahavishnuError, match="The count is not 3"):
            await client.answer_many(questions, value="yes", by="ana", count=2)
        results = await client.answer_many(questions, value="yes", by="ana", count=3, comment="all fine")
        again = await client.answer_many(questions, value="yes", by="ana", count=3, comment="all fine")
        assert [bool(result.entry) for result in results] == [True, False, True]
        assert results[1].error is not None
        assert results[1].error.code is ErrorCode.ALREADY_ANSWERED
        assert [item.entry and item.entry.seq for item in again] == [
            item.entry and item.entry.seq for item in results
        ]
        for question in questions:
            await eventually(lambda key=question.run_id: succeeded(place, key))
        assert sorted(line for line in place.seen() if "answered" in line) == [
            'answered "before"',
            'answered "yes"',
            'answered "yes"',
        ]


async def succeeded(place: Place, run_id: str) -> bool:
    return (await place.client.run(run_id)).run.status == "success"


async def test_a_bad_batch_answers_nothing(place: Place) -> None:
    place.script(ask="Go on?")
    async with place.server(scripted=True) as client:
        (question,) = await asked(place)
        twice = [question, question]
        with pytest.raises(MahavishnuError, match="named twice"):
            await client.answer_many(twice, value=1, by="ana", count=2)
        with pytest.raises(MahavishnuError, match="at least one"):
            await client.answer_many([], value=1, by="ana", count=0)
        with pytest.raises(MahavishnuError, match="More than 1000"):
            await client.answer_many([question] * 1001, value=1, by="ana", count=1001)
        assert await client.ledger() == []


async def test_claims_ledger_and_audit_tell_of_each_other(place: Place) -> None:
    place.script(ask={"question": "Ship?", "risk": "high"})
    async with place.server(scripted=True) as client:
        (question,) = await asked(place)
        claimed = await client.claim(question, "bob")
        assert claimed.claimed_by == "bob"
        with pytest.raises(MahavishnuError) as refused:
            await client.claim(question, "ana")
        assert refused.value.code is ErrorCode.CLAIMED
        assert (await client.release(question, "ana", holder="bob")).claimed_by == ""
        await client.answer(question.id, hash="h", value="=1+1", by="ana", comment="why not")
        await eventually(lambda: succeeded(place, question.run_id))
        assert [(act.what, act.by) for act in await client.acts(question.run_name)] == [
            ("start", "ana"),
            ("claim", "bob"),
            ("release", "ana"),
            ("answer", "ana"),
        ]
        entry = await client.ledger_entry(1)
        assert entry.applied_at is not None
        assert entry.lease == 2
        assert [item.seq for item in await client.ledger(wanted=LedgerFilter(text="HIGH", by="ana"))] == [1]
        assert await client.ledger(wanted=LedgerFilter(applied="no", run=question.run_name)) == []
        wanted = LedgerFilter(node="ask", workflow="ask", since=1.0, until=time.time() + 60)
        jsonl = b"".join([part async for part in client.export_ledger("jsonl", wanted)])
        assert json.loads(jsonl)["comment"] == "why not"
        text = b"".join([part async for part in client.export_ledger("csv")]).decode()
        assert next(csv.DictReader(io.StringIO(text)))["answer"] == "'=1+1"
        with pytest.raises(MahavishnuError, match="no entry 99"):
            await client.ledger_entry(99)
        with pytest.raises(MahavishnuError, match="no run 'nobody'"):
            _ = [part async for part in client.export_ledger("csv", LedgerFilter(run="nobody"))]


async def test_what_needs_an_operator_is_the_same_for_every_client_and_after_a_restart(place: Place) -> None:
    place.script(ask="Go on?")
    async with place.server(scripted=True, human_input=DeadlineRules(DeadlineRule(900, "fail"))) as client:
        (question,) = await asked(place)
        refused = await place.until(await place.start_scripted("refuse"), "error")
        asks, failed = await client.needs()
        assert (asks.key, asks.what, asks.due) == (f"approval:{question.id}", "Go on?", question.deadline)
        assert (failed.key, failed.what) == (f"failure:{refused.id}", "No.")
        assert (await client.claim_need(failed.key, "bob")).claimed_by == "bob"
    async with place.server(scripted=True) as client:
        assert [(need.key, need.claimed_by) for need in await client.needs()] == [
            (asks.key, ""),
            (failed.key, "bob"),
        ]
        assert await client.needs(["late", "pool"]) == []
        stream = client.stream(0, "")
        snapshot = await anext(stream)
        assert {need["key"] for need in snapshot["needs"]} == {asks.key, failed.key}
        results = await client.see([failed.key, asks.key, "failure:nothing"], "ana")
        assert [result["ok"] for result in results] == [True, False, False]
        async for line in stream:
            if line.get("kind") == "need":
                assert (line["key"], line["data"]["gone"]) == (failed.key, "seen by ana")
                break
        await client.answer(question.id, hash="h", value=1, by="ana")
        assert await client.needs() == []


async def test_a_deadline_is_carried_out_while_the_server_runs(place: Place) -> None:
    place.script(ask=limited(0.1))
    async with place.server(scripted=True):
        (question,) = await asked(place)
        await eventually(lambda: succeeded(place, question.run_id))
        assert 'answered "late"' in place.seen()


async def test_the_settings_give_questions_their_deadline(place: Place) -> None:
    place.script(ask="Go on?")
    rules = DeadlineRules(DeadlineRule(), {"ask": DeadlineRule(0.1, "fail")})
    async with place.server(scripted=True, human_input=rules) as client:
        (question,) = await asked(place)
        run = await place.until((await client.run(question.run_id)).run, "error")
        assert run.error is not None
        assert run.error["code"] == "MHV-115"


async def test_a_deadline_that_passed_while_no_server_was_there(place: Place) -> None:
    place.script(ask=limited(0.6))
    async with place.server(scripted=True, idle_minutes=0.00001) as client:
        (question,) = await asked(place)
        assert question.deadline is not None
        deadline = question.deadline
        assert (await client.server()).state == "ready"
    await eventually(lambda: time.time() > deadline)
    for _ in range(2):
        async with place.server(scripted=True) as client:
            await eventually(lambda: succeeded(place, question.run_id))
            assert [entry.by for entry in await client.ledger()] == ["deadline"]
    assert [line for line in place.seen() if "answered" in line] == ['answered "late"']


def ledger_rows(place: Place) -> int:
    with contextlib.closing(sqlite3.connect(f"file:{place.data}/engine.db?mode=ro", uri=True)) as conn:
        return int(conn.execute("SELECT count(*) FROM ledger").fetchone()[0])


async def test_kill_9_right_after_the_deadline_was_written_loses_and_repeats_nothing(place: Place) -> None:
    place.script(ask=limited(0.2))
    with process(place) as first:
        await ready(place, first)
        (question,) = await asked(place)
        async with asyncio.timeout(20):
            while not ledger_rows(place):
                await asyncio.sleep(0)
        first.send_signal(signal.SIGKILL)
        assert await ended(first) == -signal.SIGKILL
    with process(place) as second:
        await ready(place, second)
        await eventually(lambda: succeeded(place, question.run_id))
        assert [(entry.by, bool(entry.applied_at)) for entry in await place.client.ledger()] == [
            ("deadline", True)
        ]
