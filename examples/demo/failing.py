"""A failure: the second step meets data that it cannot use."""

import asyncio
from typing import TypedDict

from langgraph.graph import END, START, StateGraph


class Invoice(TypedDict, total=False):
    """State: the invoice."""

    pace: float
    total: str
    booked: bool


async def read(state: Invoice) -> Invoice:
    await asyncio.sleep(state.get("pace", 1.0))
    return {"total": "12,50 EUR"}


async def book(state: Invoice) -> Invoice:
    await asyncio.sleep(state.get("pace", 1.0))
    return {"booked": float(state["total"]) > 0}


async def notify(state: Invoice) -> Invoice:
    await asyncio.sleep(state.get("pace", 1.0))
    return {}


builder = StateGraph(Invoice)
for step in (read, book, notify):
    builder.add_node(step)
builder.add_edge(START, "read")
builder.add_edge("read", "book")
builder.add_edge("book", "notify")
builder.add_edge("notify", END)
graph = builder.compile(name="invoice")
