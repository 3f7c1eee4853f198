from __future__ import annotations

import pytest
from langgraph.types import Interrupt

from mahavishnu_tui.engines.langgraph.called import interrupt_key
from mahavishnu_tui.engines.langgraph.questions import (
    breakpoint_question,
    interrupt_question,
    question_hash,
)


def test_a_question_says_what_kind_it_is_and_what_its_answer_must_be() -> None:
    call = {"type": "tool_approval", "name": "rm", "args": {}}
    schema = {"type": "object", "properties": {"type": {"const": "approve"}}}
    found = interrupt_question("id", "n", "", call, schema, "c")
    assert (found.kind, found.schema, found.truncated) == ("tool_approval", schema, False)
    assert interrupt_question("id", "n", "", "go on?", None, "c").kind == "value"


def test_what_is_too_large_to_be_told_is_marked_and_not_taken_for_a_whole_request() -> None:
    requests = [{"name": "mail", "args": {"body": "x" * 200_000}} for _ in range(3)]
    rules = [{"action_name": "mail", "allowed_decisions": ["approve"]}]
    found = interrupt_question(
        "id", "n", "", {"action_requests": requests, "review_configs": rules}, None, "c"
    )
    assert found.truncated
    huge = {"type": "object", "properties": {f"p{n}": {"description": "d" * 3000} for n in range(200)}}
    assert interrupt_question("id", "n", "", "?", huge, "c").schema is None


def test_the_hash_covers_id_place_value_and_schema() -> None:
    base = ("id", "a/b", {"q": 1}, {"type": "object"})
    hashes = {question_hash(*base)}
    for position, other in enumerate(("id2", "a/c", {"q": 2}, None)):
        changed = list(base)
        changed[position] = other
        hashes.add(question_hash(*changed))
    assert len(hashes) == 5
    assert question_hash(*base) == question_hash("id", "a/b", {"q": 1}, {"type": "object"})


def test_a_long_value_is_shown_cut_and_hashed_whole() -> None:
    ask = [interrupt_question("id", "n", "", "x" * 400_000 + end, None, "c") for end in "ab"]
    assert ask[0].value == ask[1].value
    assert ask[0].hash != ask[1].hash


def test_a_breakpoint_keeps_its_id() -> None:
    first = breakpoint_question("before", ["a", "b"], "", "", "c1")
    assert first == breakpoint_question("before", ["a", "b"], "", "", "c1")
    assert first.kind == "breakpoint"
    assert first.value["question"] == "Stopped before a, b. Go on?"
    assert first.interrupt_id != breakpoint_question("after", ["a", "b"], "", "", "c1").interrupt_id
    assert first.interrupt_id != breakpoint_question("before", ["a", "b"], "", "", "c2").interrupt_id


def test_ids_are_made_as_langgraph_makes_them() -> None:
    assert Interrupt.from_ns("v", "a:1").id == interrupt_key("a:1", 0)
    langgraph = pytest.importorskip("langgraph.types")
    assert langgraph._interrupt_id("a:1|b:2", 3) == interrupt_key("a:1|b:2", 3)
