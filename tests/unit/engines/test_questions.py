from __future__ import annotations

import json
from typing import Any

import pytest
from langgraph.types import Interrupt

from mahavishnu_tui.engines.langgraph.questions import (
    breakpoint_question,
    interrupt_question,
    kind_of,
    question_hash,
)
from mahavishnu_tui.engines.langgraph.thread import _interrupt_id

INBOX = {"action_request": {"action": "rm", "args": {}}, "config": {"allow_accept": True}}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("go on?", "value"),
        ({"question": "go on?"}, "value"),
        (INBOX, "agent_inbox"),
        ([INBOX], "agent_inbox"),
        (json.dumps([INBOX]), "agent_inbox"),
        ([INBOX, INBOX], "value"),
        ("{not json", "value"),
        ('{"a": 1}', "value"),
        ([], "value"),
        (3, "value"),
        ({"action_requests": [{"name": "rm"}], "review_configs": []}, "hitl_request"),
        ({"type": "tool_approval", "name": "rm", "args": {}}, "tool_approval"),
        ({"type": "tool_approval"}, "value"),
    ],
)
def test_kinds(value: Any, kind: str) -> None:
    assert kind_of(value) == kind


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
    assert Interrupt.from_ns("v", "a:1").id == _interrupt_id("a:1", 0)
    langgraph = pytest.importorskip("langgraph.types")
    assert langgraph._interrupt_id("a:1|b:2", 3) == _interrupt_id("a:1|b:2", 3)
