"""Prefect's JSON as our records; whatever it holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mahavishnu_tui.server import codec
from mahavishnu_tui.server.prefect import visits
from mahavishnu_tui.server.prefect.mapping import Names, question, seen

NOW = 1_800_000_000.0
NAMES = Names({"f": "etl"}, {"d": "nightly"})
LATER, EARLIER = "2027-01-15T09:00:00Z", "2027-01-15T07:00:00Z"  # an hour from NOW, an hour before it


def told(kind: str = "RUNNING", name: str = "", **more: Any) -> dict[str, Any]:
    details = more.pop("details", {})
    return {
        "id": "r1",
        "name": "calm-cat",
        "flow_id": "f",
        "created": EARLIER,
        "state_type": kind,
        "state_name": name or kind.title(),
        "state_id": "s1",
        "state": {"id": "s1", "type": kind, "name": name or kind.title(), "state_details": details, **more},
    }


@pytest.mark.parametrize(
    ("kind", "details", "status"),
    [
        ("SCHEDULED", {"scheduled_time": LATER}, "scheduled"),
        ("SCHEDULED", {"scheduled_time": EARLIER}, "queued"),
        ("PENDING", {}, "queued"),
        ("RUNNING", {}, "running"),
        ("CANCELLING", {}, "running"),
        ("PAUSED", {}, "paused"),
        ("PAUSED", {"run_input_keyset": {"schema": "paused-1-schema"}}, "interrupted"),
        ("COMPLETED", {}, "success"),
        ("FAILED", {}, "error"),
        ("CRASHED", {}, "error"),
        ("CANCELLED", {}, "cancelled"),
    ],
)
def test_states_are_ours(kind: str, details: dict[str, Any], status: str) -> None:
    found = seen(told(kind, details=details), NAMES, NOW).run
    assert (found.status, found.state, found.workflow) == (status, kind.title(), "etl")


def test_a_failure_says_what_prefect_says_and_hides_no_control_bytes() -> None:
    found = seen(told("FAILED", message="boom \x1b[31m[bold]now[/]"), NAMES, NOW).run
    assert found.error is not None
    assert found.error["message"] == "boom \N{REPLACEMENT CHARACTER}[31m[bold]now[/]"


def test_a_run_made_ahead_has_the_age_of_its_time() -> None:
    due = {"scheduled_time": LATER}
    waiting = {**told("SCHEDULED", details=due), "expected_start_time": LATER, "auto_scheduled": True}
    assert seen(waiting, NAMES, NOW).run.created_at < NOW
    begun = {**told("RUNNING"), "expected_start_time": LATER, "auto_scheduled": True}
    assert seen(begun, NAMES, NOW).run.created_at > NOW


def test_the_hash_of_a_question_covers_all_that_is_shown() -> None:
    keys = {"schema": "paused-1-schema"}
    base = question("r", keys, {"type": "object"}, "Deploy?", None)
    assert base.interrupt_id == "paused-1"
    others = [
        question("other", keys, {"type": "object"}, "Deploy?", None),
        question("r", {"schema": "paused-2-schema"}, {"type": "object"}, "Deploy?", None),
        question("r", keys, {"type": "object", "title": "X"}, "Deploy?", None),
        question("r", keys, {"type": "object"}, "Delete?", None),
    ]
    assert len({base.hash, *(item.hash for item in others)}) == 5


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
FIELDS = st.sampled_from(
    ["name", "flow_id", "deployment_id", "created", "updated", "state_type", "state_name", "state", "tags",
     "expected_start_time", "start_time", "end_time", "run_count", "created_by", "work_pool_name",
     "auto_scheduled", "next_scheduled_start_time", "state_id", "task_key", "task_inputs"]
)  # fmt: skip


@given(
    st.dictionaries(FIELDS, JSON), st.dictionaries(st.sampled_from(["type", "state_details", "name"]), JSON)
)
@settings(deadline=None, max_examples=300)
def test_no_json_breaks_it(fields: dict[str, Any], state: dict[str, Any]) -> None:
    fields = {**fields, "id": "r1"}
    if isinstance(fields.get("state"), dict):
        fields["state"] |= state
    found = seen(fields, NAMES, NOW)
    assert codec.loads(codec.dumps(found.run.to_json()))["id"] == "r1"
    numbered = visits.Numbers().give([fields])
    (visit,) = visits.visits("r1", numbered)
    assert codec.dumps(visit.to_json())
    assert visits.shape(numbered).nodes
