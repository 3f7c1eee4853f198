"""A flaky node: it fails twice and is retried by LangGraph's own retry policy."""

import asyncio
from typing import TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import RetryPolicy


class Fetch(TypedDict, total=False):
    """State: what was fetched."""

    pace: float
    body: str
    stored: bool


async def connect(state: Fetch) -> Fetch:
    await asyncio.sleep(state.get("pace", 1.0))
    return {}


async def fetch(state: Fetch, runtime: Runtime) -> Fetch:
    await asyncio.sleep(state.get("pace", 1.0))
    if runtime.execution_info.node_attempt < 3:
        raise ConnectionError("the far end hung up")
    return {"body": "42"}


async def store(state: Fetch) -> Fetch:
    await asyncio.sleep(state.get("pace", 1.0))
    return {"stored": True}


builder = StateGraph(Fetch)
builder.add_node(connect)
builder.add_node(
    fetch,
    retry_policy=RetryPolicy(max_attempts=4, initial_interval=0.5, jitter=False, retry_on=ConnectionError),
)
builder.add_node(store)
builder.add_edge(START, "connect")
builder.add_edge("connect", "fetch")
builder.add_edge("fetch", "store")
builder.add_edge("store", END)
graph = builder.compile(name="price-feed")
