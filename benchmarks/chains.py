"""Graphs for the engine benchmarks."""

from __future__ import annotations

from typing import TypedDict

from langgraph.graph import END, START, StateGraph


class Count(TypedDict, total=False):
    n: int


async def step(state: Count) -> Count:
    return {"n": state.get("n", 0) + 1}


def chain(length: int) -> StateGraph:
    """`length` trivial async nodes in a line."""
    builder = StateGraph(Count)
    previous = START
    for number in range(length):
        builder.add_node(f"n{number}", step)
        builder.add_edge(previous, f"n{number}")
        previous = f"n{number}"
    builder.add_edge(previous, END)
    return builder


hundred = chain(100).compile(name="hundred")
ten = chain(10).compile(name="ten")
