from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.models import NodeVisit
from mahavishnu_tui.server.remote import reading
from mahavishnu_tui.server.remote.drawing import shape_of
from mahavishnu_tui.server.remote.visits import visits
from tests.unit.server.remote.world import BEGIN, I1, I2, asks, part, state, task


def told(found: list[NodeVisit]) -> list[tuple[str, str]]:
    return [(visit.path, visit.outcome) for visit in found]


def test_each_step_begins_with_its_checkpoint_and_ends_with_the_next() -> None:
    history = [
        state(2, by="r"),
        state(1, task("b", result=True), by="r", second=4),
        state(0, task("a", result=True), by="r"),
    ]
    first, second = visits("R", [part("r", given={})], history)
    assert told([first, second]) == [("a", "success"), ("b", "success")]
    assert (first.started_at, first.ended_at) == (BEGIN, BEGIN + 4)
    assert (first.number, second.number, first.step, second.step) == (1, 2, 0, 1)


def test_a_run_at_work_has_open_visits_and_finished_siblings() -> None:
    parts = [part("r", status="running", given={})]
    history = [state(0, task("a", result=True), task("b"), by="r")]
    assert told(visits("R", parts, history)) == [("a", "success"), ("b", "running")]


def test_the_first_task_of_langgraph_itself_is_no_visit() -> None:
    assert visits("R", [part("r")], [state(0, task("__start__", result=True), by="r", source="input")]) == []


def test_an_answered_node_is_visited_twice() -> None:
    parts = [part("r", given={}), part("s", 10, resume={I1: "yes"})]
    asked = task("a", interrupts=asks(I1), result=True)
    history = [state(0, asked, by="r"), state(1, by="s", second=12)]
    first, second = visits("R", parts, history)
    assert told([first, second]) == [("a", "interrupted"), ("a", "success")]
    assert (first.lease, second.lease) == (1, 2)
    assert second.started_at == BEGIN + 10
    assert second.ended_at == BEGIN + 12


def test_answers_one_at_a_time() -> None:
    left, right = task("l", interrupts=asks(I1), result=True), task("r", interrupts=asks(I2))
    parts = [part("p", given={}), part("q", 10, resume={I1: 1})]
    assert told(visits("R", parts, [state(0, left, right, by="p")])) == [
        ("l", "interrupted"),
        ("r", "interrupted"),
        ("l", "success"),
        ("r", "interrupted"),
    ]
    parts.append(part("s", 20, "running", resume={I2: 2}))
    assert told(visits("R", parts, [state(0, left, right, by="p")]))[4:] == [("r", "running")]
    parts[-1] = part("s", 20, resume={I2: 2})
    right["result"] = True
    history = [state(0, left, right, by="p"), state(1, by="s", second=22)]
    assert told(visits("R", parts, history))[4:] == [("r", "success")]


def test_one_answer_for_whatever_is_asked() -> None:
    parts = [part("p", given={}), part("q", 10, resume={"approved": True})]
    history = [state(0, task("a", interrupts=asks(I1), result=True), by="p"), state(1, by="q", second=11)]
    assert told(visits("R", parts, history)) == [("a", "interrupted"), ("a", "success")]


def test_a_failure_and_its_retry() -> None:
    parts = [part("p", status="error", given={}), part("q", 10)]
    failed = task("a", error="ValueError('x')", result=True)
    found = visits("R", parts, [state(0, failed, by="p"), state(1, by="q", second=11)])
    assert told(found) == [("a", "error"), ("a", "success")]
    assert found[0].error == "ValueError('x')"
    assert found[0].ended_at == BEGIN + 1


def test_what_was_cut_off() -> None:
    parts = [part("p", status="interrupted", given={})]
    assert told(visits("R", parts, [state(0, task("a"), by="p")])) == [("a", "cancelled")]
    parts.append(part("q", 10))
    history = [state(0, task("a", result=True), by="p"), state(1, by="q", second=11)]
    assert told(visits("R", parts, history)) == [("a", "cancelled"), ("a", "success")]


def test_nodes_behind_a_breakpoint_have_not_begun() -> None:
    assert visits("R", [part("p", given={})], [state(0, task("a"), by="p")]) == []


def test_a_fork_walks_its_own_way_from_the_old_checkpoint() -> None:
    parts = [part("p", given={}), part("q", 10)]
    history = [
        state(0, task("a", result=True), by="p"),
        state(1, task("b", result=True), by="p"),
        state(2, by="p"),
        state(3, task("b", "other", result=True), by="q", second=11, parent="c1", source="fork"),
        state(4, by="q", second=12),
    ]
    found = visits("R", parts, history)
    assert told(found) == [("a", "success"), ("b", "success"), ("b", "success")]
    assert [visit.lease for visit in found] == [1, 1, 2]


def test_a_later_run_of_the_thread_is_not_ours() -> None:
    history = [
        state(0, task("a", result=True), by="p"),
        state(1, by="p"),
        state(2, task("z", result=True), by="other", source="input", second=30),
    ]
    assert told(visits("R", [part("p", given={})], history, newest=False)) == [("a", "success")]


def test_send_branches() -> None:
    sent = [task("w", f"t{n}", result=True, path=["__pregel_push", n, False]) for n in (0, 1)]
    found = visits("R", [part("p", given={})], [state(0, *sent, by="p"), state(1, by="p")])
    assert [visit.branch for visit in found] == ["send:0", "send:1"]


def test_what_is_inside_of_a_node_has_its_path() -> None:
    (visit,) = visits("R", [part("p", status="running")], [state(0, task("a"), by="p")], namespace="in/ner")
    assert visit.path == "in/ner/a"


WORDS = """tasks interrupts id name path state result error metadata run_id step source checkpoint
checkpoint_id parent_checkpoint created_at value next values nodes edges target data kwargs input command"""
_names = st.sampled_from(WORDS.split())
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=5),
    max_leaves=25,
)
states = st.lists(st.dictionaries(_names, json, max_size=8), max_size=4)


@given(states)
def test_nothing_that_a_server_says_breaks_the_reading(found: list[dict[str, Any]]) -> None:
    parts = [part("p", status="running", given={})]
    for visit in visits("R", parts, found):
        NodeVisit.from_json(visit.to_json())
    for one in found:
        reading.questions(one)
        reading.state_view(one, "T")
        reading.part_of({"run_id": "x", **one})
        shape_of(one, one).to_json()
    reading.checkpoints(found, "T", newest=True)
