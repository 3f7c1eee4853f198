"""A bounded loop: draft and review until the score is good enough, five rounds at most."""

import asyncio
from typing import Literal, TypedDict

from langgraph.graph import END, START, StateGraph

GOOD_ENOUGH = 0.8
MOST_ROUNDS = 5


class Essay(TypedDict, total=False):
    """State: the text, its score and the round."""

    pace: float
    text: str
    score: float
    round: int


async def draft(state: Essay) -> Essay:
    await asyncio.sleep(state.get("pace", 1.0))
    turn = state.get("round", 0) + 1
    return {"round": turn, "text": f"draft {turn}"}


async def review(state: Essay) -> Essay:
    await asyncio.sleep(state.get("pace", 1.0))
    return {"score": 0.25 * state["round"]}


async def publish(state: Essay) -> Essay:
    await asyncio.sleep(state.get("pace", 1.0))
    return {"text": state["text"] + " (published)"}


def good_enough(state: Essay) -> Literal["draft", "publish"]:
    if state["score"] >= GOOD_ENOUGH or state["round"] >= MOST_ROUNDS:
        return "publish"
    return "draft"


builder = StateGraph(Essay)
for step in (draft, review, publish):
    builder.add_node(step)
builder.add_edge(START, "draft")
builder.add_edge("draft", "review")
builder.add_conditional_edges("review", good_enough, {"draft": "draft", "publish": "publish"})
builder.add_edge("publish", END)
graph = builder.compile(name="essay")
