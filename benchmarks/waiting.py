"""Graphs for the benchmarks of answers and recovery."""

from __future__ import annotations

import asyncio
from typing import TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt


class State(TypedDict, total=False):
    answer: str
    steps: int


async def ask(state: State) -> State:
    return {"answer": interrupt("go on?")}


async def done(state: State) -> State:
    return {"steps": 1}


async def pause(state: State) -> State:
    await asyncio.sleep(0.1)
    return {"steps": state.get("steps", 0) + 1}


_asking = StateGraph(State)
_asking.add_node("ask", ask)
_asking.add_node("done", done)
_asking.add_edge(START, "ask")
_asking.add_edge("ask", "done")
_asking.add_edge("done", END)
asking = _asking.compile(name="asking")

_long = StateGraph(State)
_long.add_node("pause", pause)
_long.add_edge(START, "pause")
_long.add_conditional_edges(
    "pause", lambda state: "again" if state["steps"] < 300 else "end", {"again": "pause", "end": END}
)
long = _long.compile(name="long")
