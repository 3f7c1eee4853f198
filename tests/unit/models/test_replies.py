"""Each kind of question is recognised, asked about action by action, and answered in its own shape."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.models import Approval, ErrorCode, MahavishnuError
from mahavishnu_tui.models.asking import VERBS, Action, actions, recognise
from mahavishnu_tui.models.replies import Decision, asked_about, problems, reply

INBOX = {
    "action_request": {"action": "send_mail", "args": {"to": "ana"}},
    "config": {"allow_accept": True, "allow_edit": True, "allow_respond": True, "allow_ignore": True},
    "description": "# A mail",
}
BATCH = {
    "action_requests": [
        {"name": "delete", "args": {"path": "/tmp/x"}, "description": "Deletes"},
        {"name": "mail", "args": {"to": "ana"}},
        {"name": "delete", "args": {}},
    ],
    "review_configs": [
        {"action_name": "delete", "allowed_decisions": ["reject", "approve"]},
        {
            "action_name": "mail",
            "allowed_decisions": ["approve", "edit", "respond"],
            "args_schema": {"type": "object", "properties": {"to": {"type": "string"}}},
        },
    ],
}
CALL = {
    "type": "tool_approval",
    "tool_call_id": "c1",
    "name": "rm",
    "args": {"path": "/"},
    "description": "?",
}
CALL_SCHEMA: dict[str, Any] = {
    "$defs": {
        "Approve": {"type": "object", "properties": {"type": {"const": "approve"}}, "required": ["type"]},
        "Args": {"type": "object", "properties": {"path": {"$ref": "#/$defs/Path"}}, "required": ["path"]},
        "Path": {"type": "string"},
        "Edited": {
            "type": "object",
            "properties": {"name": {"const": "rm"}, "args": {"$ref": "#/$defs/Args"}},
        },
        "Edit": {
            "type": "object",
            "properties": {"type": {"enum": ["edit"]}, "edited_action": {"$ref": "#/$defs/Edited"}},
            "required": ["type", "edited_action"],
        },
    },
    "oneOf": [{"$ref": "#/$defs/Approve"}, {"$ref": "#/$defs/Edit"}],
}


def asked(value: Any, schema: Any = None, **more: Any) -> Approval:
    plain = {
        "id": "r.q",
        "run_id": "r",
        "run_name": "n",
        "workflow": "w",
        "thread_id": "t",
        "interrupt_id": "q",
    }
    return Approval(
        **plain,
        node="ask",
        namespace="",
        value=value,
        hash="h",
        asked_at=0.0,
        kind=recognise(value, schema),
        schema=schema,
        **more,
    )


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("go on?", "value"),
        ({"question": "go on?"}, "value"),
        (INBOX, "agent_inbox"),
        ([INBOX], "agent_inbox"),
        (json.dumps([INBOX]), "agent_inbox"),
        (json.dumps(INBOX), "agent_inbox"),
        ([INBOX, INBOX], "value"),
        ({**INBOX, "config": {}}, "value"),
        ({**INBOX, "config": {"allow_accept": "yes"}}, "value"),
        ({**INBOX, "action_request": {"args": {}}}, "value"),
        ({**INBOX, "action_request": {"action": "x", "args": [1]}}, "value"),
        ({**INBOX, "action_request": "x"}, "value"),
        ("{not json", "value"),
        ("[" * 100_000, "value"),
        ('{"a": 1}', "value"),
        ([], "value"),
        (3, "value"),
        (BATCH, "hitl_request"),
        ([BATCH], "value"),
        ({"action_requests": [{"name": "rm"}], "review_configs": []}, "hitl_request"),
        ({**BATCH, "action_requests": []}, "value"),
        ({**BATCH, "action_requests": ["delete", "…"]}, "value"),
        ({**BATCH, "action_requests": [{"name": "delete"}, {"name": 3}]}, "value"),
        ({**BATCH, "action_requests": [{"name": "delete", "args": "…"}]}, "value"),
        ({**BATCH, "review_configs": {"action_name": "delete"}}, "value"),
        ({**BATCH, "review_configs": [{"action_name": "delete", "allowed_decisions": ["dance"]}]}, "value"),
        ({**BATCH, "review_configs": [{"action_name": "delete", "allowed_decisions": "approve"}]}, "value"),
        (CALL, "tool_approval"),
        ({"type": "tool_approval", "name": "rm"}, "tool_approval"),
        ({"type": "tool_approval"}, "value"),
        ({"type": "tool_approval", "name": ""}, "value"),
    ],
)
def test_kinds(value: Any, kind: str) -> None:
    assert recognise(value) == kind


def test_what_is_asked_about() -> None:
    assert asked_about(asked("go on?")) == []
    (mail,) = asked_about(asked(json.dumps([INBOX])))
    assert (mail.name, mail.args, mail.description) == ("send_mail", {"to": "ana"}, "# A mail")
    assert mail.allowed == ("approve", "edit", "respond", "ignore")
    first, second, third = asked_about(asked(BATCH))
    assert (first.allowed, first.description) == (("approve", "reject"), "Deletes")
    assert second.allowed == ("approve", "edit", "respond")
    assert second.args_schema is not None
    assert third.args_schema is None
    (plain,) = asked_about(asked(CALL))
    assert plain.allowed == ("approve", "edit", "reject")
    (call,) = asked_about(asked(CALL, CALL_SCHEMA))
    assert call.allowed == ("approve", "edit")
    assert call.args_schema is not None
    assert call.args_schema["properties"] == {"path": {"$ref": "#/$defs/Path"}}
    assert call.args_schema["$defs"]["Path"] == {"type": "string"}
    alone = {"type": "object", "properties": {"type": {"const": "respond"}, "message": {"type": "string"}}}
    assert asked_about(asked(CALL, alone))[0].allowed == ("respond",)
    assert asked_about(asked(CALL, {"type": "boolean"}))[0].allowed == ("approve", "edit", "reject")


def test_a_list_says_what_would_be_done() -> None:
    assert asked(json.dumps([INBOX])).title == "send_mail(to: ana)"
    assert asked(BATCH).title == "delete(path: /tmp/x) and 2 more"
    assert asked({"question": "go on?"}).title == "go on?"


def test_agent_inbox_answers_are_a_list_of_one() -> None:
    question = asked([INBOX])
    request = {"action": "send_mail", "args": {"to": "ana"}}
    assert reply(question, [Decision("approve")]) == [{"type": "accept", "args": request}]
    edited = {"action": "send_mail", "args": {"to": "bo"}}
    assert reply(question, [Decision("edit", args={"to": "bo"})]) == [{"type": "edit", "args": edited}]
    assert reply(question, [Decision("respond", "why?")]) == [{"type": "response", "args": "why?"}]
    assert reply(question, [Decision("ignore")]) == [{"type": "ignore", "args": None}]
    cut = question.replace(truncated=True)
    assert reply(cut, [Decision("approve")]) == [{"type": "accept", "args": None}], "half of it is not it"


def test_batches_are_answered_in_order_and_calls_with_one_decision() -> None:
    decisions = [Decision("approve"), Decision("edit", args={"to": "bo"}), Decision("reject", "no")]
    assert reply(asked(BATCH), decisions) == {
        "decisions": [
            {"type": "approve"},
            {"type": "edit", "edited_action": {"name": "mail", "args": {"to": "bo"}}},
            {"type": "reject", "message": "no"},
        ]
    }
    assert reply(asked(CALL), [Decision("reject")]) == {"type": "reject"}


@pytest.mark.parametrize(
    ("question", "decisions", "said"),
    [
        (asked(BATCH), [Decision("approve")], "3 actions, not 1"),
        (asked(BATCH), [Decision("respond", "x"), *[Decision("approve")] * 2], "delete cannot be answered"),
        (asked(CALL, CALL_SCHEMA), [Decision("reject")], "It allows approve, edit"),
        (asked("go on?"), [Decision("approve")], "0 actions"),
    ],
)
def test_what_is_not_allowed_is_refused(question: Approval, decisions: list[Decision], said: str) -> None:
    with pytest.raises(MahavishnuError) as refused:
        reply(question, decisions)
    assert refused.value.code is ErrorCode.ANSWER_INVALID
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("value", "answer", "said"),
    [
        (INBOX, {"type": "accept"}, "The answer must be a list of one"),
        (INBOX, [{"type": "approve"}], "[0].type must be one of accept, edit, response, ignore."),
        (INBOX, [{"type": "edit", "args": {"to": "bo"}}], "[0].args.action must be a name."),
        (INBOX, [{"type": "edit", "args": None}], "[0].args must be an object"),
        (INBOX, [{"type": "accept", "args": "yes"}], "[0].args must be an object"),
        (INBOX, [{"type": "response", "args": None}], "[0].args must be a text."),
        (INBOX, [{"type": "ignore", "args": 3}], "[0].args must be null."),
        (BATCH, True, 'must be an object with a list "decisions"'),
        (BATCH, {"decisions": [{"type": "approve"}]}, "decisions needs one decision per action: 3, not 1."),
        (BATCH, {"decisions": [{"type": "edit"}] * 3}, "decisions[0] must be a decision about delete"),
        (CALL, {"type": "edit", "edited_action": {"name": "rm"}}, "edited_action.args must be an object."),
        (CALL, {"type": "reject", "message": 3}, "message must be a text."),
        (CALL, "yes", 'one of {"type": "approve"}'),
        ({**CALL, "args": {}}, {"type": []}, 'one of {"type": "approve"}'),
    ],
)
def test_an_answer_of_another_shape_is_named(value: Any, answer: Any, said: str) -> None:
    found = problems(recognise(value), value, None, answer)
    assert said in found[0].sentence()


def test_what_fits_has_no_problems() -> None:
    assert problems("value", "go on?", None, {"anything": 1}) == []
    assert problems("breakpoint", {}, None, True) == []
    assert problems("breakpoint", {}, None, None) == []
    assert problems("breakpoint", {}, None, False)
    assert problems("breakpoint", {}, None, 1)
    assert problems("agent_inbox", INBOX, None, [{"type": "accept", "args": None}]) == []
    respond = {"action_requests": [{"name": "a"}], "review_configs": [_rule("a", "respond")]}
    assert problems("hitl_request", respond, None, {"decisions": [{"type": "respond", "message": "m"}]}) == []
    assert problems("hitl_request", respond, None, {"decisions": [{"type": "respond"}]})


def _rule(name: str, *allowed: str) -> dict[str, Any]:
    return {"action_name": name, "allowed_decisions": list(allowed)}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
WORDS = st.sampled_from(["approve", "edit", "reject", "respond", "ignore", "dance", ""])
NAMES = st.sampled_from(["a", "b", "tool", ""])
REQUEST = st.fixed_dictionaries(
    {"name": NAMES | JSON},
    optional={"args": st.dictionaries(NAMES, JSON, max_size=2) | JSON, "description": JSON},
)
CONFIG = st.fixed_dictionaries(
    {"action_name": NAMES | JSON}, optional={"allowed_decisions": st.lists(WORDS, max_size=4) | JSON}
)
LOOKALIKES = st.one_of(
    JSON,
    st.fixed_dictionaries(
        {
            "action_requests": st.lists(REQUEST, max_size=3) | JSON,
            "review_configs": st.lists(CONFIG, max_size=3) | JSON,
        }
    ),
    st.fixed_dictionaries({"type": st.just("tool_approval"), "name": NAMES | JSON, "args": JSON}),
    st.fixed_dictionaries(
        {
            "action_request": st.fixed_dictionaries({"action": NAMES | JSON, "args": JSON}) | JSON,
            "config": st.dictionaries(
                st.sampled_from(["allow_accept", "allow_edit", "allow_respond", "allow_ignore"]),
                st.booleans() | JSON,
            )
            | JSON,
        }
    ),
)
WRAPPED = LOOKALIKES | LOOKALIKES.map(lambda value: [value]) | LOOKALIKES.map(json.dumps)
SCHEMAS = st.none() | st.dictionaries(
    st.sampled_from(["oneOf", "anyOf", "properties", "$ref", "$defs"]), JSON
)


@given(WRAPPED, SCHEMAS, JSON)
def test_recognition_and_checks_take_any_json(value: Any, schema: Any, answer: Any) -> None:
    kind = recognise(value, schema)
    assert bool(actions(kind, value, schema)) == (kind != "value")
    for problem in problems(kind, value, schema, answer):
        assert problem.sentence().endswith(".")


def decided(action: Action) -> st.SearchStrategy[Decision]:
    return st.builds(
        Decision,
        verb=st.sampled_from(action.allowed),
        message=st.text(max_size=5),
        args=st.none() | st.dictionaries(st.text(max_size=3), JSON, max_size=2),
    )


@given(WRAPPED, st.data())
def test_every_reply_that_is_built_is_one_that_the_question_takes(value: Any, data: st.DataObject) -> None:
    question = asked(value)
    decisions = [data.draw(decided(action)) for action in asked_about(question)]
    if not decisions:
        return
    answer = reply(question, decisions)
    assert problems(question.kind, value, None, answer) == []
    json.dumps(answer)


@given(WRAPPED, st.lists(st.builds(Decision, verb=st.sampled_from(VERBS)), max_size=3))
def test_what_is_not_asked_for_is_not_built(value: Any, decisions: list[Decision]) -> None:
    question = asked(value)
    allowed = [action.allowed for action in asked_about(question)]
    matched = len(decisions) == len(allowed) > 0 and all(
        decision.verb in verbs for decision, verbs in zip(decisions, allowed, strict=True)
    )
    if matched:
        assert problems(question.kind, value, None, reply(question, decisions)) == []
    else:
        with pytest.raises(MahavishnuError) as refused:
            reply(question, decisions)
        assert refused.value.code is ErrorCode.ANSWER_INVALID
