from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.engines.langgraph.loops import find_loop, shortest_loop
from mahavishnu_tui.models import NodeVisit


def visit(number: int, node: str, step: int, namespace: str = "") -> NodeVisit:
    return NodeVisit("r", number, node, f"t{number}", step, float(number), namespace=namespace)


def test_the_loop_is_shown_as_it_is_walked() -> None:
    visits = [visit(1, "plan", 0)]
    for turn in range(12):
        visits += [visit(0, "act", 2 * turn + 1), visit(0, "check", 2 * turn + 2)]
    assert str(find_loop(visits)) == "act → check → act ×12"


def test_nodes_side_by_side_are_one_step_and_a_loop_inside_a_subgraph_is_found() -> None:
    visits = [visit(0, name, turn) for turn in range(4) for name in ("b", "a")]
    assert str(find_loop(visits)) == "a + b → a + b ×4"
    inner = [visit(1, "outer", 1), *(visit(0, "try", turn, "outer") for turn in range(9))]
    assert str(find_loop(inner)) == "outer/try → outer/try ×9"


def test_what_does_not_repeat_is_no_loop() -> None:
    assert find_loop([]) is None
    assert find_loop([visit(n, f"n{n}", n) for n in range(50)]) is None


@given(
    st.lists(st.sampled_from("xyz"), max_size=5),
    st.lists(st.sampled_from("ab"), min_size=1, max_size=4),
    st.integers(2, 9),
)
def test_a_loop_at_the_end_is_found_whatever_came_before(
    before: list[str], body: list[str], times: int
) -> None:
    found = shortest_loop(before + body * times)
    assert found is not None
    assert (found.steps * found.times) == (before + body * times)[-len(found.steps) * found.times :]
    assert len(found.steps) <= len(body)
