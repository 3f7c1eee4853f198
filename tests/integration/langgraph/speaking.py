"""Graphs whose nodes print, log and tell how far they are."""

from __future__ import annotations

import asyncio
import logging
import operator
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, TypedDict

from langgraph.config import get_stream_writer
from langgraph.graph import START, StateGraph
from langgraph.types import Send, StreamWriter

log = logging.getLogger("flows.speaking")
HERE = Path(__file__).parent
pool = ThreadPoolExecutor(1)
pool.submit(int).result()  # its thread is there before any run


class State(TypedDict, total=False):
    n: int
    done: Annotated[list, operator.add]


def sync(state):
    print("sync one")
    print("sync", "two", end="")
    sys.stderr.write("sync error\n")
    log.info("sync info %s", 1)
    log.debug("never: the level is info")


async def asynchronous(state):
    print("async one")
    await asyncio.sleep(0)
    log.warning("async\nwarning")
    await asyncio.to_thread(print, "async to_thread")
    await asyncio.get_running_loop().run_in_executor(None, print, "async executor")
    try:
        raise ValueError("deep")
    except ValueError:
        log.exception("async exception")


def threads(state):
    thread = threading.Thread(target=print, args=("from a thread",))
    thread.start()
    thread.join()
    pool.submit(print, "from a pool").result()
    subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)


async def other(state):
    await asyncio.wrap_future(pool.submit(print, "other from the pool"))


def inner(state):
    print("inner says")
    get_stream_writer()({"progress": 0.4})


_sub = StateGraph(State)
_sub.add_node(inner)
_sub.add_edge(START, "inner")
sub = _sub.compile()


def calls(state):
    print("calls before")
    sub.invoke({})
    print("calls after")


def worker(state):
    time.sleep(0.01 * state["n"])
    print(f"worker {state['n']}")
    get_stream_writer()({"done": state["n"], "total": 3})


async def writes(state, writer: StreamWriter):
    writer({"done": 40, "total": 200})
    writer("just text")
    while not (HERE / "go").exists():
        await asyncio.sleep(0.01)


def flood(state):
    for number in range(state["n"]):
        print("line", number)
    print("the last word")


def dies(state):
    print("before the end")
    if not (HERE / "mended").exists():
        os.kill(os.getpid(), 9)


def waits(state):
    print("connecting to the", "database ", end="")
    while not (HERE / "go").exists():
        time.sleep(0.01)
    print("done")


def fan(state):
    return [Send("worker", {"n": n}) for n in (3, 2, 1)]


_all = StateGraph(State)
_all.add_sequence([sync, asynchronous, threads, other, calls])
_all.add_node("sub", sub)
_all.add_node(worker)
_all.add_edge(START, "sync")
_all.add_edge("calls", "sub")
_all.add_conditional_edges("sub", fan, ["worker"])
everything = _all.compile()


def alone(node):
    builder = StateGraph(State)
    builder.add_node(node)
    builder.add_edge(START, node.__name__)
    return builder.compile()


writing = alone(writes)
flooding = alone(flood)
dying = alone(dies)
waiting = alone(waits)
