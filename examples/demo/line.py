"""A line: four steps, one after the other."""

import asyncio
from typing import TypedDict

from langgraph.graph import END, START, StateGraph


class Report(TypedDict, total=False):
    """State: what has been gathered so far, and the seconds each step takes."""

    pace: float
    rows: int
    lines: list[str]
    delivered: bool


async def extract(state: Report) -> Report:
    await asyncio.sleep(state.get("pace", 1.0))
    return {"rows": 1200}


async def clean(state: Report) -> Report:
    await asyncio.sleep(state.get("pace", 1.0))
    return {"rows": state["rows"] - 37}


async def write(state: Report) -> Report:
    await asyncio.sleep(state.get("pace", 1.0))
    return {"lines": [f"{state['rows']} rows are good"]}


async def deliver(state: Report) -> Report:
    await asyncio.sleep(state.get("pace", 1.0))
    return {"delivered": True}


builder = StateGraph(Report)
for step in (extract, clean, write, deliver):
    builder.add_node(step)
builder.add_edge(START, "extract")
builder.add_edge("extract", "clean")
builder.add_edge("clean", "write")
builder.add_edge("write", "deliver")
builder.add_edge("deliver", END)
graph = builder.compile(name="nightly-report")
