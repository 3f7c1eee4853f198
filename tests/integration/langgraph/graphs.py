"""Real graphs for the engine's tests. Each test has its copy; nodes append to `ran.log` beside it."""

from __future__ import annotations

import asyncio
import operator
import os
import sys
import threading
import time
from pathlib import Path
from typing import Annotated, Any, Literal

from langgraph.cache.memory import InMemoryCache
from langgraph.graph import END, START, StateGraph
from langgraph.types import CachePolicy, Command, RetryPolicy, Send, interrupt
from pydantic import BaseModel
from typing_extensions import TypedDict

HERE = Path(__file__).parent


class State(TypedDict, total=False):
    log: Annotated[list[str], operator.add]
    n: int
    answer: Any


def ran(name: str) -> dict[str, Any]:
    with (HERE / "ran.log").open("a") as file:
        file.write(name + "\n")
    return {"log": [name]}


def wait_for(name: str, seconds: float = 20.0) -> None:
    """Wait for a file that the test makes."""
    until = time.monotonic() + seconds
    while not (HERE / name).exists() and time.monotonic() < until:
        time.sleep(0.01)


async def await_for(name: str, seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not (HERE / name).exists() and time.monotonic() < until:
        await asyncio.sleep(0.01)


def chain(*names: str, **nodes: Any) -> StateGraph:
    graph = StateGraph(State)
    for name in names:
        graph.add_node(name, nodes.get(name, lambda state, name=name: ran(name)))
    for source, target in zip((START, *names), (*names, END), strict=True):
        graph.add_edge(source, target)
    return graph


line = chain("a", "b", "c")

# -- questions ---------------------------------------------------------------------------------


def ask(state: State) -> dict[str, Any]:
    ran("ask")
    return {"answer": interrupt({"question": f"go on with {state.get('n', 0)}?"}), "log": ["asked"]}


asking = chain("first", "ask", "last", ask=ask)


def ask_twice(state: State) -> dict[str, Any]:
    return {"answer": [interrupt("one?"), interrupt("two?")]}


twice = chain("ask", ask=ask_twice)


def fail_after_answer(state: State) -> dict[str, Any]:
    answer = interrupt("fragile?")
    if not (HERE / "repaired").exists():
        raise ConnectionError("the line is down")
    return {"answer": answer}


fragile = chain("ask", ask=fail_after_answer).compile()

sub = chain("inner", "after_inner", inner=ask).compile()
nested = chain("outer", "sub", "done", sub=sub)


def left(state: State) -> dict[str, Any]:
    return {"log": [f"left {interrupt('left?')}"]}


def right(state: State) -> dict[str, Any]:
    return {"log": [f"right {interrupt('right?')}"]}


fork_join = StateGraph(State)
fork_join.add_node("left", left)
fork_join.add_node("right", right)
fork_join.add_node("free", lambda state: ran("free"))
fork_join.add_node("join", lambda state: ran("join"), defer=True)
for side in ("left", "right", "free"):
    fork_join.add_edge(START, side)
    fork_join.add_edge(side, "join")

stop_before = chain("a", "b", "c").compile(interrupt_before=["b"])
stop_after = chain("a", "b", "c").compile(interrupt_after=["a"])
stop_then_ask = chain("first", "ask", "last", ask=fail_after_answer).compile(interrupt_after=["first"])
stop_inside = chain("outer", "sub", sub=chain("x", "y").compile(interrupt_before=["y"]))

# -- routes ------------------------------------------------------------------------------------


def routed(where: Any) -> StateGraph:
    graph = StateGraph(State)
    graph.add_node("a", lambda state: ran("a"))
    graph.add_node("b", lambda state: ran("b"))
    graph.add_edge(START, "a")
    graph.add_conditional_edges("a", where)
    return graph


def broken_target() -> str:
    return "b" if (HERE / "repaired").exists() else "nowhere"


bad_route = routed(lambda state: broken_target())
bad_send = routed(lambda state: [Send(broken_target(), state)])
bad_fan = routed(lambda state: ["b", broken_target()])


def goto(state: State) -> Command[Any]:
    return Command(update=ran("goto"), goto=broken_target())


bad_handled = StateGraph(State)
bad_handled.add_node("a", lambda state: ran("a"), error_handler=lambda state: ran("handler"))
bad_handled.add_node("b", lambda state: ran("b"))
bad_handled.add_edge(START, "a")
bad_handled.add_conditional_edges("a", lambda state: broken_target())

bad_goto = StateGraph(State)
bad_goto.add_node("a", goto)
bad_goto.add_node("b", lambda state: ran("b"))
bad_goto.add_edge(START, "a")
bad_sub = chain("outer", "sub", sub=bad_goto.compile())


def up(state: State) -> Command[Any]:
    return Command(goto=broken_target(), graph=Command.PARENT)


bad_parent = StateGraph(State)
bad_parent.add_node("sub", chain("up", up=up).compile())
bad_parent.add_node("b", lambda state: ran("b"))
bad_parent.add_edge(START, "sub")

# -- failures ----------------------------------------------------------------------------------

tries = {"flaky": 0}


async def flaky(state: State) -> dict[str, Any]:
    tries["flaky"] += 1
    if tries["flaky"] < 3:
        raise ConnectionError(f"try {tries['flaky']}")
    return ran("flaky")


retrying = StateGraph(State)
retrying.add_node(
    "flaky", flaky, retry_policy=RetryPolicy(initial_interval=0.01, jitter=False, max_attempts=3)
)
retrying.add_edge(START, "flaky")


def boom(state: State) -> dict[str, Any]:
    if (HERE / "repaired").exists():
        return ran("boom")
    raise RuntimeError("bo\x1b[31mom")


failing = chain("a", "boom", "c", boom=boom)


async def slow(state: State) -> dict[str, Any]:
    await asyncio.sleep(20)
    return ran("slow")


siblings = StateGraph(State)
siblings.add_node("boom", boom)
siblings.add_node("slow", slow)
siblings.add_node("quick", lambda state: ran("quick"))
for name in ("boom", "slow", "quick"):
    siblings.add_edge(START, name)

handled = StateGraph(State)
handled.add_node("boom", boom, error_handler=lambda state: ran("handler"))
handled.add_edge(START, "boom")


async def leave(state: State) -> dict[str, Any]:
    sys.exit(7)


def leave_sync(state: State) -> dict[str, Any]:
    sys.exit("bye")


async def interrupt_keyboard(state: State) -> dict[str, Any]:
    raise KeyboardInterrupt


exits = chain("a", "leave", leave=leave)
exits_sync = chain("a", "leave", leave=leave_sync)
exits_nested = chain("outer", "sub", sub=chain("leave", leave=leave).compile())
keyboard = chain("a", "leave", leave=interrupt_keyboard)


async def block(state: State) -> dict[str, Any]:
    (HERE / "blocking").touch()
    wait_for("unblock")  # time.sleep in async code
    return ran("block")


blocking = chain("block", block=block)


def unserialisable(state: State) -> dict[str, Any]:
    return {"answer": threading.Lock()}


unstorable = chain("lock", lock=unserialisable)


def count(state: State) -> dict[str, Any]:
    return {"n": state.get("n", 0) + 1}


looping = StateGraph(State)
looping.add_node("count", count)
looping.add_node("check", lambda state: {})
looping.add_edge(START, "count")
looping.add_edge("count", "check")


def again(state: State) -> Literal["count", "__end__"]:
    return "count" if state["n"] < 1000 else END


looping.add_conditional_edges("check", again)

# -- time --------------------------------------------------------------------------------------


async def waits(state: State) -> dict[str, Any]:
    (HERE / "waiting").touch()
    await await_for("go")
    return ran("waits")


def waits_sync(state: State) -> dict[str, Any]:
    (HERE / "waiting").touch()
    wait_for("go")
    return ran("waits")


waiting = chain("a", "waits", "b", waits=waits)
waiting_sync = chain("a", "waits", "b", waits=waits_sync)


def die_once(state: State) -> dict[str, Any]:
    ran("dying")
    if not (HERE / "died").exists():
        (HERE / "died").touch()
        os._exit(9)
    return ran("survived")


async def beside(state: State) -> dict[str, Any]:
    return ran("beside")


def die_late(state: State) -> dict[str, Any]:
    wait_for("ran.log")
    time.sleep(0.2)  # let the sibling commit
    return die_once(state)


dying = chain("a", "dying", "b", dying=die_once)
dying_beside = StateGraph(State)
dying_beside.add_node("beside", beside)
dying_beside.add_node("dying", die_late)
dying_beside.add_edge(START, "beside")
dying_beside.add_edge(START, "dying")

spread = StateGraph(State)
spread.add_node("work", lambda state: ran(f"work {state['n']}"))
spread.add_node("join", lambda state: ran("join"))
spread.add_conditional_edges(START, lambda state: [Send("work", {"n": i}) for i in range(3)])
spread.add_edge("work", "join")

_cached = StateGraph(State)
_cached.add_node("once", lambda state: ran("once"), cache_policy=CachePolicy(key_func=lambda state: "same"))
_cached.add_node("after", lambda state: ran("after"))
_cached.add_edge(START, "once")
_cached.add_edge("once", "after")
cached = _cached.compile(cache=InMemoryCache())

sync_many = StateGraph(State)
for index in range(20):
    sync_many.add_node(f"s{index}", lambda state: time.sleep(0.2))
    sync_many.add_edge(START, f"s{index}")


class Amount(BaseModel):
    count: int


def ask_typed(state: State) -> dict[str, Any]:
    return {"n": interrupt("how many?", response_schema=Amount).count}


typed = chain("ask", ask=ask_typed)


stop_after_inside = chain("outer", "sub", sub=chain("x", "y").compile(interrupt_after=["x"]))
