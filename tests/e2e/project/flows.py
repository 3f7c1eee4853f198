"""Small workflows for the pty tests; every node leaves a line in the file that the state names."""

import asyncio
import os
import sys
import time
from typing import Literal, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt


class State(TypedDict, total=False):
    """Where the lines go, a folder with gates, and what came of it."""

    log: str
    gate: str
    verdict: str


def mark(state: State, node: str) -> None:
    with open(state["log"], "a", encoding="utf-8") as file:
        file.write(node + "\n")


async def opened(state: State) -> None:
    while state.get("gate") and not os.path.exists(state["gate"]):
        await asyncio.sleep(0.05)


def plain(name: str):
    async def node(state: State) -> State:
        mark(state, name)
        return {}

    node.__name__ = name
    return node


async def held(state: State) -> State:
    """Waits until the test opens its gate."""
    mark(state, "held")
    await opened(state)
    mark(state, "held-done")
    return {}


async def approve(state: State) -> Command[Literal["ship", "rework"]]:
    answer = interrupt({"question": "Ship the parcel?", "weight": "2 kg"})
    mark(state, f"answer={answer}")
    return Command(goto="ship" if answer is True else "rework", update={"verdict": str(answer)})


async def leaves(state: State) -> State:
    mark(state, "leaves")
    sys.exit(7)


async def blocks(state: State) -> State:
    """Holds up its event loop until the test opens its gate."""
    mark(state, "blocks")
    while not os.path.exists(state["gate"]):
        time.sleep(0.05)
    mark(state, "blocks-done")
    return {}


def line(*nodes) -> StateGraph:
    builder = StateGraph(State)
    builder.add_sequence(list(nodes))
    builder.add_edge(START, nodes[0][0] if isinstance(nodes[0], tuple) else nodes[0].__name__)
    return builder


held_run = line(plain("first"), held, plain("last")).compile(name="held")
leaving = line(plain("first"), leaves, plain("last")).compile(name="leaving")
blocking = line(plain("first"), blocks, plain("last")).compile(name="blocking")

_parcel = StateGraph(State)
for _node in (plain("pack"), approve, plain("ship"), plain("rework")):
    _parcel.add_node(_node)
_parcel.add_edge(START, "pack")
_parcel.add_edge("pack", "approve")
_parcel.add_edge("rework", "approve")
_parcel.add_edge("ship", END)
parcel = _parcel.compile(name="parcel")


async def speak(state: State) -> State:
    print("one two three")
    await opened(state)
    print("and goodbye", file=sys.stderr)
    return {}


_speaking = StateGraph(State)
_speaking.add_node(speak)
_speaking.add_edge(START, "speak")
speaking = _speaking.compile()
