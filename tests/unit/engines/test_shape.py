from __future__ import annotations

import typing
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langgraph.func import entrypoint
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command
from typing_extensions import TypedDict

from mahavishnu_tui.engines.langgraph.schemas import input_schema
from mahavishnu_tui.engines.langgraph.shape import END as END_ID
from mahavishnu_tui.engines.langgraph.shape import graph_hash, graph_shape, subgraph_of
from mahavishnu_tui.models import GraphShape


class State(TypedDict, total=False):
    n: int


def passing(state: State) -> State:
    return {}


def builder(*names: str) -> StateGraph[Any]:
    graph: StateGraph[Any] = StateGraph(State)
    for name in names:
        graph.add_node(name, passing)
    return graph


def edges(shape: GraphShape) -> list[tuple[str, str, bool, str]]:
    return [(edge.source, edge.target, edge.conditional, edge.label) for edge in shape.edges]


def test_edges_joins_labels_and_no_false_end() -> None:
    graph = builder("a", "b", "c", "d")
    graph.add_edge(START, "a")
    graph.add_conditional_edges("a", lambda state: "yes", {"yes": "b", "no": "c"})
    graph.add_edge(["b", "c"], "d")
    graph.add_conditional_edges("d", lambda state: "b")  # nobody can know where this leads
    shape = graph_shape(graph.compile())
    assert edges(shape) == [
        ("__start__", "a", False, ""),
        ("a", "b", True, "yes"),
        ("a", "c", True, "no"),
        ("b", "d", False, ""),
        ("c", "d", False, ""),
    ]
    assert [node.id for node in shape.nodes] == ["__start__", "a", "b", "c", "d"]


def test_literals_commands_and_error_handlers() -> None:
    def route(state: State) -> Literal["b", "__end__"]:
        return "b"

    def goto(state: State) -> Command[Literal["a", "__end__"]]:
        return Command(goto="a")

    graph = builder("a")
    graph.add_node("b", goto, error_handler=passing)
    graph.add_edge(START, "a")
    graph.add_conditional_edges("a", route)
    assert set(edges(graph_shape(graph.compile()))) == {
        ("__start__", "a", False, ""),
        ("a", "b", True, ""),
        ("a", END_ID, True, ""),
        ("b", "a", True, ""),
        ("b", END_ID, True, ""),
        ("b", "__error_handler__b", True, "on error"),
    }


def test_breakpoints_defer_and_folded_subgraphs() -> None:
    inner = builder("x")
    inner.add_edge(START, "x")
    compiled = inner.compile()
    graph = builder("a")
    graph.add_node("sub", compiled)
    graph.add_node("calls", lambda state: compiled.invoke(state))
    graph.add_node("late", passing, defer=True)
    for source, target in ((START, "a"), ("a", "sub"), ("sub", "calls"), ("calls", "late"), ("late", END)):
        graph.add_edge(source, target)
    shape = graph_shape(graph.compile(interrupt_before=["sub"], interrupt_after=["a"]))
    by_id = {node.id: node for node in shape.nodes}
    assert by_id["sub"].kind == "subgraph"
    assert by_id["calls"].kind == "subgraph"
    assert (by_id["sub"].breakpoint, by_id["a"].breakpoint, by_id["late"].breakpoint) == (
        "before",
        "after",
        "",
    )
    assert by_id["late"].defer
    assert [node.id for node in shape.subgraphs["sub"].nodes] == ["__start__", "x"]
    everywhere = graph_shape(graph.compile(interrupt_before="*"))
    assert all(node.breakpoint == "before" for node in everywhere.nodes if node.kind in ("node", "subgraph"))
    assert GraphShape.from_json(shape.to_json()) == shape


def test_a_graph_that_calls_itself_is_drawn_once() -> None:
    graph = builder()
    holder: dict[str, Any] = {}

    def again(state: State) -> State:
        return holder["self"].invoke(state)  # type: ignore[no-any-return]

    graph.add_node("again", again)
    graph.add_edge(START, "again")
    compiled = graph.compile()
    compiled.nodes["again"].subgraphs = [compiled]
    shape = graph_shape(compiled)
    assert shape.subgraphs == {}
    assert subgraph_of(compiled, "again") is compiled


@given(st.integers(min_value=1, max_value=600))
@settings(max_examples=8, deadline=None)
def test_a_line_of_any_length_keeps_its_edges(length: int) -> None:
    graph = builder(*(f"n{i}" for i in range(length)))
    graph.add_edge(START, "n0")
    for i in range(length - 1):
        graph.add_edge(f"n{i}", f"n{i + 1}")
    shape = graph_shape(graph.compile())
    assert len(shape.edges) == length


def test_the_hash_follows_the_shape() -> None:
    graph = builder("a", "b")
    graph.add_edge(START, "a")
    before = graph_hash(graph_shape(graph.compile()))
    assert before == graph_hash(graph_shape(graph.compile()))
    graph.add_edge("a", "b")
    assert graph_hash(graph_shape(graph.compile())) != before


def test_the_functional_api_is_drawn_as_far_as_known() -> None:
    @entrypoint()
    def flow(n: int) -> int:
        return n

    shape = graph_shape(flow)
    assert "flow" in [node.id for node in shape.nodes]
    assert input_schema(flow) is not None


def test_schemas_fall_back_to_hints() -> None:
    class Old(typing.TypedDict):  # pydantic refuses this one before Python 3.12
        n: int
        anything: Any
        names: list[str]

    graph: StateGraph[Any] = StateGraph(Old)
    graph.add_node("a", lambda state: {})
    graph.add_edge(START, "a")
    schema = input_schema(graph.compile())
    assert schema is not None
    assert schema["properties"]["n"]["type"] == "integer"
    assert schema["properties"]["names"]["type"] == "array"


def test_a_schema_that_cannot_be_made_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = builder("a")
    graph.add_edge(START, "a")
    compiled = graph.compile()
    monkeypatch.setattr(type(compiled), "get_input_jsonschema", lambda self: 1 / 0)
    assert input_schema(compiled) == {
        "type": "object",
        "title": "State",
        "properties": {"n": {"type": "integer"}},
    }
    compiled.builder.input_schema = dict
    assert input_schema(compiled) is None
