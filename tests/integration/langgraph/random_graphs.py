"""Graphs of random shape whose nodes write down in a file what really happened, and how to draw them.

The file is the truth that a path record is held against: it is written by the nodes, with the task ids and
attempt numbers that LangGraph hands to them.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
import operator
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from hypothesis import strategies as st
from langgraph.cache.memory import InMemoryCache
from langgraph.config import get_config
from langgraph.errors import GraphBubbleUp
from langgraph.graph import END, START, StateGraph
from langgraph.types import CachePolicy, Command, RetryPolicy, Send, interrupt
from typing_extensions import TypedDict

Kind = Literal["plain", "slow", "ask", "fail", "retry", "exhausted", "handled", "cached", "bad_route"]
KINDS: tuple[Kind, ...] = (
    "plain",
    "slow",
    "ask",
    "fail",
    "retry",
    "exhausted",
    "handled",
    "cached",
    "bad_route",
)
FAILURES = {"fail": 1, "retry": 2, "exhausted": 3, "handled": 10**6}
"""How often a node of a kind raises before it works."""
QUICK = RetryPolicy(initial_interval=0.001, jitter=False, max_attempts=3, retry_on=RuntimeError)


class State(TypedDict, total=False):
    log: Annotated[list[str], operator.add]


@dataclasses.dataclass(frozen=True)
class Leaf:
    """A node with code of its own."""

    kind: Kind
    sync: bool = False


@dataclasses.dataclass(frozen=True)
class Nested:
    """A node that holds a graph, or that calls one `calls` times in its body."""

    stages: tuple[Stage, ...]
    calls: int = 0
    failing: Literal["", "retry", "handled", "forgiven"] = ""
    """What the node does with a failure inside: nothing, run again, hand it over, or forget it."""


@dataclasses.dataclass(frozen=True)
class Line:
    """One node after the other."""

    item: Leaf | Nested
    goto: bool = False
    """Go on by `Command(goto=)`, which nothing declares."""


@dataclasses.dataclass(frozen=True)
class Loop:
    """A node that is come back to, by a branch with or without a path map."""

    item: Leaf | Nested
    rounds: int
    mapped: bool


@dataclasses.dataclass(frozen=True)
class Fan:
    """Parallel branches and their join, awaited by an edge or deferred."""

    items: tuple[Leaf | Nested, ...]
    defer: bool


@dataclasses.dataclass(frozen=True)
class Spread:
    """Sends to one node."""

    item: Leaf | Nested
    count: int
    defer: bool


Stage = Line | Loop | Fan | Spread

CALM: tuple[Kind, ...] = ("plain", "slow", "ask", "fail", "retry", "handled")
"""Kinds of nodes that can run any number of times."""


@st.composite
def plans(draw: st.DrawFn, depth: int = 2, asking: bool = True) -> tuple[Stage, ...]:
    """One to three stages, with graphs in nodes down to `depth`, with or without questions."""
    # Not built with `builds`: printing a counterexample of nested ones takes minutes.
    return tuple(draw(_stage(depth, asking)) for _ in range(draw(st.integers(1, 2 + (depth > 1)))))


@st.composite
def _stage(draw: st.DrawFn, depth: int, asking: bool) -> Stage:
    kind = draw(st.sampled_from(["line", "loop", "fan", "spread"]))
    if kind == "line":
        return Line(draw(_item(depth, KINDS, asking)), draw(st.booleans()))
    if kind == "loop":
        return Loop(draw(_item(depth, CALM, asking)), draw(st.integers(1, 3)), draw(st.booleans()))
    if kind == "fan":
        items = tuple(draw(_item(depth, KINDS, asking)) for _ in range(draw(st.integers(2, 3))))
        return Fan(items, draw(st.booleans()))
    return Spread(draw(_item(depth, CALM, asking)), draw(st.integers(1, 3)), draw(st.booleans()))


@st.composite
def _item(draw: st.DrawFn, depth: int, kinds: tuple[Kind, ...], asking: bool) -> Leaf | Nested:
    if depth and draw(st.integers(0, 2)) == 0:
        calls = draw(st.sampled_from([0, 0, 1, 2]))
        failing = draw(st.sampled_from(["", "", "retry", "handled", "forgiven"]))
        inner = draw(plans(depth - 1, asking))
        return Nested(inner, calls, failing if calls or failing != "forgiven" else "")
    usable = [kind for kind in kinds if asking or kind != "ask"]
    return Leaf(draw(st.sampled_from(usable)), draw(st.booleans()))


@dataclasses.dataclass(frozen=True)
class Attempt:
    """What a node wrote down of one attempt."""

    lease: int
    task: str
    number: int
    path: str
    step: int
    parents: tuple[str, ...]
    end: str
    """`ok`, `raised`, `asked`, `cancelled`, or nothing when it never came to its end."""


class Truth:
    """The file.

    Args:
        file: where the nodes append.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lease = 1
        """Of the dispatch that is at work; 0 between two of them, when what was stopped may still end."""
        self.failures: Counter[str] = Counter()
        self.rounds: Counter[str] = Counter()
        self.witnesses: list[tuple[str, str]] = []
        """Nodes of the root, and those that run once for each of their successes."""
        self.holders: set[str] = set()
        self._ids = itertools.count()

    @contextmanager
    def attempt(self, path: str) -> Iterator[None]:
        """Write down the beginning and the end of an attempt."""
        metadata = get_config()["metadata"]
        number = next(self._ids)
        scope = [part for part in metadata["langgraph_checkpoint_ns"].split("|") if not part.isdigit()]
        task = scope.pop().rpartition(":")[2]
        if "__error_handler__" in path.rpartition("/")[2]:
            scope.pop()  # the task that failed: a handler is a node beside it
        self._write(
            number,
            "begin",
            lease=self.lease,
            task=task,
            path=path,
            step=metadata["langgraph_step"],
            parents=[part.rpartition(":")[2] for part in scope],
        )
        try:
            yield
        except GraphBubbleUp:
            self._write(number, "asked")
            raise
        except asyncio.CancelledError:
            self._write(number, "cancelled")
            raise
        except BaseException:
            self._write(number, "raised")
            raise
        self._write(number, "ok")

    def attempts(self) -> list[Attempt]:
        """All attempts in the order in which they began."""
        found: dict[int, dict[str, Any]] = {}
        for line in self.file.read_text().splitlines() if self.file.exists() else ():
            entry = json.loads(line)
            if entry["what"] == "begin":
                found[entry["id"]] = {**entry, "end": ""}
            else:
                found[entry["id"]]["end"] = entry["what"]
        # A subgraph that runs again, because its node does, counts the attempts at its own tasks from 1.
        count: Counter[tuple[int, str]] = Counter()
        attempts = []
        for e in found.values():
            count[e["lease"], e["task"]] += 1
            number = count[e["lease"], e["task"]]
            parents = tuple(e["parents"])
            attempts.append(Attempt(e["lease"], e["task"], number, e["path"], e["step"], parents, e["end"]))
        return attempts

    def _write(self, number: int, what: str, **more: Any) -> None:
        with self.file.open("a") as file:
            file.write(json.dumps({"id": number, "what": what, **more}) + "\n")


