"""The graphs that the commands are tried on."""

import asyncio
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt


def _join(left: list[Any], right: list[Any]) -> list[Any]:
    return [*left, *right]


class State(TypedDict, total=False):
    pace: float
    said: Annotated[list[Any], _join]


async def first(state: State) -> State:
    await asyncio.sleep(state.get("pace", 0))
    return {"said": ["first"]}


async def second(state: State) -> State:
    return {"said": ["second"]}


async def ask(state: State) -> State:
    return {"said": [interrupt({"question": "Go on?\x1b[31m", "risk": "high"})]}


async def ask_too(state: State) -> State:
    return {"said": [interrupt("And this?")]}


async def fail(state: State) -> State:
    raise ValueError("no\x1b]0;owned\x07 luck")


def _line(*nodes: Any) -> Any:
    graph = StateGraph(State)
    before = START
    for node in nodes:
        graph.add_node(node)
        graph.add_edge(before, node.__name__)
        before = node.__name__
    graph.add_edge(before, END)
    return graph.compile()


plain = _line(first, second)
asking = _line(first, ask, second)
alike = _line(first, ask, second)
failing = _line(first, fail)

_both = StateGraph(State)
_both.add_node(ask)
_both.add_node(ask_too)
_both.add_edge(START, "ask")
_both.add_edge(START, "ask_too")
both = _both.compile()


async def speak(state: State) -> State:
    print("one\x1b[31m of two")
    print("two of two")
    return {}


speaking = _line(first, speak)
