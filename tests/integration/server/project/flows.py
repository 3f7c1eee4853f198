"""Real graphs for the server's tests; nodes write a line into the file `log` of their folder."""

import asyncio
import logging
import operator
import os
import signal
import sys
import time
from pathlib import Path
from typing import Annotated, TypedDict

from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt


class State(TypedDict, total=False):
    """A folder with gates and a log; what the nodes added."""

    folder: str
    name: str
    count: int
    done: Annotated[list[str], operator.add]


def mark(state: State, text: str) -> None:
    with open(Path(state["folder"]) / "log", "a", encoding="utf-8") as file:
        file.write(text + "\n")


def is_open(state: State, gate: str) -> bool:
    return (Path(state["folder"]) / gate).exists()


async def first(state: State) -> State:
    mark(state, "first")
    return {"done": ["first"]}


async def held(state: State) -> State:
    mark(state, "held")
    while not is_open(state, "gate"):
        await asyncio.sleep(0.02)
    mark(state, "held-done")
    return {"done": ["held"]}


def held_sync(state: State) -> State:
    mark(state, "held_sync")
    while not is_open(state, "gate"):
        time.sleep(0.02)
    return {"done": ["held_sync"]}


async def last(state: State) -> State:
    mark(state, "last")
    return {"done": ["last"]}


async def ask(state: State) -> State:
    answer = interrupt({"question": "Go on?", "options": ["yes", "no"]})
    mark(state, f"answer={answer}")
    return {"done": [f"ask:{answer}"]}


async def ask_other(state: State) -> State:
    answer = interrupt("And the other way?")
    mark(state, f"other={answer}")
    return {"done": [f"other:{answer}"]}


async def fails(state: State) -> State:
    if not is_open(state, "mended"):
        raise RuntimeError("boom")
    return {"done": ["fails"]}


async def dies(state: State) -> State:
    mark(state, "dies")
    if not is_open(state, "mended"):
        os.kill(os.getpid(), signal.SIGKILL)
    return {"done": ["dies"]}


async def blocks(state: State) -> State:
    mark(state, "blocks")
    while not is_open(state, "gate"):
        time.sleep(0.02)
    return {"done": ["blocks"]}


def line(*nodes):
    builder = StateGraph(State)
    builder.add_sequence([first, *nodes, last])
    builder.add_edge(START, "first")
    return builder.compile()


async def spins(state: State) -> State:
    mark(state, "spins")
    while not is_open(state, "gate"):
        pass
    return {"done": ["spins"]}


async def steps(state: State) -> State:
    """One of many short steps, each of which leaves a line."""
    number = len(state["done"])
    mark(state, f"{state.get('name', '')}.{number}")
    await asyncio.sleep(0.05)
    return {"done": [str(number)]}


def more(state: State) -> str:
    return "steps" if len(state["done"]) < state.get("count", 20) else END


def guess(state: State) -> str:
    return "last"


short = line()
gated = line(held)
gated_sync = line(held_sync)
asking = line(ask)
failing = line(fails)
deadly = line(dies)
blocking = line(blocks)

spinning = line(spins)
_long = StateGraph(State)
_long.add_node(steps)
_long.add_edge(START, "steps")
_long.add_conditional_edges("steps", more, ["steps", END])
long = _long.compile()

_both = StateGraph(State)
for _node in (first, ask, ask_other, last):
    _both.add_node(_node)
_both.add_edge(START, "first")
_both.add_edge("first", "ask")
_both.add_edge("first", "ask_other")
_both.add_edge(["ask", "ask_other"], "last")
_both.add_edge("last", END)
both = _both.compile()

_hidden = StateGraph(State)
_hidden.add_node(first)
_hidden.add_node(last)
_hidden.add_edge(START, "first")
_hidden.add_conditional_edges("first", guess)
hidden = _hidden.compile()


async def speaks(state: State) -> State:
    print("hello from speaks")
    logging.getLogger("flows").warning("take care")
    print("a mistake", file=sys.stderr)
    get_stream_writer()({"done": 40, "total": 200})
    while not is_open(state, "gate"):
        await asyncio.sleep(0.02)
    print("goodbye")
    return {"done": ["speaks"]}


speaking = line(speaks)
