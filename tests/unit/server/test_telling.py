"""A run's story can be told in any pieces, broken off anywhere, and taken up again."""

from __future__ import annotations

import datetime
import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.models import Approval, Run
from mahavishnu_tui.server.facade.telling import AGAIN, LAST, MODES, Cursor, Said, Teller, Told

T0 = 1_700_000_000.0


def checkpoint_id(number: int) -> str:
    return f"1f000000-0000-6000-8000-{number:012d}"


def task(name: str, **changes: Any) -> dict[str, Any]:
    blank = {"id": f"id-{name}", "name": name, "path": ["__pregel_pull", name], "error": None}
    return {**blank, "interrupts": [], "result": None, "namespace": "", "state": None, **changes}


def state(number: int, tasks: list[dict[str, Any]], source: str = "loop") -> dict[str, Any]:
    at = datetime.datetime.fromtimestamp(T0 + number * 10, datetime.UTC)
    return {
        "id": checkpoint_id(number),
        "parent_id": checkpoint_id(number - 1) if number else "",
        "namespace": "",
        "created_at": at.isoformat(),
        "metadata": {"source": source, "step": number - 1},
        "next": [item["name"] for item in tasks],
        "values": {"n": number},
        "truncated": False,
        "tasks": tasks,
    }


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[Said]]:
    """A finished run: an input, steps of one to three tasks, an end; and what its nodes said."""
    widths = draw(st.lists(st.integers(1, 3), max_size=4))
    message = {"type": "ai", "content": "hello", "id": "m1"}
    states = [state(0, [task("__start__", result={"n": 0})], "input")]
    for number, width in enumerate(widths, 1):
        results = [{"out": number}, {"messages": [message]}, None]
        tasks = [
            task(f"{number}{letter}", result=result)
            for letter, result in zip("abc"[:width], results, strict=False)
        ]
        states.append(state(number, tasks))
    states.append(state(len(widths) + 1, []))
    times = sorted(draw(st.lists(st.integers(5, 10 * len(states)), max_size=3, unique=True)))
    return states, [Said(line, T0 + at + 0.5, {"at": at}) for line, at in enumerate(times, 1)]


def tell(
    states: list[Any], said: list[Said], since: Cursor, *, rests: bool, modes: Any = MODES
) -> list[Told]:
    seen = [item for item in states if item["id"] >= since.checkpoint_id]
    return list(
        Teller("t", modes, since).tell(seen, [item for item in said if item.line > since.line], rests=rests)
    )


@given(stories(), st.data())
def test_a_story_broken_off_anywhere_goes_on_with_the_next_event(
    story: tuple[list[Any], list[Said]], data: st.DataObject
) -> None:
    states, said = story
    whole = tell(states, said, Cursor(), rests=True)
    assert len({str(told.at) for told in whole}) == len(whole)
    cut = data.draw(st.integers(0, len(whole) - 1))
    at = Cursor.read(str(whole[cut].at))
    assert at.line == whole[cut].at.line
    assert tell(states, said, at, rests=True) == whole[cut + 1 :]
    # Whatever is not wanted is left out, and nothing else changes.
    modes = data.draw(st.sets(st.sampled_from(["values", "updates", "tasks", "debug", "custom"]), min_size=1))
    said_of = said if "custom" in modes else []
    some = tell(states, said_of, Cursor(), rests=True, modes=modes)
    assert [(told.event, told.data) for told in some] == [
        (told.event, told.data) for told in whole if told.event in modes
    ]


@given(stories(), st.data())
def test_a_story_told_as_it_happens_is_the_story_told_at_its_end(
    story: tuple[list[Any], list[Said]], data: st.DataObject
) -> None:
    states, _ = story
    whole = tell(states, [], Cursor(), rests=True)
    teller = Teller("t", MODES, Cursor())
    told: list[Told] = []
    for count in range(1, len(states) + 1):
        # Of the newest step only some tasks are done yet, in any order.
        newest = states[count - 1]
        open_tasks = data.draw(st.sets(st.integers(0, 2)))
        tasks = [
            {**item, "result": None} if index in open_tasks else item
            for index, item in enumerate(newest["tasks"])
        ]
        now = [*states[: count - 1], {**newest, "tasks": tasks}]
        seen = [item for item in now if item["id"] >= teller.at.checkpoint_id]
        told += teller.tell(seen, rests=False)
    told += teller.tell(states, rests=True)
    assert told == whole


