"""The path record beside who ran when: what a failure stopped or took over, what a branch was given."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from langgraph.graph import START, StateGraph
from langgraph.types import Command, RetryPolicy, Send

from mahavishnu_tui.engines import LangGraphAdapter
from mahavishnu_tui.engines.langgraph.observe import MAX_ARGUMENT, in_few_words
from mahavishnu_tui.models import NodeVisit


class Seen:
    """The notices of one adapter."""

    def __init__(self) -> None:
        self.visits: dict[int, NodeVisit] = {}
        self.told: list[NodeVisit] = []
        self.edges: set[tuple[str, str, str]] = set()

    def __call__(self, notice: dict[str, Any]) -> None:
        if notice["ev"] == "visit":
            visit = NodeVisit.from_json(notice["visit"])
            self.visits[visit.number] = visit
            self.told.append(visit)
        elif notice["ev"] == "edge":
            self.edges.add((notice["namespace"], notice["source"], notice["target"]))

    def of(self, path: str) -> NodeVisit:
        """The newest visit of a node."""
        return [visit for visit in self.visits.values() if visit.path == path][-1]


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
async def adapter(tmp_path: Path, seen: Seen) -> AsyncIterator[LangGraphAdapter]:
    async with LangGraphAdapter(tmp_path, tmp_path / "c.db", notify=seen) as opened:
        yield opened


def graph(*edges: tuple[str, str], **nodes: Any) -> StateGraph[Any]:
    """A graph of these nodes and edges."""
    built: StateGraph[Any] = StateGraph(dict)
    for name, code in nodes.items():
        built.add_node(name, code)
    for source, target in edges:
        built.add_edge(source, target)
    return built


async def nothing(state: dict[str, Any]) -> dict[str, Any]:
    return {}


async def fails(state: dict[str, Any]) -> dict[str, Any]:
    raise RuntimeError("no")


async def forever(state: dict[str, Any]) -> dict[str, Any]:
    await asyncio.Event().wait()
    return {}


async def test_who_is_stopped_by_a_failure_says_by_which(adapter: LangGraphAdapter, seen: Seen) -> None:
    begun = asyncio.Event()

    async def hangs(state: dict[str, Any]) -> dict[str, Any]:
        begun.set()
        await asyncio.Event().wait()
        return {}

    async def fails_then(state: dict[str, Any]) -> dict[str, Any]:
        await asyncio.wait_for(begun.wait(), 20)
        raise RuntimeError("no")

    inner = graph((START, "deep"), deep=hangs).compile()
    built = graph((START, "bad"), (START, "slow"), (START, "sub"), bad=fails_then, slow=forever, sub=inner)
    done = await adapter.execute({"graph": built, "input": {}})
    assert done["status"] == "error"
    assert (seen.of("bad").outcome, seen.of("bad").error) == ("error", "RuntimeError: no")
    for path in ("slow", "sub", "sub/deep"):
        assert (seen.of(path).outcome, seen.of(path).error) == ("cancelled", "stopped because bad failed"), (
            path
        )


async def test_what_an_attempt_raised_is_told_before_the_next_one_begins(
    adapter: LangGraphAdapter, seen: Seen
) -> None:
    tries = threading.Semaphore(0)

    async def flaky(state: dict[str, Any]) -> dict[str, Any]:
        if not tries.acquire(blocking=False):
            tries.release()
            raise RuntimeError("not yet")
        return {}

    built: StateGraph[Any] = StateGraph(dict)
    again = RetryPolicy(initial_interval=0.01, jitter=False, retry_on=RuntimeError)
    built.add_node("flaky", flaky, retry_policy=again)
    built.add_edge(START, "flaky")
    assert (await adapter.execute({"graph": built, "input": {}}))["status"] == "success"
    first = [(visit.outcome, visit.error, visit.ended_at is None) for visit in seen.told if visit.number == 1]
    assert first == [
        ("running", None, True),
        ("running", "RuntimeError: not yet", False),
        ("retried", "RuntimeError: not yet", False),
    ]
    begun = seen.visits[2].started_at
    ended = seen.visits[1].ended_at
    assert ended is not None
    assert begun - ended >= 0.009


async def test_a_handler_names_the_failure_that_it_took_over(adapter: LangGraphAdapter, seen: Seen) -> None:
    async def handle(state: dict[str, Any]) -> Command[Any]:
        return Command(goto="after")

    built = graph((START, "fine"), (START, "bad"), fine=nothing, after=nothing)
    built.add_node("bad", fails, error_handler=handle)
    assert (await adapter.execute({"graph": built, "input": {}}))["status"] == "success"
    bad, handler = seen.of("bad"), seen.of("__error_handler__bad")
    assert (bad.outcome, handler.outcome, handler.handles) == ("error", "success", bad.number)
    assert ("", "__error_handler__bad", "after") in seen.edges


async def test_branches_say_what_they_were_given(adapter: LangGraphAdapter, seen: Seen) -> None:
    built = graph((START, "begin"), begin=nothing, work=nothing)
    built.add_conditional_edges("begin", lambda _: [Send("work", {"id": n}) for n in range(2)], ["work"])
    await adapter.execute({"graph": built, "input": {}})
    branches = sorted((v.branch, v.argument) for v in seen.visits.values() if v.node == "work")
    assert branches == [("send:0", "id=0"), ("send:1", "id=1")]
    assert seen.of("begin").argument == ""


def test_an_argument_is_short_whatever_it_is() -> None:
    class Evil(dict):  # type: ignore[type-arg]
        def items(self) -> Any:
            raise RuntimeError("no")

    assert in_few_words("x" * 10_000).startswith("'xxxx")
    assert in_few_words(object()) == "object"
    assert in_few_words({"a\x1b": [1, {"b": {"c": {}}}]}).startswith("a\N{REPLACEMENT CHARACTER}=[1, ")
    assert in_few_words(Evil(a=1)) == ""
    for value in ({str(n): "y" * 100 for n in range(100)}, {"k" * 500: 1}, list(range(10**5))):
        assert 0 < len(in_few_words(value)) <= MAX_ARGUMENT


async def test_an_end_that_nothing_declares_is_seen(adapter: LangGraphAdapter, seen: Seen) -> None:
    rounds = iter("ab")
    built = graph((START, "a"), ("b", "c"), a=nothing, b=nothing, c=nothing)
    built.add_conditional_edges("a", lambda _: "b" if next(rounds) == "a" else "__end__")
    built.add_conditional_edges("c", lambda _: "a", {"a": "a"})
    assert (await adapter.execute({"graph": built, "input": {}}))["status"] == "success"
    assert seen.edges == {("", "a", "b"), ("", "a", "__end__")}


async def test_what_an_operator_stops_is_not_laid_to_a_node(adapter: LangGraphAdapter, seen: Seen) -> None:
    begun = asyncio.Event()

    async def hang(state: dict[str, Any]) -> dict[str, Any]:
        begun.set()
        await asyncio.Event().wait()
        return {}

    built = graph((START, "hang"), hang=hang)
    run = asyncio.create_task(adapter.execute({"graph": built, "input": {}, "run_id": "r"}))
    await asyncio.wait_for(begun.wait(), 20)
    assert await adapter.cancel("r")
    assert (await run)["status"] == "cancelled"
    assert (seen.of("hang").outcome, seen.of("hang").error) == ("cancelled", "cancelled")
