"""Rules for schedules: what is refused, in which words, and what goes to Prefect."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.engines.prefect.schedules import (
    check_rule,
    check_timezone,
    conflicts,
    estimate,
    from_prefect,
    scheduled_state,
    to_prefect,
)
from mahavishnu_tui.models import ErrorCode, ScheduleRule

NOW = 1_790_000_000.0
"""2026-09-21 14:13:20 UTC"""


def cron(text: str, **more: object) -> ScheduleRule:
    return ScheduleRule("cron", cron=text, **more)  # type: ignore[arg-type]


def rrule(text: str, **more: object) -> ScheduleRule:
    return ScheduleRule("rrule", rrule=text, **more)  # type: ignore[arg-type]


GOOD = [
    cron("30 2 * * 1-5", timezone="Europe/Paris"),
    cron("*/5 * * * * */10"),
    cron("0 0 L * *"),
    cron("0 0 * * 5#2"),
    cron("0 0 * * L5"),
    cron("@daily"),
    cron("0 0 29 2 *"),
    cron("0 0 * jan-mar mon,wed", day_or=False),
    ScheduleRule("interval", interval=1),
    ScheduleRule("interval", interval=366 * 86400, anchor="2026-01-01T00:00:00Z"),
    rrule("FREQ=DAILY"),
    rrule("RRULE:FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=9"),
    rrule("DTSTART:20260101T000000\nRRULE:FREQ=SECONDLY;INTERVAL=30;COUNT=100000000"),
    rrule("FREQ=MINUTELY"),
    rrule("FREQ=DAILY;BYSETPOS=1;BYHOUR=1,2"),
    rrule("RRULE:FREQ=DAILY\nEXRULE:FREQ=WEEKLY;BYDAY=SU\nRDATE:20270101T000000\nEXDATE:20270102T000000"),
    rrule("FREQ=DAILY;COUNT=10000"),
    ScheduleRule("once", at=NOW + 10),
]


@pytest.mark.parametrize("rule", GOOD, ids=lambda rule: rule.text[:40])
def test_rules_that_prefect_takes(rule: ScheduleRule) -> None:
    check_rule(rule, NOW)
    if rule.kind == "once":
        with pytest.raises(ValueError, match="run"):
            to_prefect(rule)
        return
    sent = to_prefect(rule)
    assert to_prefect(from_prefect(sent)) == sent


BAD = [
    (cron(""), "cron: it has 0 characters"),
    (cron("* " * 300), "characters"),
    (cron("* * * *"), "has 4 fields"),
    (cron("* * * * * * * *"), "has 8 fields"),
    (cron("R * * * *"), "random or hashed"),
    (cron("* h(0-5) * * *"), "random or hashed"),
    (cron("@random"), "random or hashed"),
    (cron("0 0 1W * *"), "has a W"),
    (cron("61 * * * *"), "is no cron rule"),
    (cron("a b c d e"), "is no cron rule"),
    (cron("@every 5m"), "is no cron rule"),
    (cron("*/0 * * * *"), "is no cron rule"),
    (cron("\x1b[31m * * * * *"), "\ufffd"),
    (cron("0 0 30 2 *"), "never comes true"),
    (cron("0 0 1 1 * 0 2020"), "never comes true"),
    (cron("@daily", timezone="Europe/Pariss"), "timezone: there is no time zone 'Europe/Pariss'"),
    (cron("@daily", timezone=""), "timezone"),
    (ScheduleRule("interval", interval=0), "interval: 0 s is not between"),
    (ScheduleRule("interval", interval=float("nan")), "interval"),
    (ScheduleRule("interval", interval=400 * 86400), "interval"),
    (ScheduleRule("interval", interval=60, anchor="soon"), "anchor: 'soon' is no time"),
    (rrule(""), "rrule: it has 0 characters"),
    (rrule("FREQ=DAILY;X=" + "1" * 6500), "characters"),
    (rrule("every day"), "is no recurrence rule"),
    (rrule("FREQ=DAILY;INTERVAL=0"), "INTERVAL must be at least 1"),
    (rrule("FREQ=DAILY;UNTIL=20300101T000000Z"), "is no recurrence rule"),
    (rrule("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), "no month has that day"),
    (rrule("FREQ=SECONDLY;BYMONTH=4,6;BYMONTHDAY=-31"), "no month has that day"),
    (rrule("FREQ=MONTHLY;BYDAY=6MO"), "no month has that day"),
    (rrule("FREQ=DAILY;COUNT=10"), "COUNT is counted from 2020-01-01"),
    (rrule("FREQ=DAILY;UNTIL=20260101T000000"), "it has ended"),
    (rrule("DTSTART:20000101T000000\nRRULE:FREQ=SECONDLY"), "the server would count"),
    (ScheduleRule("once"), "at: a moment is needed"),
    (ScheduleRule("once", at=NOW - 3600), "at: 2026-09-21 13:13:20 UTC is past"),
    (ScheduleRule("often"), "kind: 'often'"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("rule", "words"), BAD, ids=lambda item: str(item)[:50])
def test_rules_that_would_never_start_a_run(rule: ScheduleRule, words: str) -> None:
    with pytest.raises(AdapterError, match="MHV-404") as caught:
        check_rule(rule, NOW)
    assert words in caught.value.message
    assert caught.value.message.startswith(f"{caught.value.details['field']}: ")
    assert caught.value.hint


def test_a_time_zone_that_was_meant() -> None:
    with pytest.raises(AdapterError, match="Perhaps Europe/Paris"):
        check_timezone("Europe/Pariss")
    with pytest.raises(AdapterError, match="As in"):
        check_timezone("\x00" * 50)


def test_rules_that_cannot_be_reckoned_say_so() -> None:
    endless = "DTSTART:20260101T000000\nRRULE:FREQ=SECONDLY;COUNT=100000000"
    for text in ("FREQ=DAILY;BYSETPOS=1;BYHOUR=1,2", endless):
        with pytest.raises(ValueError, match="not reckoned"):
            estimate(rrule(text), 1, NOW)


def test_intervals_without_an_anchor_begin_now() -> None:
    assert estimate(ScheduleRule("interval", interval=60), 3, NOW) == [NOW, NOW + 60, NOW + 120]
    assert estimate(ScheduleRule("once", at=NOW), 3, NOW) == [NOW]
    assert estimate(ScheduleRule("once", at=NOW), 3, NOW + 1) == []


def test_conflicts_are_told() -> None:
    nightly = cron("0 2 * * *")
    others = [
        ("a", cron("0  2 * * *")),
        ("b", cron("0 */2 * * *")),
        ("c", cron("30 2 * * *")),
        ("d", cron("0 2 * * *", timezone="Asia/Tokyo")),
        ("e", ScheduleRule("interval", interval=86400, anchor="2026-01-01T02:00:00Z")),
        ("f", rrule("FREQ=DAILY;BYSETPOS=1;BYHOUR=2,3")),
        ("g", ScheduleRule("once", at=1790042400.0)),
    ]
    found = conflicts(nightly, others, NOW)
    assert [sentence.split(" ")[2] for sentence in found] == ["a", "b", "e", "g"]
    assert found[0] == "The schedule a (0  2 * * *) has the same rule already."
    assert "first 2026-09-22 02:00:00 UTC" in found[1]
    assert " once soon" in found[3]
    assert conflicts(others[5][1], others[1:5], NOW) == []


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        (
            "FREQ=HOURLY;INTERVAL=2;BYHOUR=2,14",
            "DTSTART:20200101T000000\nRRULE:FREQ=HOURLY;INTERVAL=2;BYHOUR=2,14",
        ),
        ("RRULE:FREQ=MINUTELY;INTERVAL=7", "DTSTART:20260921T160900\nRRULE:FREQ=MINUTELY;INTERVAL=7"),
        ("FREQ=MINUTELY", "FREQ=MINUTELY"),
        ("FREQ=WEEKLY;INTERVAL=2", "FREQ=WEEKLY;INTERVAL=2"),
    ],
)
def test_rules_get_the_start_that_prefect_would_give_them(text: str, sent: str) -> None:
    """Without one, Prefect's check of them would depend on the hour in which it is made."""
    assert to_prefect(rrule(text, timezone="Europe/Paris"), NOW)["rrule"] == sent


def test_odd_schedules_of_servers_are_read() -> None:
    assert from_prefect({"interval": "PT1H"}).interval == 0.0
    assert from_prefect({}).kind == "interval"
    assert scheduled_state(0.0)["state_details"]["scheduled_time"] == "1970-01-01T00:00:00+00:00"


def passes(rule: ScheduleRule) -> bool:
    """Whether a rule is taken; if not, it is refused in our words."""
    try:
        check_rule(rule, NOW)
    except AdapterError as error:
        return error.code is not ErrorCode.PREFECT_SCHEDULE_INVALID
    return True


field = st.text(alphabet="0123456789*/,-LRHW#?abc ", max_size=12)


@given(st.lists(field, min_size=0, max_size=8))
def test_no_cron_text_breaks_the_check(fields: list[str]) -> None:
    rule = cron(" ".join(fields))
    assert not passes(rule) or estimate(rule, 1, NOW)


@given(st.text(alphabet="FREQDAILYCOUNTBYMH=;:0123456789-+,\n", max_size=60))
def test_no_rrule_text_breaks_the_check(text: str) -> None:
    for rule in (rrule(text), rrule("FREQ=DAILY;" + text)):
        passes(rule)