def test_a_task_that_failed_is_told_when_nothing_more_will_come_of_it() -> None:
    states = [state(1, [task("a", result={"x": 1}), task("b", error="ValueError('no')")])]
    running = tell(states, [], Cursor(), rests=False, modes=["updates", "tasks"])
    assert [told.data["name"] for told in running if told.event == "tasks"] == ["a", "b", "a"]
    ended = tell(states, [], Cursor(), rests=True, modes=["tasks"])
    assert ended[-1].data["error"] == "ValueError('no')"


def test_a_task_that_was_cut_off_and_done_again_has_its_result() -> None:
    cut = state(1, [task("a", error="CancelledError()", result={"x": 1}), task("b", error="ValueError()")])
    told = tell([cut, state(2, [])], [], Cursor(), rests=True, modes=["updates", "tasks"])
    assert [item.data for item in told if item.event == "updates"] == [{"a": {"x": 1}}]
    ends = [item.data["error"] for item in told if item.event == "tasks" and "error" in item.data]
    assert ends == [None, "ValueError()"]


def test_a_branch_that_was_left_has_no_results() -> None:
    left, fork = state(1, [task("a")]), {**state(2, []), "parent_id": checkpoint_id(0)}
    told = tell([left, fork], [], Cursor(), rests=True, modes=["updates", "values"])
    assert [(item.event, item.data) for item in told] == [("values", {"n": 1}), ("values", {"n": 2})]


def run(status: Any, version: int = 3, **changes: Any) -> Run:
    return Run(
        id="r",
        name="n",
        thread_id="t",
        workflow_id="w",
        workflow="w",
        status=status,
        created_at=T0,
        version=version,
    ).replace(**changes)


def question(**changes: Any) -> Approval:
    return Approval(
        id="r.q", run_id="r", run_name="n", workflow="w", thread_id="t", interrupt_id="q", node="a",
        namespace="", value="go?", hash="h", asked_at=T0,
    ).replace(**changes)  # fmt: skip


def test_the_end_says_what_is_asked_or_what_went_wrong() -> None:
    asking = state(1, [task("a", interrupts=[{"id": "q", "value": "go?"}])])
    teller = Teller("t", ["updates", "values", "tasks", "debug"], Cursor())
    list(teller.tell([asking], rests=True))
    told = list(teller.end(run("interrupted"), [question()], asking))
    shown = [{"id": "q", "value": "go?", "response_schema": None}]
    assert [(item.event, item.data) for item in told[:2]] == [
        ("updates", {"__interrupt__": shown}),
        ("values", {"n": 1, "__interrupt__": shown}),
    ]
    assert [item.event for item in told[2:]] == ["tasks", "debug"]
    assert told[2].data["interrupts"] == shown
    # Told once; but who saw it and comes back when the run has gone on is told of that step again.
    at = told[-1].at
    assert at.for_run(run("interrupted")) == at
    assert at.for_run(run("running", 4)) == at.for_run(run("success", 5)) == Cursor(checkpoint_id(1), AGAIN)
    assert Cursor(checkpoint_id(1), LAST).for_run(run("running", 4)).ordinal == LAST
    failed = run(
        "error", error={"code": "MHV-426", "message": "boom", "exception": "ValueError", "hint": "h"}
    )
    (wrong,) = Teller("t", ["values"], Cursor()).end(failed, [], None)
    assert (wrong.event, wrong.data["error"], wrong.data["code"]) == ("error", "ValueError", "MHV-426")
    assert not list(Teller("t", ["values"], Cursor()).end(run("success"), [], asking))
    assert b"event: error\ndata: {" in wrong.encode()


@given(st.text(max_size=80))
def test_any_text_is_a_cursor(text: str) -> None:
    assert Cursor.read(text) >= Cursor()


def test_messages_come_whole() -> None:
    states = [
        state(1, [task("a", result={"messages": [{"type": "ai", "content": "hi", "id": "m"}]})]),
        state(2, []),
    ]
    pairs = tell(states, [], Cursor(), rests=True, modes=["messages-tuple"])
    assert [(item.event, item.data[0]["content"]) for item in pairs] == [("messages", "hi")]
    whole = tell(states, [], Cursor(), rests=True, modes=["messages"])
    assert [item.event for item in whole] == ["messages/metadata", "messages/complete"]
    assert len(set(itertools.chain(str(item.at) for item in whole))) == 2
