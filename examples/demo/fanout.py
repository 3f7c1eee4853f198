"""A fan-out: parallel checks, one Send branch per region, and a subgraph, joined at the end."""

import asyncio
import operator
from typing import Annotated, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send


class Rollout(TypedDict, total=False):
    """State of the whole rollout; `notes` collects what the parallel branches say."""

    pace: float
    regions: list[str]
    notes: Annotated[list[str], operator.add]
    ready: bool


class Region(TypedDict, total=False):
    """What one Send branch gets."""

    pace: float
    region: str


async def plan(state: Rollout) -> Rollout:
    await asyncio.sleep(state.get("pace", 1.0))
    return {"regions": ["ams", "fra", "sin", "gru"]}


async def licences(state: Rollout) -> Rollout:
    await asyncio.sleep(2 * state.get("pace", 1.0))
    return {"notes": ["licences are fine"]}


async def budget(state: Rollout) -> Rollout:
    await asyncio.sleep(3 * state.get("pace", 1.0))
    return {"notes": ["budget is fine"]}


async def probe(state: Region) -> Rollout:
    await asyncio.sleep((1 + len(state["region"]) % 3) * state.get("pace", 1.0))
    return {"notes": [f"{state['region']} answers"]}


def every_region(state: Rollout) -> list[Send]:
    return [Send("probe", {"region": region, "pace": state.get("pace", 1.0)}) for region in state["regions"]]


async def scan(state: Rollout) -> Rollout:
    await asyncio.sleep(state.get("pace", 1.0))
    return {"notes": ["scanned"]}


async def sign(state: Rollout) -> Rollout:
    await asyncio.sleep(state.get("pace", 1.0))
    return {"notes": ["signed"]}


async def summary(state: Rollout) -> Rollout:
    await asyncio.sleep(state.get("pace", 1.0))
    return {"ready": True}


security = StateGraph(Rollout)
security.add_node(scan)
security.add_node(sign)
security.add_edge(START, "scan")
security.add_edge("scan", "sign")
security.add_edge("sign", END)

builder = StateGraph(Rollout)
builder.add_node(plan)
builder.add_node(licences)
builder.add_node(budget)
builder.add_node(probe)
builder.add_node("security", security.compile())
builder.add_node(summary, defer=True)
builder.add_edge(START, "plan")
builder.add_edge("plan", "licences")
builder.add_edge("plan", "budget")
builder.add_edge("plan", "security")
builder.add_conditional_edges("plan", every_region, ["probe"])
for branch in ("licences", "budget", "security", "probe"):
    builder.add_edge(branch, "summary")
builder.add_edge("summary", END)
graph = builder.compile(name="rollout")
