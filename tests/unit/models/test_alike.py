from typing import Any

import pytest

from mahavishnu_tui.models import Approval
from mahavishnu_tui.models.alike import told_apart, unlike


def asked(value: Any, **changes: Any) -> Approval:
    fields = {"workflow": "release", "node": "approve", "namespace": "", "run_name": "amber-otter", **changes}
    return Approval(
        id="r.q", run_id="r", thread_id="t", interrupt_id="q", value=value, hash="h", asked_at=1.0, **fields
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ship 1?", "Ship 2?"),
        ({"question": "a", "risk": "high"}, {"risk": "low", "question": "b"}),
        ({"q": "a", "changes": ["x"]}, {"q": "b", "changes": ["y", "z"]}),
        ({"q": "a", "options": ["yes", "no"]}, {"q": "b", "options": ["yes", "no"]}),
    ],
)
def test_the_same_form_is_alike_whatever_is_asked(one: Any, other: Any) -> None:
    assert unlike([asked(one), asked(other)]) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ship?", {"question": "Ship?"}),
        ({"q": "a"}, {"q": 1}),
        ({"q": "a", "options": ["yes", "no"]}, {"q": "a", "options": ["no", "yes"]}),
        ({"action_requests": [{"name": "pay"}]}, {"action_requests": [{"name": "pay"}, {"name": "pay"}]}),
        ({"action_requests": [{"name": "pay"}]}, {"action_requests": [{"name": "delete"}]}),
        ([{"action_request": {"action": "pay"}}], [{"action_request": {"action": "delete"}}]),
        ({"type": "human_input", "action_type": "approve"}, {"type": "human_input", "action_type": "input"}),
    ],
)
def test_another_form_is_not(one: Any, other: Any) -> None:
    assert "another form" in unlike([asked(one), asked(other)])


def test_workflow_and_node_must_be_the_same() -> None:
    assert "different workflows" in unlike([asked("?"), asked("?", workflow="etl")])
    assert "different nodes" in unlike([asked("?"), asked("?", namespace="sub")])
    assert "another form" in unlike([asked("?"), asked("?", schema={"type": "string"})])


def test_alike_questions_are_told_apart_by_what_differs() -> None:
    one = {"question": "Refund?", "to": "ana", "currency": "EUR", "lines": [1]}
    other = {**one, "to": "bob", "lines": [2]}
    assert told_apart([asked(one), asked(other)]) == ["Refund?  to: ana", "Refund?  to: bob"]
    assert told_apart([asked("Ship 1?"), asked({"question": "Ship 2?"})]) == ["Ship 1?", "Ship 2?"]
