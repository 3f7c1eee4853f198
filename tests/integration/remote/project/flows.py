"""Graphs of somebody else, as `langgraph dev` serves them. A node may wait for a file: tests decide when."""

from __future__ import annotations

import asyncio
import operator
from pathlib import Path
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt


class State(TypedDict, total=False):
    gate: str
    log: Annotated[list[str], operator.add]
    answer: Any


async def prepare(state: State) -> State:
    gate = state.get("gate")
    for _ in range(3000):
        if not gate or await asyncio.to_thread(Path(gate).exists):
            return {"log": ["prepare"]}
        await asyncio.sleep(0.02)
    raise TimeoutError(gate)


async def approve(state: State) -> State:
    return {"answer": interrupt({"question": "Ship it?"}), "log": ["approve"]}


async def ship(state: State) -> State:
    return {"log": [f"ship {state.get('answer')}"]}


async def fail(state: State) -> State:
    raise ValueError("no paper")


async def left(state: State) -> State:
    return {"log": [f"left {interrupt('left?')}"]}


async def right(state: State) -> State:
    return {"log": [f"right {interrupt('right?')}"]}


gated = StateGraph(State)
gated.add_node("prepare", prepare)
gated.add_node("approve", approve)
gated.add_node("ship", ship)
gated.add_edge(START, "prepare")
gated.add_edge("prepare", "approve")
gated.add_edge("approve", "ship")
gated.add_edge("ship", END)
gate = gated.compile()

holder = StateGraph(State)
holder.add_node("prepare", prepare)
holder.add_node("inner", gated.compile())
holder.add_edge(START, "prepare")
holder.add_edge("prepare", "inner")
holder.add_edge("inner", END)
nested = holder.compile()

failing = StateGraph(State)
failing.add_node("prepare", prepare)
failing.add_node("fail", fail)
failing.add_edge(START, "prepare")
failing.add_edge("prepare", "fail")
failing.add_edge("fail", END)
fails = failing.compile()

pair = StateGraph(State)
pair.add_node("left", left)
pair.add_node("right", right)
pair.add_edge(START, "left")
pair.add_edge(START, "right")
pair.add_edge("left", END)
pair.add_edge("right", END)
both = pair.compile()
