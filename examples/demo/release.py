"""A release: build, test, then a human says yes or no; a no goes back to `fix`."""

import asyncio
from typing import Literal, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt


class Release(TypedDict, total=False):
    """State of one release."""

    pace: float
    version: str
    changes: list[str]
    attempts: int
    verdict: str
    deployed: bool


async def build(state: Release) -> Release:
    await asyncio.sleep(state.get("pace", 1.0))
    return {"changes": state.get("changes") or ["feature-x", "bug-fix-y"]}


async def test(state: Release) -> Release:
    await asyncio.sleep(2 * state.get("pace", 1.0))
    return {}


async def approve(state: Release) -> Command[Literal["deploy", "fix"]]:
    answer = interrupt(
        {
            "question": f"Deploy {state['version']} to production?",
            "changes": state["changes"],
            "risk": "high",
            "fixes so far": state.get("attempts", 0),
        }
    )
    yes = answer is True or (isinstance(answer, str) and answer.lower() in ("yes", "approve", "approved"))
    return Command(goto="deploy" if yes else "fix", update={"verdict": str(answer)})


async def fix(state: Release) -> Release:
    await asyncio.sleep(state.get("pace", 1.0))
    turn = state.get("attempts", 0) + 1
    return {"attempts": turn, "changes": [*state["changes"], f"fix-{turn}"]}


async def deploy(state: Release) -> Release:
    await asyncio.sleep(3 * state.get("pace", 1.0))
    return {"deployed": True}


builder = StateGraph(Release)
for step in (build, test, approve, fix, deploy):
    builder.add_node(step)
builder.add_edge(START, "build")
builder.add_edge("build", "test")
builder.add_edge("test", "approve")
builder.add_edge("fix", "test")
builder.add_edge("deploy", END)
graph = builder.compile(name="release")
