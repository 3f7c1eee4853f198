"""Drafts a text and asks before it is published: a LangGraph workflow with a human question.

Run it up to its question, and answer:

    mahavishnu langgraph execute --workflow-file workflow.py --state '{"topic": "otters"}' --wait
    mahavishnu langgraph approve RUN

The first command prints the name that stands for RUN here; `approve` alone lists what waits.
In the dashboard (`mahavishnu`) the question waits in pane 4; `a` answers it.
"""

from typing import Literal, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt


class Draft(TypedDict, total=False):
    """The state: what is stored after every step."""

    topic: str
    text: str
    tries: int
    published: bool


def write(state: Draft) -> Draft:
    """Your model or your code goes here."""
    tries = state.get("tries", 0) + 1
    print(f"draft {tries} is written")
    return {"text": f"Draft {tries} about {state.get('topic', 'otters')}.", "tries": tries}


def review(state: Draft) -> Command[Literal["publish", "write"]]:
    """Wait for a person, for as long as it takes: neither a reboot nor a closed terminal loses the run."""
    answer = interrupt({"question": "Publish this text?", "text": state["text"]})
    yes = answer is True or str(answer).lower() in ("yes", "approve", "approved")
    return Command(goto="publish" if yes else "write")


def publish(state: Draft) -> Draft:
    """What must not happen without a yes."""
    print(f"published: {state['text']}")
    return {"published": True}


builder = StateGraph(Draft)
builder.add_node(write)
builder.add_node(review)
builder.add_node(publish)
builder.add_edge(START, "write")
builder.add_edge("write", "review")
builder.add_edge("publish", END)
graph = builder.compile(name="draft")
