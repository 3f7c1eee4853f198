"""The workflow under fire: every node leaves a line in a file, the side effect that we can count."""

import operator
import os
from typing import Annotated, Literal, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt


class Rounds(TypedDict, total=False):
    """State: where the lines go, the answers in the order of arrival, and the round."""

    log: str
    thread: str
    rounds: int
    round: int
    answers: Annotated[list[str], operator.add]


def mark(state: Rounds, word: str, node: str, runtime: Runtime) -> None:
    line = f"{word} {state['thread']} {runtime.execution_info.task_id} {node}\n"
    descriptor = os.open(state["log"], os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
    os.write(descriptor, line.encode())
    os.close(descriptor)


async def plan(state: Rounds, runtime: Runtime) -> Rounds:
    mark(state, "ran", "plan", runtime)
    return {"round": state.get("round", 0) + 1}


def ask(name: str):
    async def node(state: Rounds, runtime: Runtime) -> Rounds:
        answer = interrupt({"question": f"{name} of round {state['round']}", "thread": state["thread"]})
        mark(state, "ran", name, runtime)
        return {"answers": [f"{name}.{state['round']}={answer}"]}

    return node


async def join(state: Rounds, runtime: Runtime) -> Rounds:
    mark(state, "ran", "join", runtime)
    return {}


def again(state: Rounds) -> Literal["plan", "__end__"]:
    return "plan" if state["round"] < state["rounds"] else "__end__"


builder = StateGraph(Rounds)
builder.add_node(plan)
builder.add_node("left", ask("left"))
builder.add_node("right", ask("right"))
builder.add_node(join)
builder.add_edge(START, "plan")
builder.add_edge("plan", "left")
builder.add_edge("plan", "right")
builder.add_edge(["left", "right"], "join")
builder.add_conditional_edges("join", again, {"plan": "plan", "__end__": END})
graph = builder.compile(name="rounds")