def build(truth: Truth, plan: tuple[Stage, ...], prefix: str = "") -> Any:
    """Compile the graph of a plan."""
    return _Builder(truth, prefix).build(plan)


def handed_over(item: Leaf | Nested) -> bool:
    """Whether an error handler goes on in place of the node."""
    return item.kind == "handled" if isinstance(item, Leaf) else item.failing == "handled"


class _Builder:
    def __init__(self, truth: Truth, prefix: str) -> None:
        self.truth = truth
        self.prefix = prefix
        self.graph: StateGraph[Any] = StateGraph(State)
        self.last: list[str] = []
        """Nodes that the next stage comes after."""
        self.next: dict[str, str] = {}
        """Where the error handler of a node goes on."""

    def build(self, plan: tuple[Stage, ...]) -> Any:
        self.last = [self.leaf("begin", Leaf("plain"))]
        self.graph.add_edge(START, "begin")
        for index, stage in enumerate(plan):
            getattr(self, f"_{type(stage).__name__.lower()}")(stage, f"s{index}")
        for name in self.last:
            self.graph.add_edge(name, END)
        return self.graph.compile(cache=InMemoryCache())

    def path(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    def after(self, name: str) -> None:
        if len(self.last) > 1:
            self.graph.add_edge(self.last, name)
        else:
            self.graph.add_edge(self.last[0], name)

    def _line(self, stage: Line, name: str) -> None:
        if stage.goto:
            jump = self.leaf(f"{name}_jump", Leaf("plain"), Command(goto=name))
            self.after(jump)
        self.node(name, stage.item)
        if not stage.goto:
            self.after(name)
        witness = self.leaf(f"{name}_done", Leaf("plain"))
        self.next[name] = witness
        self.graph.add_edge(name, witness)
        self.last = [witness]
        self._witnessed(name, witness)

    def _loop(self, stage: Loop, name: str) -> None:
        self.after(self.node(name, stage.item))
        tick, out = self.leaf(f"{name}_tick", Leaf("plain")), self.leaf(f"{name}_out", Leaf("plain"))
        self.graph.add_edge(name, tick)
        self.next[name] = tick
        key = self.path(name)

        def route(_state: State) -> str:
            self.truth.rounds[key] += 1
            return out if self.truth.rounds[key] % (stage.rounds + 1) == 0 else name

        self.graph.add_conditional_edges(tick, route, *([[name, out]] if stage.mapped else []))
        self.last = [out]

    def _fan(self, stage: Fan, name: str) -> None:
        names = [self.node(f"{name}_{index}", item) for index, item in enumerate(stage.items)]
        for branch in names:
            self.after(branch)
        join = self.leaf(f"{name}_join", Leaf("plain"), defer=stage.defer)
        if stage.defer:
            for branch in names:
                self.graph.add_edge(branch, join)
        else:
            self.graph.add_edge(names, join)
        self.next.update(dict.fromkeys(names, join))
        self.last = [join]
        if not any(handed_over(item) for item in stage.items):
            for branch in names:
                self._witnessed(branch, join)

    def _spread(self, stage: Spread, name: str) -> None:
        send, join = (
            self.leaf(f"{name}_send", Leaf("plain")),
            self.leaf(f"{name}_join", Leaf("plain"), defer=stage.defer),
        )
        self.after(send)
        self.node(name, stage.item)
        self.graph.add_conditional_edges(
            send, lambda _state: [Send(name, {"log": []}) for _ in range(stage.count)]
        )
        self.graph.add_edge(name, join)
        self.next[name] = join
        self.last = [join]

    def _witnessed(self, name: str, witness: str) -> None:
        if not self.prefix:  # a graph that is called anew in a body begins from its start
            self.truth.witnesses.append((name, witness))

    def node(self, name: str, item: Leaf | Nested) -> str:
        if isinstance(item, Leaf):
            return self.leaf(name, item)
        inner = build(self.truth, item.stages, self.path(name))
        if not item.calls:
            self.truth.holders.add(self.path(name))
            self.add(name, inner, item.failing, {"retry_policy": QUICK} if item.failing == "retry" else {})
            return name

        async def body(state: State) -> State:
            with self.truth.attempt(self.path(name)):
                for _ in range(item.calls):
                    with suppress(*([RuntimeError, ValueError] if item.failing == "forgiven" else [])):
                        await inner.ainvoke({"log": []})
            return {"log": [name]}

        self.add(name, body, item.failing, {"retry_policy": QUICK} if item.failing == "retry" else {})
        return name

    def add(self, name: str, code: Any, kind: str, options: dict[str, Any]) -> None:
        async def handle(_state: State) -> Command[Any]:
            with self.truth.attempt(self.path(f"__error_handler__{name}")):
                return Command(goto=self.next[name])

        self.graph.add_node(name, code, error_handler=handle if kind == "handled" else None, **options)

    def leaf(self, name: str, leaf: Leaf, then: Command[Any] | None = None, defer: bool = False) -> str:
        path, truth, kind = self.path(name), self.truth, leaf.kind

        def work() -> Any:
            if truth.failures[path] < FAILURES.get(kind, 0):
                truth.failures[path] += 1
                raise RuntimeError(f"{name} fails")
            if kind == "ask":
                interrupt({"question": path})
            return then if then is not None else {"log": [name]}

        async def later(_state: State) -> Any:
            with truth.attempt(path):
                if kind == "slow":
                    await asyncio.sleep(0.01)
                return work()

        def now(_state: State) -> Any:
            with truth.attempt(path):
                return work()

        self.add(
            name,
            now if leaf.sync and kind != "slow" else later,
            kind,
            {
                "defer": defer,
                "retry_policy": QUICK if kind in ("retry", "exhausted") else None,
                "cache_policy": CachePolicy(key_func=lambda *_: path) if kind == "cached" else None,
            },
        )
        if kind == "bad_route":
            self._bad_route_once(name)
        return name

    def _bad_route_once(self, name: str) -> None:
        """A branch that leads nowhere the first time, and adds nothing later."""

        def route(_state: State) -> str | list[str]:
            self.truth.failures[self.path(name)] += 1
            return "nowhere" if self.truth.failures[self.path(name)] == 1 else []

        self.graph.add_conditional_edges(name, route)
