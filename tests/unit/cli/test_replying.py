"""The options of `approve` become an answer in the shape of the question, or a sentence that says why not."""

from __future__ import annotations

import io
from typing import Any

import click
import pytest

from mahavishnu_tui.cli.replying import Said, answer_for
from mahavishnu_tui.models import Approval, ErrorCode, MahavishnuError
from tests.unit.models.test_replies import BATCH, CALL, CALL_SCHEMA, INBOX, asked

ALL = {
    "action_requests": [{"name": "a", "args": {}}, {"name": "b", "args": {"n": 1}}],
    "review_configs": [
        {"action_name": name, "allowed_decisions": ["approve", "edit", "reject", "respond"]} for name in "ab"
    ],
}
NUMBER = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def wrapped(kind: str) -> dict[str, Any]:
    """The schema that Prefect makes of `wait_for_input=str` and its like."""
    return {"type": "object", "properties": {"value": {"type": kind}}, "required": ["value"]}


@pytest.mark.parametrize(
    ("question", "said", "answer"),
    [
        (asked("?"), Said("approve"), True),
        (asked("?"), Said("reject"), False),
        (asked("?"), Said(respond="hm"), "hm"),
        (asked("?"), Said(value='{"n": 1}'), {"n": 1}),
        (asked("?", {"type": "boolean"}), Said("reject"), False),
        (asked("?", NUMBER), Said(value='{"n": 1}'), {"n": 1}),
        (asked("?", wrapped("string")), Said(respond="hm"), {"value": "hm"}),
        (asked("?", wrapped("string")), Said(value='{"value": "hm"}'), {"value": "hm"}),
        (asked("?", wrapped("integer")), Said(value="3"), {"value": 3}),
        (asked("?", wrapped("boolean")), Said("reject"), {"value": False}),
        (asked("?").replace(kind="breakpoint"), Said("approve"), True),
        (asked(INBOX), Said("ignore"), [{"type": "ignore", "args": None}]),
        (asked(INBOX), Said(respond="hm"), [{"type": "response", "args": "hm"}]),
        (
            asked(INBOX),
            Said(edit='{"to": "bo"}'),
            [{"type": "edit", "args": {"action": "send_mail", "args": {"to": "bo"}}}],
        ),
        (asked(CALL), Said("reject", "no"), {"type": "reject", "message": "no"}),
        (asked(ALL), Said("approve"), {"decisions": [{"type": "approve"}] * 2}),
        (asked(ALL), Said("reject", "no"), {"decisions": [{"type": "reject", "message": "no"}] * 2}),
        (
            asked(ALL),
            Said("approve", edit='{"n": 2}', tool=2),
            {
                "decisions": [
                    {"type": "approve"},
                    {"type": "edit", "edited_action": {"name": "b", "args": {"n": 2}}},
                ]
            },
        ),
    ],
)
def test_answers_have_the_shape_that_the_question_expects(
    question: Approval, said: Said, answer: Any
) -> None:
    said.check()
    assert answer_for(question, said) == answer


@pytest.mark.parametrize(
    ("question", "said", "words"),
    [
        (asked("?").replace(kind="breakpoint"), Said("reject"), "can only be continued"),
        (asked("?").replace(kind="breakpoint"), Said(respond="x"), "can only be continued"),
        (asked("?").replace(kind="breakpoint"), Said(value="3"), "a breakpoint goes on"),
        (
            asked("?", NUMBER),
            Said("approve"),
            'more than yes or no. Give the answer with --value JSON; its schema is {"t',
        ),
        (asked("?", NUMBER), Said(respond="x"), "must be an object"),
        (asked("?", NUMBER), Said(value='{"n": "x"}'), "n must be a whole number."),
        (asked("?"), Said("ignore"), "asks for a value"),
        (asked("?"), Said(edit="{}"), "asks for a value"),
        (asked("?"), Said("reject", "why"), "asks for a value"),
        (asked(INBOX), Said("reject"), "send_mail cannot be answered with reject"),
        (asked(INBOX), Said(value="true"), "must be a list of one"),
        (asked(INBOX), Said("approve", edit="{}"), "one action"),
        (asked(INBOX), Said(edit="[]"), "must be a JSON object"),
        (asked(BATCH), Said("approve", edit="{}"), "Say which with --tool N: 1 delete, 2 mail, 3 delete"),
        (asked(BATCH), Said("approve", edit='{"to": 1}', tool=2), "to must be a text."),
        (asked(BATCH), Said("approve", edit="{}", tool=4), "There is no action 4"),
        (asked(BATCH), Said("approve", edit="{}", tool=1), "delete cannot be answered with edit"),
        (asked(BATCH), Said(edit="{}", tool=2), "only one is edited"),
        (asked(CALL, CALL_SCHEMA), Said("reject"), "It allows approve, edit"),
    ],
)
def test_what_the_question_does_not_allow_is_refused_in_a_sentence(
    question: Approval, said: Said, words: str
) -> None:
    said.check()
    with pytest.raises(MahavishnuError) as refused:
        answer_for(question, said)
    assert refused.value.code is ErrorCode.ANSWER_INVALID
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "said",
    [
        Said("approve", respond="x"),
        Said("approve", value="1"),
        Said(edit="{}", value="1"),
        Said("approve", tool=1),
        Said("approve", "why"),
    ],
)
def test_options_that_contradict_each_other_are_a_usage_error(said: Said) -> None:
    with pytest.raises(click.UsageError):
        said.check()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (asked("?", NUMBER), "wants more than yes or no"),
        (asked({**INBOX, "config": {"allow_respond": True}}), "cannot be answered with approve"),
    ],
)
def test_without_further_words_it_is_approved_where_that_is_enough(question: Approval, words: str) -> None:
    assert answer_for(asked("?"), Said()) is True
    assert answer_for(asked(CALL), Said()) == {"type": "approve"}
    with pytest.raises(MahavishnuError, match=words) as refused:
        answer_for(question, Said())
    assert refused.value.code is ErrorCode.ANSWER_INVALID


def test_a_terminal_is_asked_first_and_only_what_can_be_approved(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Terminal("no\n\n")
    monkeypatch.setattr("sys.stdin", said)
    monkeypatch.setattr("sys.stdout", Terminal())
    with pytest.raises(MahavishnuError, match="wants more than yes or no"):
        answer_for(asked("?", NUMBER), Said())
    assert answer_for(asked("?"), Said()) is False
    with pytest.raises(MahavishnuError, match="stays open"):
        answer_for(asked("?"), Said())
