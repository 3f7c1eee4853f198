"""The grammar of `/`."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.filtering import NO_FILTER, filter_options, parse_filter, quoted, several

ATTRIBUTES = frozenset({"state", "run", "workflow", "where"})
ROW = {
    "text": "waiting interrupted brisk-heron release approve",
    "state": several("waiting", "interrupted"),
    "run": several("brisk-heron", "run-0019", ""),
    "workflow": "release",
    "where": "approve",
    "age": "7200",
}


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("", True),
        ("heron", True),
        ("HERON", True),
        ("^waiting.*approve$", True),
        ("otter", False),
        ("!otter", True),
        ("!heron", False),
        ("state:waiting", True),
        ("status:waiting", True),
        ("state:running,waiting", True),
        ("state:running", False),
        ("!state:running", True),
        ("state:", True),
        ("workflow:rel run:brisk", True),
        ("workflow:rel run:calm", False),
        ("node:approve", True),
        ("age:>1h", True),
        ("age:<1h", False),
        ("age:<0.5d", True),
        ("http://x", False),
        ('"release approve"', True),
        ('"unclosed', False),
        ('"release appr', True),
        (r"run:run-\d+$", True),
        ("run:^brisk-heron$", True),
        ("run:^run-0019$", True),
        ("run:^brisk$", False),
        ("run:^brisk.*0019$", False),
        ("run:^$", False),
        ("!run:^brisk-heron$", False),
        ("state:^interrupted$", True),
        (r"run:run-\d{5}", False),
        (r'!"release\s+reject"', True),
        (r"\[bold", False),
        ("don't", False),
    ],
)
def test_what_passes(text: str, passes: bool) -> None:
    assert parse_filter(text, ATTRIBUTES).matches(ROW) is passes


@given(st.text(max_size=20).filter(lambda text: not text.endswith("\\")))
def test_a_quoted_term_is_one_word(term: str) -> None:
    text = quoted(f"run:{term}")
    with contextlib.suppress(MahavishnuError):
        assert len(parse_filter(text, ATTRIBUTES).terms) == 1


def test_an_empty_filter_is_none() -> None:
    assert not NO_FILTER
    assert not parse_filter("   ", ATTRIBUTES)
    assert parse_filter("x", ATTRIBUTES)


@pytest.mark.parametrize("text", ["a(", "!a(", "state:[", "age:soon", "age:<3"])
def test_nonsense_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(MahavishnuError) as caught:
        parse_filter(text, ATTRIBUTES)
    assert caught.value.code is ErrorCode.BAD_INPUT
    assert caught.value.hint


@given(st.text(max_size=40))
def test_any_text_filters_or_says_why_not(text: str) -> None:
    with contextlib.suppress(MahavishnuError):
        assert parse_filter(text, ATTRIBUTES).matches(ROW) in (True, False)


@given(st.sampled_from(["heron", "otter", "state:waiting", "age:>1h"]))
def test_the_inverse_is_the_inverse(text: str) -> None:
    plain = parse_filter(text, ATTRIBUTES).matches(ROW)
    assert parse_filter(f"!{text}", ATTRIBUTES).matches(ROW) is not plain


@pytest.mark.parametrize(
    "text",
    ["(a+)+$", "(a|a)*b", "(?:a?a?)+x", r"(\w+\s?)*$", "(.*a){12}", ".*.*.*.*x", r"'(a)\1'", "(?P<n>a+)+b"],
)
def test_expressions_that_may_never_end_are_refused(text: str) -> None:
    with pytest.raises(MahavishnuError, match="for ever") as refused:
        parse_filter(text, frozenset())
    assert refused.value.code is ErrorCode.BAD_INPUT


@pytest.mark.parametrize(
    "text", [r"\d+\.\d+\.\d+\.\d+", "etl.*2026", "(etl|ingest)-.*", "[a-z]+-[0-9]{4}", "(?i:nightly)", "a{2}"]
)
def test_ordinary_expressions_are_taken(text: str) -> None:
    assert parse_filter(text, frozenset())


@given(st.text(alphabet="ab()|*+?{}[].,2\\", max_size=12), st.text(alphabet="ab", max_size=40))
@settings(deadline=None)
def test_whatever_is_taken_ends(text: str, row: str) -> None:
    try:
        found = parse_filter(text, frozenset())
    except MahavishnuError:
        return
    found.matches({"text": row + "c"})


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("", ["state:", "run:"]),
        ("deploy st", ["deploy state:"]),
        ("!st", ["!state:"]),
        ("status:fa", ["status:failed"]),
        ("state:done,", ["state:done,done", "state:done,failed"]),
        ("run:x", []),
        ("nothing", []),
    ],
)
def test_a_filter_may_become(line: str, options: list[str]) -> None:
    assert filter_options(line, {"state": ("done", "failed"), "run": ()}) == options


@pytest.mark.parametrize(
    "text", ["heron", "state:failed", "status:failed", "age:<1d", "http://x", "12:30", "!state:x", "a:b"]
)
def test_texts_and_attributes_are_not_doubted(text: str) -> None:
    assert parse_filter(text, ATTRIBUTES).doubt == ""


@pytest.mark.parametrize("text", ["owner:me", "heron !owner:me", "state:failed owner:"])
def test_an_attribute_that_the_view_does_not_have_is_text_and_said_to_be(text: str) -> None:
    found = parse_filter(text, ATTRIBUTES)
    assert found.doubt == "owner: is taken as text; attributes here: age, run, state, where, workflow"
    assert found.nothing("0 of 3").startswith("0 of 3 match; esc clears the filter. owner: is taken as text")
