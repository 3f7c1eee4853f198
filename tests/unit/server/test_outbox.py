"""The outbox: nothing is lost, nothing is told twice, and what is over is not told at all."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.models import Need
from mahavishnu_tui.models.notification import Notification
from mahavishnu_tui.models.notifying import Rule
from mahavishnu_tui.models.quiet import QuietHours
from mahavishnu_tui.server.notify.planning import Planner
from mahavishnu_tui.server.notify.words import Writer
from mahavishnu_tui.server.options import NotifyOptions, NotifyTarget
from mahavishnu_tui.server.store import Store, Tx, needs, notifications, outbox, runs
from tests.unit.server.conftest import Desk, finished

T0 = 1_000_000.0
ALL = Rule(
    ("approval", "deadline", "escalation", "failure", "crashed", "recovered", "late", "lost", "dead_worker")
)
OPS = {"ops": NotifyTarget("json://secret.example.org/key")}


class Outbox:
    """A store with a planner whose clock is set by hand."""

    def __init__(self, store: Store, *rules: Rule, **options: Any) -> None:
        self.store = store
        self.options = NotifyOptions(targets=OPS, rules=rules or (ALL,), **options)
        self.planner = Planner(self.options, None)
        self.now = T0

    async def write(self, change: Callable[..., Any], *args: Any, **named: Any) -> Any:
        return await self.store.write(lambda tx: change(tx, *args, **named))

    async def need(self, key: str = "server:dev", **fields: Any) -> Need:
        kind: Any = key.partition(":")[0]
        need = Need(**{"key": key, "kind": kind, "what": "w", "where": "dev", "since": T0, **fields})
        await self.write(needs.put, need)
        await self.plan(key)
        return need

    async def gone(self, key: str, why: str = "it came right") -> None:
        await self.write(needs.drop, key, why)

    async def plan(self, *keys: str) -> None:
        await self.write(self.planner.plan, keys, self.now)

    async def begin(self) -> int:
        found: int = await self.write(self.planner.begin, self.now)
        return found

    async def take(self) -> list[outbox.Message]:
        given = self.options
        found: list[outbox.Message] = await self.write(
            self.planner.take, "ops", self.now, given.per_minute, given.digest
        )
        return found

    async def send(self) -> list[list[str]]:
        """What goes out now, as the needs of each message."""
        told = []
        for message in await self.take():
            told.append([row.occurrence.need for row in message.rows])
            await self.plan(*await self.write(outbox.sent, message.id, self.now))
        return told

    async def rows(self) -> list[Notification]:
        return (await self.store.read(lambda conn: notifications.newest(conn, 1000)))[::-1]

    async def states(self) -> list[tuple[str, str]]:
        return [(row.kind, row.state) for row in await self.rows()]


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Outbox]:
    store = await Store.open(tmp_path / "engine.db", lambda lines: None)
    yield Outbox(store)
    await store.close()


async def test_what_is_needed_is_told_once(box: Outbox) -> None:
    await box.need()
    await box.plan("server:dev")
    assert await box.send() == [["server:dev"]]
    await box.plan("server:dev")
    await box.begin()
    assert await box.send() == []
    await box.gone("server:dev")
    await box.need()
    assert await box.send() == [["server:dev"], ["recovered:server:dev"]]


async def test_what_is_over_before_it_is_due_is_not_told(box: Outbox) -> None:
    box.planner = Planner(
        NotifyOptions(targets=OPS, rules=(Rule(("lost", "recovered"), after_seconds=60),)), None
    )
    await box.need()
    assert await box.send() == []
    await box.gone("server:dev")
    box.now += 100
    await box.plan()
    assert await box.send() == []
    assert await box.states() == [("lost", "cancelled")]
    assert (await box.rows())[0].error == "it came right"


async def test_a_need_that_went_while_no_server_looked_is_cancelled_at_the_start(box: Outbox) -> None:
    await box.need()
    await box.write(lambda tx: tx.conn.execute("DELETE FROM needs"))
    await box.begin()
    assert await box.send() == []


async def test_a_crash_between_commit_and_sending_sends_again_and_says_so(box: Outbox) -> None:
    await box.need()
    assert len(await box.take()) == 1
    assert await box.take() == []  # it is being sent
    assert await box.begin() == 1  # the next server
    (message,) = await box.take()
    letter = Writer("default", host="h").letter(message.rows, details=False, now=T0)
    assert "may have been sent before" in letter.body
    await box.write(outbox.sent, message.id, box.now)
    assert await box.begin() == 0
    assert (await box.rows())[0].attempts == 2


async def test_what_fails_is_tried_again_and_given_up_at_last(box: Outbox) -> None:
    await box.need()
    for _ in range(outbox.MOST_TRIES):
        (message,) = await box.take()
        await box.write(outbox.failed, message.id, "refused")
    assert await box.take() == []
    (row,) = await box.rows()
    assert (row.state, row.error, row.attempts) == ("failed", "refused", outbox.MOST_TRIES)


async def test_what_is_over_the_rate_goes_out_as_one(box: Outbox) -> None:
    box.options = NotifyOptions(targets=OPS, rules=(ALL,), per_minute=3)
    for number in range(8):
        await box.need(f"server:{number}")
    sent = await box.send()
    assert [len(message) for message in sent] == [1, 1, 6]
    await box.need("server:9")
    assert await box.send() == []
    turn = await box.store.read(lambda conn: outbox.next_turn(conn, "ops", box.now, 3))
    assert turn == T0 + outbox.WINDOW
    box.now = turn + 1
    assert await box.send() == [["server:9"]]
    assert len({row.message for row in await box.rows()}) == 4


async def test_without_a_digest_the_rest_waits(box: Outbox) -> None:
    box.options = NotifyOptions(targets=OPS, rules=(ALL,), per_minute=2, digest=False)
    for number in range(5):
        await box.need(f"server:{number}")
    counts = []
    for _ in range(4):
        counts.append(len(await box.send()))
        box.now += outbox.WINDOW + 1
    assert counts == [2, 2, 1, 0]


async def test_it_is_told_again_as_long_as_it_is_so(box: Outbox) -> None:
    box.planner = Planner(NotifyOptions(targets=OPS, rules=(Rule(("lost",), repeat_seconds=600),)), None)
    await box.need()
    assert len(await box.send()) == 1
    assert await box.send() == []
    box.now += 601
    assert len(await box.send()) == 1
    await box.gone("server:dev")
    box.now += 601
    assert await box.send() == []
    assert await box.states() == [("lost", "sent"), ("lost", "sent"), ("lost", "cancelled")]


async def test_a_repetition_follows_the_rules_of_now(box: Outbox) -> None:
    def rules(seconds: float) -> Planner:
        return Planner(NotifyOptions(targets=OPS, rules=(Rule(("lost",), repeat_seconds=seconds),)), None)

    box.planner = rules(600)
    await box.need()
    assert len(await box.send()) == 1
    box.planner = rules(60)
    await box.begin()
    box.now += 61
    assert len(await box.send()) == 1
    box.planner = rules(0)
    await box.begin()
    box.now += 6000
    await box.begin()
    assert await box.send() == []
    assert await box.states() == [("lost", "sent"), ("lost", "sent"), ("lost", "cancelled")]
    box.planner = rules(600)
    await box.begin()
    assert len(await box.send()) == 1
    await box.gone("server:dev")


async def test_what_comes_to_its_turn_in_quiet_hours_waits_for_their_end(box: Outbox) -> None:
    rule = Rule(("lost", "late"), repeat_seconds=600, loud=("late",))
    box.planner = Planner(NotifyOptions(targets=OPS, rules=(rule,)), datetime.UTC)
    box.now = 22 * 3600.0
    for key in ("server:one", "server:two", "late:d"):
        await box.need(key)
    # One fails, one is sent and would be told again; then there are rules with quiet hours.
    first, second, _ = await box.take()
    await box.write(outbox.failed, first.id, "Refused.")
    await box.plan(*await box.write(outbox.sent, second.id, box.now))
    await box.need("late:e")
    quiet = dataclasses.replace(rule, quiet=QuietHours(22 * 60, 23 * 60))
    box.planner = Planner(NotifyOptions(targets=OPS, rules=(quiet,)), datetime.UTC)
    box.now += 1800
    assert await box.send() == [["late:e"]]
    box.now = 23 * 3600.0
    assert sorted(await box.send()) == [["late:e"], ["server:one"], ["server:two"]]


async def test_what_no_rule_asks_for_any_more_is_not_told(box: Outbox) -> None:
    await box.need()
    box.planner = Planner(NotifyOptions(targets=OPS), None)
    await box.begin()
    assert await box.send() == []
    box.planner = Planner(NotifyOptions(targets=OPS, rules=(ALL,)), None)
    await box.begin()
    assert await box.send() == [["server:dev"]]
    await box.need("server:new")
    box.planner = Planner(NotifyOptions(targets={"chat": OPS["ops"]}, rules=(ALL,)), None)
    await box.begin()
    assert await box.send() == []


async def test_a_question_its_deadline_and_its_escalation(desk: Desk) -> None:
    box = Outbox(desk.store)
    run = await desk.interrupted("q1", tags=["team:a"])
    (need,) = (await desk.store.read(lambda conn: needs.of_kinds(conn, ["approval"]))).values()
    box.now = need.since
    await box.plan(need.key)
    assert await box.send() == [[need.key]]
    assert (await box.rows())[0].where == run.name
    await box.write(needs.put, need.replace(due=need.since + 2000))
    await box.plan(need.key)
    assert await box.send() == []
    box.now = need.since + 1101
    assert await box.send() == [[need.key]]
    await box.write(needs.put, need.replace(due=need.since + 8000, escalated=1))
    await box.plan(need.key)
    await box.send()
    assert await box.states() == [
        ("approval", "sent"),
        ("deadline", "sent"),
        ("escalation", "sent"),
        ("deadline", "waiting"),
    ]
    await box.write(needs.drop, need.key, "answered by ana")
    await box.plan()
    assert [row.state for row in await box.rows()][-1] == "cancelled"
    assert len(await box.rows()) == 4  # the ledger tells of answers


async def test_a_failed_run_has_recovered_once_it_succeeds(desk: Desk) -> None:
    box = Outbox(desk.store)
    run = await desk.running()
    error = {"code": "MHV-424", "message": "password=hunter2"}
    await desk.tell(run, finished("error", error=error))
    key = f"failure:{run.id}"
    box.now = (await desk.store.read(lambda conn: needs.get(conn, key))).since
    await box.plan(key)
    assert await box.send() == [[key]]
    assert await box.states() == [("crashed", "sent")]
    await desk.act(change_run, run.id, "queued")
    await box.plan()
    assert await box.send() == []
    await desk.act(change_run, run.id, "success")
    await box.plan()
    assert await box.send() == [[f"recovered:{key}"]]
    await box.plan()
    assert await box.send() == []


def change_run(tx: Tx, run_id: str, status: Any) -> None:
    row = runs.require(tx.conn, run_id)
    runs.save(tx, row.run.replace(status=status), row.work)


@pytest.mark.parametrize("why", ["seen by ana@h", "cancelled", "the run was deleted"])
async def test_what_somebody_put_aside_has_not_recovered(box: Outbox, why: str) -> None:
    await box.need("pool:local")
    await box.send()
    await box.gone("pool:local", why)
    await box.plan()
    assert await box.send() == []


async def test_old_news_is_forgotten(box: Outbox) -> None:
    await box.need("server:a")
    await box.need("server:b")
    await box.send()
    await box.gone("server:a", "seen by ana")
    await box.plan()
    box.now += outbox.KEPT_SECONDS * 2
    assert await box.write(outbox.trim, box.now) == 1
    await box.plan("server:b")
    assert await box.send() == []  # still so, and told
