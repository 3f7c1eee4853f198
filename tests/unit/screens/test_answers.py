"""Which answers a question allows."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.models import Approval, GraphEdge, GraphShape
from mahavishnu_tui.models.replies import asked_about
from mahavishnu_tui.schemas import fits
from mahavishnu_tui.screens.answers import choices, decisions, example, prefill, what_next
from tests.snapshots.scenes import RELEASE, approval, world

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "ok": {"type": "boolean"},
        "amount": {"type": "integer", "default": 5},
        "currency": {"enum": ["EUR", "USD"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "note": {"type": ["string", "null"]},
    },
    "required": ["ok", "amount", "currency", "tags", "note"],
}


def asked(value: Any, **more: Any) -> Approval:
    return approval(world().runs[0], "ask", value, 10, **more)


def labels(question: Approval) -> list[str]:
    return [choice.label for choice in choices(question)]


def test_a_plain_value_allows_everything() -> None:
    assert labels(asked("go on?")) == ["Approve", "Reject", "Edit…", "Respond…"]
    assert [choice.value for choice in choices(asked("?"))[:2]] == [True, False]


def test_a_breakpoint_only_continues() -> None:
    assert labels(asked(None, kind="breakpoint")) == ["Continue"]


def test_options_become_buttons() -> None:
    question = asked({"question": "?", "choices": ["pay", {"value": 7, "label": "seven"}, {"ok": True}]})
    found = choices(question)
    assert [choice.label for choice in found] == ["pay", "seven", '{"ok": true}', "Edit…"]
    assert [choice.value for choice in found[:2]] == ["pay", 7]
    assert prefill(question) == "pay"


def test_of_many_options_one_is_typed_and_none_is_a_yes() -> None:
    question = asked({"options": list(range(20))})
    assert labels(question) == ["Edit…", "Respond…"]
    assert prefill(question) == 0


def test_a_schema_is_filled_in() -> None:
    question = asked({"question": "?"}, schema=SCHEMA)
    assert labels(question) == ["Fill in…"]
    assert example(SCHEMA) == {"ok": False, "amount": 5, "currency": "EUR", "tags": [], "note": ""}
    assert fits(example(SCHEMA), SCHEMA)


INBOX = {
    "action_request": {"action": "mail", "args": {"to": "ana"}},
    "config": {"allow_accept": True, "allow_ignore": True, "allow_edit": True, "allow_respond": True},
}


def offered(question: Approval) -> list[tuple[str, str]]:
    return [(item.label, item.editor) for item in decisions(question, asked_about(question)[0])]


def test_an_action_has_exactly_the_buttons_that_its_question_allows() -> None:
    question = asked([INBOX], kind="agent_inbox")
    whole = [("Accept", ""), ("Edit…", "json"), ("Respond…", "text"), ("Ignore", "")]
    assert offered(question) == whole
    assert [item for item in whole if item[0] != "Edit…"] == offered(question.replace(truncated=True))
    batch = {
        "action_requests": [{"name": "a", "args": {}}],
        "review_configs": [{"action_name": "a", "allowed_decisions": ["reject", "edit"]}],
    }
    assert offered(asked(batch, kind="hitl_request")) == [("Edit…", "json"), ("Reject…", "text")]
    batch["review_configs"][0]["args_schema"] = {"properties": {"n": {"type": "integer"}}}
    assert offered(asked(batch, kind="hitl_request")) == [("Edit…", "form"), ("Reject…", "text")]


def test_yes_or_no_is_two_buttons() -> None:
    assert labels(asked("?", schema={"type": "boolean"})) == ["Yes", "No"]


def test_what_was_cut_off_is_not_what_the_editor_starts_with() -> None:
    question = asked({"a": 1})
    assert prefill(question) == {"a": 1}
    assert prefill(question.replace(truncated=True)) is True


KINDS = st.sampled_from(["object", "array", "string", "integer", "number", "boolean", "null"])
SCHEMAS = st.recursive(
    st.fixed_dictionaries({"type": KINDS})
    | st.fixed_dictionaries({"enum": st.lists(st.integers(), min_size=1)}),
    lambda inner: st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.dictionaries(st.text(max_size=5), inner, max_size=4)}
    ),
    max_leaves=8,
)


@given(SCHEMAS)
def test_the_example_of_a_schema_fits_it(schema: dict[str, Any]) -> None:
    assert fits(example(schema), schema)


def test_other_examples() -> None:
    assert example({"const": 3}) == 3
    assert example({"type": []}) is None
    deep: dict[str, Any] = {"type": "object"}
    deep["properties"] = {"again": deep}
    assert example(deep)


def test_what_comes_next() -> None:
    def said(shape: GraphShape | None, node: str, namespace: str = "", **more: Any) -> str:
        return what_next(asked("?").replace(node=node, namespace=namespace, **more), shape)

    on = "goes on with your answer"
    assert said(RELEASE, "approve") == f"approve {on}, then: yes → deploy or no → fix"
    assert said(RELEASE, "legal", "review") == f"legal {on}, then: the end"
    assert said(RELEASE, "legal", "nowhere") == said(None, "legal") == f"legal {on}"
    hostile = GraphShape([], [GraphEdge("a", "b\x1b[2J"), GraphEdge("a", "c")])
    assert said(hostile, "a") == f"a {on}, then: b\ufffd[2J and c"
    stop = {"breakpoint": "after", "nodes": ["a"]}
    assert said(hostile, "a", kind="breakpoint", value=stop) == "b\ufffd[2J and c, once you say so"
    stop = {"breakpoint": "before", "nodes": ["a", "d"]}
    assert said(hostile, "a", kind="breakpoint", value=stop) == "a and d, once you say so"
    assert said(None, "a", kind="breakpoint", value=None) == "the run goes on, once you say so"
