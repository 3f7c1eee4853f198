"""Asking a human from inside a node, and answering without any server."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command
from typing_extensions import TypedDict

from mahavishnu_tui.engines import HumanInputTimeoutError, LangGraphAdapter
from mahavishnu_tui.engines.langgraph import HumanAction, request_human_input
from mahavishnu_tui.models import DeadlineRule, DeadlineRules, ErrorCode


class State(TypedDict, total=False):
    said: Any


async def ask(state: State) -> State:
    return {
        "said": request_human_input(
            "Ship it?",
            context={"risk": "high"},
            timeout_seconds=60,
            on_timeout="default",
            default=False,
        )
    }


def graph() -> StateGraph[Any]:
    builder = StateGraph(State)
    builder.add_node(ask)
    builder.add_edge(START, "ask")
    return builder


@pytest.fixture
async def adapter(tmp_path: Path) -> AsyncIterator[LangGraphAdapter]:
    async with LangGraphAdapter(tmp_path, tmp_path / "c.db") as opened:
        yield opened


async def test_a_question_carries_what_the_server_needs_to_know(adapter: LangGraphAdapter) -> None:
    stopped = await adapter.execute({"graph": graph(), "input": {}, "thread_id": "t.1"})
    assert stopped["status"] == "interrupted"
    (waiting,) = await adapter.pending()
    assert (waiting.prompt, waiting.thread_id) == ("Ship it?", "t.1")
    assert waiting.question.value["action_type"] == HumanAction.APPROVE.value
    rule = DeadlineRules().of("any", waiting.question.value, 0.0)
    assert rule == DeadlineRule(60, "default", False)
    assert await adapter.pending("another") == []


async def test_an_answer_reaches_who_waits_and_counts_once(adapter: LangGraphAdapter) -> None:
    await adapter.execute({"graph": graph(), "input": {}})
    (waiting,) = await adapter.pending()
    answer = asyncio.create_task(adapter.wait_for_human_input(waiting.request_id, timeout=30))
    assert await adapter.respond_to_human_input(waiting.request_id, {"ship": True}) is True
    assert await answer == {"ship": True}
    assert await adapter.respond_to_human_input(waiting.request_id, "again") is False
    assert await adapter.pending() == []


async def test_a_graph_that_its_owner_has_dropped_keeps_its_id(adapter: LangGraphAdapter) -> None:
    dropped = graph().compile()
    held = weakref.ref(dropped)
    await adapter.execute({"graph": dropped, "input": {}})
    del dropped
    gc.collect()
    assert held() is not None  # its threads go by its id, which another graph must not get
    (waiting,) = await adapter.pending()
    assert await adapter.respond_to_human_input(waiting.request_id, True) is True


async def test_nobody_answers_in_time(adapter: LangGraphAdapter) -> None:
    await adapter.execute({"graph": graph(), "input": {}})
    (waiting,) = await adapter.pending()
    with pytest.raises(TimeoutError) as late:
        await adapter.wait_for_human_input(waiting.request_id, timeout=0.01)
    assert isinstance(late.value, HumanInputTimeoutError)
    assert late.value.code is ErrorCode.HUMAN_TIMEOUT
    assert await adapter.respond_to_human_input(waiting.request_id, True) is True


async def test_unknown_requests_are_not_answered(adapter: LangGraphAdapter) -> None:
    assert await adapter.respond_to_human_input("nothing.known", True) is False


async def test_without_us_it_is_a_plain_interrupt() -> None:
    compiled = graph().compile(checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "t"}}
    stopped = await compiled.ainvoke({}, config)
    assert stopped["__interrupt__"][0].value["prompt"] == "Ship it?"
    assert (await compiled.ainvoke(Command(resume="yes"), config))["said"] == "yes"


@pytest.mark.parametrize(
    "wrong", [{"timeout_seconds": -1}, {"timeout_seconds": float("nan")}, {"on_timeout": "explode"}]
)
def test_arguments_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        request_human_input("?", **wrong)


def test_nothing_else_is_offered() -> None:
    import mahavishnu_tui.engines.langgraph as package

    with pytest.raises(AttributeError, match="nothing_here"):
        package.nothing_here  # noqa: B018
