"""Times, spans, parameters and rules as they are typed."""

from __future__ import annotations

import contextlib
import datetime
import zoneinfo

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.cli.prefect.parameters import read_pairs, read_parameters
from mahavishnu_tui.cli.prefect.rules import RuleWords, changed_rule, read_rule
from mahavishnu_tui.models.errors import MahavishnuError
from mahavishnu_tui.models.moments import read_moment
from mahavishnu_tui.models.schedule import ScheduleRule
from mahavishnu_tui.models.spans import read_span

PARIS = zoneinfo.ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("1.5", 1.5), ("10m", 600), ("1h30m", 5400), ("2d", 172800), ("1 w", 604800), ("1H", 3600)],
)
def test_spans(text: str, seconds: float) -> None:
    assert read_span(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "10x", "-5m", "1h 30", "1e3", "ten"])
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(MahavishnuError, match="no length of time"):
        read_span(text)


def test_moments() -> None:
    assert (
        read_moment("2026-11-29T02:00+01:00")
        == datetime.datetime(2026, 11, 29, 1, tzinfo=datetime.UTC).timestamp()
    )
    assert read_moment("2026-11-29T02:00", PARIS) == read_moment("2026-11-29T02:00+01:00")
    assert read_moment("2026-11-29") == datetime.datetime(2026, 11, 29).timestamp()
    assert read_moment("+10m", now=1000.0) == 1600.0
    assert read_moment("-1h", now=10000.0) == 6400.0


@given(st.text())
def test_any_text_is_a_time_or_a_sentence(text: str) -> None:
    for read in (read_moment, read_span):
        with contextlib.suppress(MahavishnuError):
            assert isinstance(read(text), float)


def test_single_parameters_go_over_those_of_the_object_and_these_over_the_file(tmp_path: object) -> None:
    file = f"{tmp_path}/p.json"
    with open(file, "w") as stream:
        stream.write('{"a": 1, "b": 1, "c": 1}')
    found = read_parameters(
        file, '{"b": 2, "c": 2}', ["c=3", 'd={"x": [1]}', "e=plain", "f=a=b", "g=true", "h="]
    )
    assert found == {"a": 1, "b": 2, "c": 3, "d": {"x": [1]}, "e": "plain", "f": "a=b", "g": True, "h": ""}
    assert read_parameters(None, None, []) is None
    assert read_parameters(None, "{}", []) == {}


@pytest.mark.parametrize(
    ("params", "pairs", "said"),
    [
        ("[1]", [], "a list"),
        ("3", [], "a number"),
        ("{", [], "not JSON"),
        (None, ["x"], "not NAME=VALUE"),
        (None, ["=1"], "not NAME"),
    ],
)
def test_what_are_no_parameters(params: str | None, pairs: list[str], said: str) -> None:
    with pytest.raises(MahavishnuError, match=said):
        read_parameters(None, params, pairs)


@given(
    st.dictionaries(
        st.text(min_size=1).filter(lambda name: "=" not in name and name.strip() == name), st.text()
    )
)
def test_no_value_of_a_parameter_is_refused(pairs: dict[str, str]) -> None:
    assert set(read_pairs([f"{name}={value}" for name, value in pairs.items()], "--param")) == set(pairs)


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (RuleWords(cron=" 0 2 * * * "), ScheduleRule("cron", cron="0 2 * * *")),
        (RuleWords(cron="0 2 1 * 1", day_and=True), ScheduleRule("cron", cron="0 2 1 * 1", day_or=False)),
        (
            RuleWords(interval="1h30m", timezone="Europe/Paris"),
            ScheduleRule("interval", interval=5400, timezone="Europe/Paris"),
        ),
        (RuleWords(kind="cron", expression="@daily"), ScheduleRule("cron", cron="@daily")),
        (
            RuleWords(rrule="DTSTART:20261129T000000\\nRRULE:FREQ=DAILY"),
            ScheduleRule("rrule", rrule="DTSTART:20261129T000000\nRRULE:FREQ=DAILY"),
        ),
        (
            RuleWords(at="2026-11-29T02:00", timezone="Europe/Paris"),
            ScheduleRule("once", at=read_moment("2026-11-29T02:00+01:00"), timezone="Europe/Paris"),
        ),
    ],
)
def test_rules(words: RuleWords, rule: ScheduleRule) -> None:
    assert read_rule(words) == rule


def test_an_anchor_is_a_time_in_the_rules_zone() -> None:
    rule = read_rule(RuleWords(interval="1d", anchor="2026-11-29T02:00", timezone="Europe/Paris"))
    assert rule.anchor == "2026-11-29T02:00:00+01:00"


@pytest.mark.parametrize(
    "words",
    [
        RuleWords(),
        RuleWords(cron="x", interval="1m"),
        RuleWords(kind="cron"),
        RuleWords(expression="x"),
        RuleWords(kind="cron", expression="x", cron="x"),
        RuleWords(cron="x", anchor="2026-11-29"),
        RuleWords(interval="1m", day_and=True),
    ],
)
def test_what_is_no_rule(words: RuleWords) -> None:
    with pytest.raises(click.UsageError):
        read_rule(words)


@pytest.mark.parametrize("zone", ["Mars/Base", "../../etc/passwd", "\0", "x" * 500])
def test_what_is_no_zone(zone: str) -> None:
    with pytest.raises(MahavishnuError, match="no time zone"):
        read_rule(RuleWords(cron="0 2 * * *", timezone=zone))


def test_a_changed_rule_keeps_what_is_not_said() -> None:
    before = ScheduleRule("cron", cron="0 2 * * *", timezone="Europe/Paris")
    assert changed_rule(RuleWords(), before) is None
    assert changed_rule(RuleWords(cron="0 3 * * *"), before) == before.replace(cron="0 3 * * *")
    assert changed_rule(RuleWords(timezone="UTC"), before) == before.replace(timezone="UTC")
    assert changed_rule(RuleWords(day_and=True), before) == before.replace(day_or=False)
    assert changed_rule(RuleWords(interval="5m"), before) == ScheduleRule(
        "interval", interval=300, timezone="Europe/Paris"
    )
    with pytest.raises(click.UsageError, match="does not fit"):
        changed_rule(RuleWords(anchor="2026-11-29"), before)
