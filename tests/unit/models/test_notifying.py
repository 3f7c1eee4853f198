"""Rules of notifications: who is told of what, and when; quiet hours around the changes of the clocks."""

from __future__ import annotations

import datetime
import zoneinfo
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.models.notifying import Occurrence, Rule, Wish, wishes
from mahavishnu_tui.models.quiet import QuietHours

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
UTC = datetime.UTC
NOON = datetime.datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp()
HOUR = 3600.0


def about(kind: Any = "failure", **fields: Any) -> Occurrence:
    given = {"need": "failure:1", "what": "boom", "where": "amber-otter", "since": NOON, "workflow": "etl-eu"}
    return Occurrence(kind=kind, **{**given, **fields})


def wished(
    *rules: Rule, of: Occurrence | None = None, now: float = NOON, context: str = "prod"
) -> list[Wish]:
    found = of or about()
    return wishes(rules, found, targets=["ops", "chat"], context=context, now=now, zone=UTC)


@given(st.integers(0, 1439), st.integers(0, 1439), st.floats(0, 86400 * 400), st.sampled_from([PARIS, UTC]))
def test_quiet_hours_end_within_a_day_and_are_over_then(
    begin: int, end: int, past: float, zone: datetime.tzinfo
) -> None:
    if begin == end:
        return
    hours, at = QuietHours(begin, end), NOON + past
    until = hours.until(at, zone)
    wall = datetime.datetime.fromtimestamp(at, zone)
    minute = wall.hour * 60 + wall.minute
    quiet = begin <= minute < end if begin < end else minute >= begin or minute < end
    assert (until is not None) == quiet
    if until is not None:
        assert at < until <= at + 25 * HOUR
        assert QuietHours.read(str(hours)) == hours


@given(st.text(max_size=20))
def test_quiet_hours_are_read_or_refused(text: str) -> None:
    try:
        hours = QuietHours.read(text)
    except ValueError:
        return
    assert QuietHours.read(str(hours)) == hours


@pytest.mark.parametrize("text", ["", "22-7", "25:00-07:00", "22:00-22:00", "22:60-07:00"])
def test_no_quiet_hours(text: str) -> None:
    with pytest.raises(ValueError, match="quiet hours"):
        QuietHours.read(text)


def test_who_is_told() -> None:
    assert [wish.target for wish in wished(Rule(("failure",)))] == ["ops", "chat"]
    assert [wish.target for wish in wished(Rule(("failure",), ("chat",)))] == ["chat"]
    assert wished(Rule(("approval",))) == []
    assert wished(Rule(("crashed",))) == []
    assert len(wished(Rule(("failure",)), of=about("crashed"))) == 2
    assert wished() == []


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ({"workflow": "etl-*"}, True),
        ({"workflow": "ETL-*"}, False),
        ({"workflow": "other"}, False),
        ({"context": "prod"}, True),
        ({"context": "stag*"}, False),
        ({"tag": "team:*"}, True),
        ({"tag": "x"}, False),
        ({"deployment": "nightly"}, True),
        ({"min_priority": "high"}, True),
        ({"min_priority": "urgent"}, False),
    ],
)
def test_patterns(pattern: dict[str, str], fits: bool) -> None:
    occurrence = about(tags=["team:a"], deployment="nightly", priority="high")
    assert bool(wished(Rule(("failure",), **pattern), of=occurrence)) is fits


def test_the_earliest_of_several_rules_says_when_and_each_target_is_told_once() -> None:
    slow, quick = Rule(("failure",), after_seconds=600, repeat_seconds=50), Rule(("failure",), ("ops",))
    ops, chat = wished(slow, quick)
    assert (ops.due_at, ops.repeat_seconds) == (NOON, 50)
    assert (chat.due_at, chat.repeat_seconds) == (NOON + 600, 50)


def test_quiet_hours_hold_back_all_but_what_is_loud() -> None:
    rule = Rule(("failure",), quiet=QuietHours.read("11:00-13:30"), loud=("crashed",))
    assert {wish.due_at for wish in wished(rule)} == {NOON + 1.5 * HOUR}
    assert {wish.due_at for wish in wished(rule, of=about("crashed"))} == {NOON}
    again = Rule(("failure",), repeat_seconds=HOUR, quiet=QuietHours.read("12:30-14:00"))
    (wish, _) = wished(again)
    assert wish.again_at("failure", NOON, UTC) == NOON + 2 * HOUR
    assert Wish("ops", NOON, again).again_at("failure", NOON, UTC) is None


def test_a_deadline_is_told_before_it_and_a_claim_holds_back_what_is_not_urgent() -> None:
    rule = Rule(("approval", "deadline", "failure"), ("ops",), before_seconds=600)
    (near,) = wished(rule, of=about("deadline", due=NOON + HOUR, claimed_by="ana", claim_until=NOON + 900))
    assert near.due_at == NOON + HOUR - 600
    (late,) = wished(rule, of=about("deadline", due=NOON + 60))
    assert late.due_at == NOON
    (held,) = wished(rule, of=about(claimed_by="ana", claim_until=NOON + 900))
    assert held.due_at == NOON + 900


def test_a_rule_is_shown_as_it_was_set() -> None:
    shown = Rule(("failure",), quiet=QuietHours.read("22:00-7:00")).to_json()
    assert (shown["about"], shown["quiet"]) == (["failure"], "22:00-07:00")
