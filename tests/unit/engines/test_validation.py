"""What can be told of a graph before it runs."""

from __future__ import annotations

import functools
import operator
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langgraph.func import entrypoint
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command
from pydantic import BaseModel
from typing_extensions import TypedDict

from mahavishnu_tui.engines.langgraph.validation import validate
from mahavishnu_tui.models.finding import Finding


class State(TypedDict, total=False):
    n: int
    log: Annotated[list[str], operator.add]


class Branch(TypedDict):
    item: int


def branch(state: Branch) -> dict[str, Any]:
    return {"log": ["a"], "n": 1}


def count(state: State) -> dict[str, Any]:
    return {"n": state.get("n", 0) + 1}


def note(state: State) -> dict[str, Any]:
    if state.get("n"):
        return {"log": ["a"], "n": 1}
    return {"log": ["b"]}


def built(
    *edges: tuple[str, str], nodes: dict[str, Any] | None = None, schema: Any = State
) -> StateGraph[Any]:
    graph: StateGraph[Any] = StateGraph(schema)
    names = dict.fromkeys(name for edge in edges for name in edge if name not in (START, END))
    for name in {**names, **(nodes or {})}:
        graph.add_node(name, (nodes or {}).get(name, note))
    for source, target in edges:
        graph.add_edge(source, target)
    return graph


def rules(graph: StateGraph[Any]) -> dict[str, tuple[str, str]]:
    return {item.rule: (item.severity, item.where) for item in validate(graph.compile())}


def test_a_sound_graph_has_nothing_to_say() -> None:
    assert validate(built((START, "a"), ("a", "b"), ("b", END)).compile()) == []


def test_a_node_that_nothing_leads_to() -> None:
    graph = built((START, "a"), ("a", END), ("lost", END))
    assert rules(graph)["unreachable"] == ("error", "lost")


def test_behind_an_open_route_it_can_not_be_told() -> None:
    graph = built((START, "a"), ("b", END))
    graph.add_conditional_edges("a", lambda state: "b")
    found = rules(graph)
    assert found["open-route"] == ("warning", "a")
    assert found["unreachable"] == ("warning", "b")


def test_a_goto_that_is_not_declared_may_lead_anywhere() -> None:
    def go(state: State) -> Any:
        return Command(goto="b", update={"n": 1})

    def declared(state: State) -> Command[Literal["b"]]:
        return Command(goto="b")

    assert rules(built((START, "a"), ("b", END), nodes={"a": go}))["unreachable"] == ("warning", "b")
    assert "unreachable" not in rules(built((START, "a"), ("b", END), nodes={"a": declared}))


def test_edges_that_go_round_for_ever() -> None:
    graph = built((START, "a"), ("a", "b"), ("b", "a"), ("b", END))
    (found,) = [item for item in validate(graph.compile()) if item.rule == "endless"]
    assert found.severity == "error"
    assert "'a' → 'b' → 'a'" in found.message or "a → b → a" in found.message


def test_a_loop_with_a_way_out_is_a_note_and_one_without_an_error() -> None:
    graph = built((START, "a"), ("a", "b"))
    graph.add_conditional_edges("b", lambda state: "a", {"again": "a", "done": END})
    assert rules(graph)["loop"] == ("note", "a")
    trap = built((START, "a"), ("a", "b"))
    trap.add_conditional_edges("b", lambda state: "a", {"again": "a", "over": "b"})
    assert rules(trap)["no-way-out"] == ("error", "a")


def test_keys_that_nobody_declared_and_keys_that_nobody_writes() -> None:
    class Wide(State, total=False):
        never: str

    class Given(TypedDict):
        n: int

    def misspelt(state: Wide) -> dict[str, Any]:
        return {"lgo": ["a"], "log": [], "n": 1}

    graph = built((START, "a"), ("a", END), nodes={"a": misspelt}, schema=Wide)
    found = rules(graph)
    assert found["unknown-key"] == ("error", "a")
    assert found["never-written"] == ("note", "never")
    own = built((START, "a"), ("a", END), nodes={"a": branch})
    assert "item" in own.channels
    assert rules(own) == {}  # what only a node takes comes by `Send`
    strict: StateGraph[Any] = StateGraph(Wide, input_schema=Given)
    strict.add_node("a", misspelt)
    strict.add_edge(START, "a")
    assert rules(strict)["never-written"] == ("warning", "never")


def test_what_cannot_be_read_is_not_judged() -> None:
    def opaque(state: State) -> dict[str, Any]:
        update = {"n": 1}
        return update

    assert "never-written" not in rules(built((START, "a"), ("a", END), nodes={"a": opaque}))
    assert "never-written" not in rules(built((START, "a"), ("a", END), nodes={"a": functools.partial(note)}))


class Model(BaseModel):
    n: int


@dataclass
class Data:
    n: int


class Plain:
    pass


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        (int, True), (dict[str, list[int] | None], True), (Model, True), (list[Data], True), (Any, True),
        (datetime, True), (Path, True), (Literal["a"], True), (Annotated[list[str], operator.add], True),
        (Callable[[int], int], False), (list[Callable[..., Any]], False), (threading.Lock, False),
        (threading.Event, False), (Plain, False), (dict[str, Plain], False), (Plain | None, False),
    ],
)  # fmt: skip
def test_what_a_checkpoint_can_hold(kind: Any, stored: bool) -> None:
    schema: Any = TypedDict("schema", {"n": int, "x": kind})
    found = rules(built((START, "a"), ("a", END), nodes={"a": lambda state: {"n": 1}}, schema=schema))
    assert ("not-storable" in found) is not stored


def test_subgraphs_are_checked_under_their_path() -> None:
    inner = built((START, "x"), ("x", END), ("lost", END)).compile()
    found = validate(built((START, "sub"), ("sub", END), nodes={"sub": inner}).compile())
    assert [(item.rule, item.where) for item in found if item.severity == "error"] == [
        ("unreachable", "sub/lost")
    ]


def test_what_has_no_builder_is_said_not_to_be_checked() -> None:
    @entrypoint()
    def flow(n: int) -> int:
        return n

    assert [item.rule for item in validate(flow)] == ["not-checked"]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6), st.booleans()), max_size=14))
@settings(max_examples=80, deadline=None)
def test_no_graph_is_too_odd(edges: list[tuple[int, int, bool]]) -> None:
    graph = built((START, "0"), nodes={str(n): note for n in range(6)})
    plain: set[tuple[int, int]] = set()
    for number, (source, target, conditional) in enumerate(edges):
        name = END if target == 6 else str(target)
        if conditional:

            def route(state: State) -> str:
                return "x"

            route.__name__ = f"route{number}"
            graph.add_conditional_edges(str(source), route, {"x": name, "end": END})
        elif (source, target) not in plain:
            plain.add((source, target))
            graph.add_edge(str(source), name)
    found = validate(graph.compile())
    reached = _reach_by_hand(edges)
    lost = {item.where for item in found if item.rule == "unreachable"}
    assert lost == {str(n) for n in range(6)} - reached
    assert all(isinstance(item, Finding) and item.message for item in found)


def _reach_by_hand(edges: list[tuple[int, int, bool]]) -> set[str]:
    reached = {0}
    for _ in range(7):
        reached |= {target for source, target, _ in edges if source in reached and target != 6}
    return {str(n) for n in reached}
