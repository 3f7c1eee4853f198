"""Questions asked inside graphs that the body of a node calls, more than once or of several kinds."""

from __future__ import annotations

import asyncio
import operator
from pathlib import Path
from typing import Annotated, Any

import pytest
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict

from mahavishnu_tui.engines import LangGraphAdapter
from mahavishnu_tui.engines.langgraph.requests import Answer, RunRequest

MOST = 12
"""Dispatches after which a run that asks must have ended."""


class State(TypedDict, total=False):
    log: Annotated[list[str], operator.add]


def one_node(name: str, code: Any) -> Any:
    graph = StateGraph(State)
    graph.add_node(name, code)
    graph.add_edge(START, name)
    graph.add_edge(name, END)
    return graph.compile()


def asks(name: str, times: int = 1) -> Any:
    def ask(_state: State) -> State:
        return {"log": [str(interrupt(f"{name} {index}")) for index in range(times)]}

    return one_node(name, ask)


short, long = asks("short"), asks("long", 2)
deep = one_node("holder", asks("deep"))


async def two_calls_of_one(_state: State) -> State:
    return {"log": [text for _ in range(2) for text in (await short.ainvoke({"log": []}))["log"]]}


async def one_after_the_other(_state: State) -> State:
    asked = [await graph.ainvoke({"log": []}) for graph in (long, deep, short)]
    return {"log": [text for state in asked for text in state["log"]]}


def without_async(_state: State) -> State:
    asked = [graph.invoke({"log": []}) for graph in (deep, long)]
    return {"log": [text for state in asked for text in state["log"]]}


async def known_one_last(_state: State) -> State:
    log: list[str] = []
    for first in (True, False):
        if not first:
            log += (await short.ainvoke({"log": []}))["log"]  # LangGraph knows this graph of the body alone
        else:
            log += (await deep.ainvoke({"log": []}))["log"]
    return {"log": log}


async def at_the_same_time(_state: State) -> State:
    asked = await asyncio.gather(*(graph.ainvoke({"log": []}) for graph in (long, deep, short)))
    return {"log": [text for state in asked for text in state["log"]]}


async def between_its_own(_state: State) -> State:
    first = interrupt("own 0")
    log = [text for _ in range(2) for text in (await long.ainvoke({"log": []}))["log"]]
    return {"log": [str(first), *log, str(interrupt("own 1"))]}


class Asked:
    """A run whose questions are answered as they come."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.questions: list[tuple[str, str, str]] = []
        self.applied: list[str] = []

    def notify(self, notice: dict[str, Any]) -> None:
        if notice["ev"] == "answers":
            assert not notice["stale"]
            self.applied += notice["applied"]

    async def run(self, graph: Any) -> dict[str, Any]:
        ids: list[str] = []
        async with LangGraphAdapter(self.folder, self.folder / "c.db", notify=self.notify) as adapter:
            done = await adapter.execute(
                {"graph": graph, "spec": "graph", "input": {"log": []}, "run_id": "r", "thread_id": "t"}
            )
            for lease in range(2, MOST):
                if done["status"] != "interrupted":
                    break
                asked = done["questions"]
                self.questions += [(item["value"], item["node"], item["namespace"]) for item in asked]
                ids += [item["interrupt_id"] for item in asked]
                answers = tuple(
                    Answer(item["interrupt_id"], item["hash"], f"{item['value']} answered") for item in asked
                )
                request = RunRequest(
                    "r", "t", "graph", lease, "continue", answers=answers, next_visit=lease * 100
                )
                done = await (await adapter.start(request))
        assert self.applied == ids
        assert len(set(ids)) == len(ids)
        return done


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (two_calls_of_one, [("short 0", "short", "body")] * 2),
        (
            one_after_the_other,
            [
                ("long 0", "long", "body"),
                ("long 1", "long", "body"),
                ("deep 0", "deep", "body/holder"),
                ("short 0", "short", "body"),
            ],
        ),
        (
            without_async,
            [("deep 0", "deep", "body/holder"), ("long 0", "long", "body"), ("long 1", "long", "body")],
        ),
        (known_one_last, [("deep 0", "deep", "body/holder"), ("short 0", "short", "body")]),
        (
            between_its_own,
            [
                ("own 0", "body", ""),
                *[("long 0", "long", "body"), ("long 1", "long", "body")] * 2,
                ("own 1", "body", ""),
            ],
        ),
    ],
)
async def test_every_question_is_shown_once_and_its_answer_taken(
    tmp_path: Path, body: Any, expected: list[tuple[str, str, str]]
) -> None:
    asked = Asked(tmp_path)
    done = await asked.run(one_node("body", body))
    assert done["status"] == "success"
    assert asked.questions == expected
    assert done["values"]["log"] == [f"{value} answered" for value, _, _ in expected]


async def test_graphs_called_at_the_same_time_ask_one_after_the_other(tmp_path: Path) -> None:
    # LangGraph ends a body with the first question that reaches it; the others come when it is answered.
    asked = Asked(tmp_path)
    done = await asked.run(one_node("body", at_the_same_time))
    assert done["status"] == "success"
    expected = ["deep 0", "long 0", "long 1", "short 0"]
    assert sorted(value for value, _, _ in asked.questions) == expected
    assert sorted(done["values"]["log"]) == [f"{value} answered" for value in expected]


async def test_an_answer_given_before_the_body_failed_is_not_asked_for_again(tmp_path: Path) -> None:
    failures: list[str] = []

    async def fails_once(_state: State) -> State:
        log = [text for _ in range(2) for text in (await short.ainvoke({"log": []}))["log"]]
        if not failures:
            failures.append("once")
            raise RuntimeError("no luck")
        return {"log": log}

    asked = Asked(tmp_path)
    graph = one_node("body", fails_once)
    assert (await asked.run(graph))["status"] == "error"
    async with LangGraphAdapter(tmp_path, tmp_path / "c.db") as adapter:
        request = {"graph": graph, "spec": "graph", "run_id": "r", "thread_id": "t", "mode": "continue"}
        done = await adapter.execute(request)
    assert (done["status"], done["values"]["log"]) == ("success", ["short 0 answered"] * 2)
    assert len(asked.questions) == 2


async def test_a_node_renamed_in_a_graph_that_a_node_holds_is_still_told(tmp_path: Path) -> None:
    async with LangGraphAdapter(tmp_path, tmp_path / "c.db") as adapter:
        request = {"spec": "graph", "run_id": "r", "thread_id": "t"}
        done = await adapter.execute(
            {**request, "graph": one_node("body", asks("old")), "input": {"log": []}}
        )
        assert done["status"] == "interrupted"
        renamed = one_node("body", asks("new"))
        done = await adapter.execute({**request, "graph": renamed, "mode": "continue"})
    assert (done["status"], done["error"]["code"]) == ("error", "MHV-421")


async def test_a_question_that_cannot_be_stored_is_said_to_be_one(tmp_path: Path) -> None:
    async def body(_state: State) -> State:
        return {"log": [interrupt({"question": object()})]}

    async with LangGraphAdapter(tmp_path, tmp_path / "c.db") as adapter:
        request = {"graph": one_node("body", body), "spec": "graph", "run_id": "r", "thread_id": "t"}
        done = await adapter.execute({**request, "input": {"log": []}})
    assert (done["status"], done["error"]["code"]) == ("error", "MHV-432")
    assert "The question that interrupt() was given" in done["error"]["message"]
