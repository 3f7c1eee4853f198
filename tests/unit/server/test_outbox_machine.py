"""Whatever happens in whatever order: nothing is lost, told too early, or twice but after a crash."""

from __future__ import annotations

import sqlite3
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mahavishnu_tui.models import Need
from mahavishnu_tui.models.notifying import Rule
from mahavishnu_tui.server.notify.planning import Planner
from mahavishnu_tui.server.options import NotifyOptions, NotifyTarget
from mahavishnu_tui.server.store import Tx, needs, notifications, outbox, schema

TARGETS = {name: NotifyTarget(f"json://{name}") for name in ("ops", "chat")}
RULES = (Rule(("lost", "late"), after_seconds=30), Rule(("lost",), ("chat",)), Rule(("recovered",), ("ops",)))
KEYS = ("server:a", "server:b", "late:c")


class OutboxMachine(RuleBasedStateMachine):
    """Needs come and go, servers crash, targets fail; time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.conn = sqlite3.connect(":memory:", isolation_level=None)
        schema.migrate(self.conn)
        self.now = 1000.0
        self.planner = Planner(NotifyOptions(targets=TARGETS, rules=RULES), None)
        self.taken: list[outbox.Message] = []
        self.began: dict[str, float] = {}
        """Of each need that is there: when it came."""
        self.life = 0
        self.sent: list[tuple[int, str, str, bool]] = []
        """Which life of which need was told to whom, and whether that was in doubt."""
        self.lives: dict[str, int] = {}

    @property
    def tx(self) -> Tx:
        return Tx(self.conn, self.now)

    def plan(self, *keys: str) -> None:
        self.planner.plan(self.tx, keys, self.now)

    @rule(key=st.sampled_from(KEYS))
    def it_is_needed(self, key: str) -> None:
        if key not in self.began:
            self.life += 1
            self.began[key], self.lives[key] = self.now, self.life
        kind: Any = key.partition(":")[0]
        needs.put(
            self.tx,
            Need(key=key, kind=kind, what="w", where="x", since=self.began[key], count=self.lives[key]),
        )
        self.plan(key)

    @rule(
        key=st.sampled_from(KEYS), told=st.booleans(), why=st.sampled_from(["it came right", "seen by ana"])
    )
    def it_is_over(self, key: str, told: bool, why: str) -> None:
        if self.began.pop(key, None) is not None:
            needs.drop(self.tx, key, why)
            if told:  # else the server crashes before it plans
                self.plan(key)

    @rule(seconds=st.sampled_from([1.0, 29.0, 31.0, 61.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(name=st.sampled_from(list(TARGETS)), rate=st.integers(1, 3), digest=st.booleans())
    def it_is_taken(self, name: str, rate: int, digest: bool) -> None:
        if not self.taken:
            self.taken = outbox.take(self.tx, name, self.now, rate, digest)

    @precondition(lambda self: self.taken)
    @rule()
    def it_goes_out(self) -> None:
        message = self.taken.pop(0)
        self.note(message)
        self.plan(*outbox.sent(self.tx, message.id, self.now))

    @precondition(lambda self: self.taken)
    @rule()
    def it_fails(self) -> None:
        outbox.failed(self.tx, self.taken.pop(0).id, "refused")
        for message in self.taken:
            outbox.release(self.tx, message.id)
        self.taken = []

    @rule(went_out=st.booleans())
    def the_server_crashes(self, went_out: bool) -> None:
        if went_out and self.taken:
            self.note(self.taken[0])
        self.taken = []
        self.planner.begin(self.tx, self.now)

    def note(self, message: outbox.Message) -> None:
        for row in message.rows:
            about = row.occurrence
            life = about.number if about.kind == "recovered" else about.count
            self.sent.append((life, f"{about.kind} of {about.need}", row.target, row.doubt))

    @invariant()
    def nothing_is_told_twice_without_saying_so(self) -> None:
        sure = [entry[:3] for entry in self.sent if not entry[3]]
        assert len(sure) == len(set(sure))

    @invariant()
    def nothing_is_told_before_its_time(self) -> None:
        for row in notifications.newest(self.conn, 1000):
            assert row.sent_at is None or row.sent_at >= row.due_at

    @invariant()
    def what_is_needed_is_told_or_waits(self) -> None:
        for key in self.began:
            rows = outbox.open_rows(self.conn, key)
            assert {row.target for row in rows} == set(TARGETS)
            assert not [row for row in rows if row.state == "cancelled"]

    @invariant()
    def what_is_over_does_not_wait(self) -> None:
        found = self.conn.execute(
            "SELECT count(*) FROM notifications WHERE state = 'waiting' AND kind != 'recovered'"
            " AND need NOT IN (SELECT key FROM needs)"
        ).fetchone()
        assert found[0] == 0

    def teardown(self) -> None:
        """Left alone, everything goes out."""
        for _ in range(40):
            self.now += 61.0
            for target in TARGETS:
                for message in [*self.taken, *outbox.take(self.tx, target, self.now, 3, True)]:
                    self.note(message)
                    self.plan(*outbox.sent(self.tx, message.id, self.now))
                self.taken = []
        assert not outbox.waits(self.conn)
        told = {(life, target) for life, _, target, _ in self.sent}
        for key, life in self.lives.items():
            states = {row.target: row.state for row in outbox.open_rows(self.conn, key)}
            for target in TARGETS:
                assert key not in self.began or (life, target) in told or states[target] == "failed"
        self.conn.close()


OutboxMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestOutbox = OutboxMachine.TestCase
