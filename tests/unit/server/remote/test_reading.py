from __future__ import annotations

from typing import Any

from mahavishnu_tui.server.remote import reading
from mahavishnu_tui.server.remote.drawing import shape_of
from tests.unit.server.remote.world import BEGIN, I1, I2, asks, state, task

INBOX = {"action_request": {"action": "rm", "args": {}}, "config": {"allow_accept": True}}


def test_a_question_is_known_by_all_that_was_shown() -> None:
    (one,) = reading.questions(state(3, task("a", interrupts=asks(I1)), by="r"))
    assert (one.interrupt_id, one.node, one.value, one.checkpoint_id) == (I1, "a", "Ship?", "c3")
    others = [
        state(4, task("a", interrupts=asks(I1)), by="r"),
        state(3, task("b", interrupts=asks(I1)), by="r"),
        state(3, task("a", interrupts=asks(I1, "Sink?")), by="r"),
    ]
    assert len({one.hash, *(reading.questions(other)[0].hash for other in others)}) == 4
    assert reading.questions(state(3, task("a", interrupts=asks(I1)), by="r")) == [one]


def test_kinds_and_schemas() -> None:
    (one,) = reading.questions(state(0, task("a", interrupts=asks(I1, INBOX)), by="r"))
    assert one.kind == "agent_inbox"
    schema = {"type": "boolean"}
    typed = [{"id": I1, "value": "Go?", "response_schema": schema}]
    assert reading.questions(state(0, task("a", interrupts=typed), by="r"))[0].schema == schema


def test_a_question_of_a_subgraph_is_one_question() -> None:
    inner = state(5, task("ask", interrupts=asks(I1)), by="r")
    (one,) = reading.questions(state(1, task("sub", interrupts=asks(I1), state=inner), by="r"))
    assert (one.namespace, one.node, one.checkpoint_id) == ("sub", "ask", "c1")


def test_what_is_answered_is_not_asked() -> None:
    answered = state(0, task("a", interrupts=asks(I1), result=True), task("b", interrupts=asks(I2)), by="r")
    assert [question.node for question in reading.questions(answered)] == ["b"]


def test_a_stop_before_a_node_asks_whether_to_go_on() -> None:
    (one,) = reading.questions(state(2, task("ship"), by="r"))
    assert one.kind == "breakpoint"
    assert one.value["question"] == "Stopped before ship. Go on?"
    assert reading.questions(state(2, task("ship", error="boom"), by="r")) == []
    assert reading.questions(state(2, by="r")) == []


def test_checkpoints_say_what_changed() -> None:
    history = [
        state(2, by="r", values={"a": 1, "b": 3}),
        state(1, task("n", interrupts=asks(I1)), by="r", values={"a": 1, "b": 2}),
        state(0, task("m"), by="r", values={"a": 1}),
    ]
    found = reading.checkpoints(history, "T", newest=True)
    assert [item.changed for item in found] == [["b"], ["b"], ["a"]]
    assert [item.latest for item in found] == [True, False, False]
    assert (found[1].interrupts, found[1].next, found[1].parent_id) == (1, ["n"], "c0")
    assert reading.checkpoints(history[:1], "T", newest=False)[0].changed == []


def test_large_values_are_named_with_their_size() -> None:
    large = "x" * (1 << 20)
    view = reading.state_view(state(0, by="r", values={"small": 1, "large": large}), "T")
    assert view.truncated
    assert view.values["small"] == 1
    assert view.values["large"].startswith("(too large to show: ")
    assert reading.bounded([large])[1]


def test_times() -> None:
    assert reading.moment("2027-01-15T08:00:00") == reading.moment("2027-01-15T08:00:00+00:00") == BEGIN
    assert reading.moment(None) == 0.0


def node(*names: str) -> list[dict[str, Any]]:
    return [{"id": name} for name in names]


def edge(source: str, target: str, **rest: Any) -> dict[str, Any]:
    return {"source": source, "target": target, **rest}


def test_a_graph_is_folded_under_the_nodes_that_hold_others() -> None:
    outer = {
        "nodes": node("__start__", "a", "sub", "__end__"),
        "edges": [
            edge("__start__", "a"),
            edge("a", "sub", conditional=True, data="go"),
            edge("sub", "__end__"),
        ],
    }
    unfolded = {
        "nodes": node("__start__", "a", "sub:x", "sub:deep:y", "__end__"),
        "edges": [
            edge("a", "sub:x"),
            edge("sub:x", "sub:deep:y"),
            edge("sub:deep:y", "__end__"),
            edge("__start__", "a"),
        ],
    }
    shape = shape_of(outer, unfolded)
    assert [(item.id, item.kind) for item in shape.nodes] == [
        ("__start__", "start"),
        ("a", "node"),
        ("sub", "subgraph"),
        ("__end__", "end"),
    ]
    assert (shape.edges[1].conditional, shape.edges[1].label) == (True, "go")
    inner = shape.subgraphs["sub"]
    assert [item.id for item in inner.nodes] == ["__start__", "x", "deep", "__end__"]
    assert [(item.source, item.target) for item in inner.edges] == [
        ("__start__", "x"),
        ("x", "deep"),
        ("deep", "__end__"),
    ]
    assert [item.id for item in inner.subgraphs["deep"].nodes] == ["__start__", "y", "__end__"]
    assert shape_of(outer).subgraphs == {}
