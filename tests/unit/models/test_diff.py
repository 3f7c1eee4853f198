"""Differences between states: enough to make one from the other, and no more than differs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.models.diff import Change, StateDiff, apply, bounded, diff, path_text, same, summarise

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=2), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, JSON)
def test_the_changes_make_the_second_value_from_the_first(before: Any, after: Any) -> None:
    assert same(apply(diff(before, after), before), after)


@given(JSON)
def test_nothing_differs_from_itself(value: Any) -> None:
    assert diff(value, value) == []


@given(st.lists(st.integers(0, 5), max_size=8), st.integers(0, 8), st.integers(10, 12))
def test_one_new_element_is_one_change(items: list[int], place: int, new: int) -> None:
    after = [*items]
    after.insert(place, new)
    (change,) = diff(items, after)
    assert (change.kind, change.after) == ("added", new)


def test_long_lists_are_compared_place_by_place() -> None:
    before = [{"n": number} for number in range(1000)]
    after = [{"n": number + 1} for number in range(1001)]
    changes = diff(before, after)
    assert same(apply(changes, before), after)
    assert changes[0] == Change([0, "n"], "changed", 0, 1)


def test_true_is_not_one() -> None:
    assert diff({"a": 1}, {"a": True}) == [Change(["a"], "changed", 1, True)]


def test_a_summary_counts_all_and_lists_so_many() -> None:
    found = summarise({"same": 1, "gone": 2}, {"same": 1, "list": list(range(3)), "big": "x" * 5000})
    assert (found.added, found.removed, found.changed, found.equal) == (2, 1, 0, 1)
    assert found.total == 3
    assert not found.truncated
    many = summarise([], list(range(3000)))
    assert (len(many.changes), many.added, many.truncated) == (2000, 3000, True)
    assert StateDiff.from_json(many.to_json()).listed[0].kind == "added"


@pytest.mark.parametrize("value", ["x" * 9000, list(range(5000)), {str(n): n for n in range(5000)}])
def test_long_values_are_described(value: Any) -> None:
    assert len(str(bounded(value))) < 2200


def test_paths_read_like_code() -> None:
    assert path_text(["messages", 3, "content"]) == "messages[3].content"
    assert path_text(["a b", "c"]) == '["a b"].c'
    assert path_text([]) == "."
