from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.widgets.held import HeldRows
from mahavishnu_tui.widgets.rows import Cell, Row, is_blank, sort_value

keys = st.sampled_from("abcdefgh")
texts = st.sampled_from(["", "1s", "2m", "60s", "1m", "x", "X", "3 B"])
rows = st.builds(
    lambda key, text, toned: Row(key, (key, Cell(text, "error") if toned else text)),
    keys,
    texts,
    st.booleans(),
)
acts = st.one_of(
    st.tuples(st.just("put"), st.lists(rows, max_size=8)),
    st.tuples(st.just("update"), st.lists(rows, max_size=3)),
    st.tuples(st.just("sort"), st.sampled_from([None, (1, False), (1, True), (5, False)])),
)


@given(st.lists(acts, max_size=12))
def test_what_is_shown_is_what_was_given_in_its_order(done):
    held, model, by = HeldRows(), list[Row](), None
    for kind, what in done:
        before = list(held.shown)
        changed: list[int] | None = None
        if kind == "put":
            changed = held.put(what)
            model = list({row.key: row for row in what}.values())
        elif kind == "update":
            changed = held.update(what)
            last = {row.key: row for row in what}
            model = [last.get(row.key, row) for row in model]
        else:
            by = what
            held.sort(*(by or (None,)))
        wanted = model
        if by is not None:
            at, reverse = by
            full = [row for row in model if not is_blank(sort_value(row, at))]
            wanted = sorted(full, key=lambda row: sort_value(row, at), reverse=reverse)
            wanted += [row for row in model if is_blank(sort_value(row, at))]
        assert held.shown == wanted
        assert [held.position(row.key) for row in wanted] == list(range(len(wanted)))
        assert held.position("not there") is None
        if changed is not None:
            assert set(changed) == {i for i, row in enumerate(wanted) if row != before[i]}


def test_rows_that_are_the_same_objects_are_not_compared():
    class Loud(Row):
        def __eq__(self, other):
            raise AssertionError("compared")

        __hash__ = None  # type: ignore[assignment]

    many = [Loud(str(number), ("x",)) for number in range(100)]
    held = HeldRows()
    held.put(many)
    assert held.put(list(many)) == []
