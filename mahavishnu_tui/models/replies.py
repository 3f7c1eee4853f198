"""From what was decided to the value that the graph gets, each kind of question in its own shape."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from mahavishnu_tui.models.approval import Approval
from mahavishnu_tui.models.asking import Action, QuestionKind, Verb, actions
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.problem import Problem, ValuePath
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean_line

_INBOX_WORDS: dict[Verb, str] = {
    "approve": "accept",
    "edit": "edit",
    "respond": "response",
    "ignore": "ignore",
}


@dataclasses.dataclass(frozen=True)
class Decision:
    """What was decided about one action."""

    verb: Verb
    message: str = ""
    """Why it is rejected (may be empty), or what is responded."""
    args: dict[str, Json] | None = None
    """The edited arguments."""


def asked_about(approval: Approval) -> list[Action]:
    """The actions that a question asks about; none where it asks for a value or to go on."""
    return actions(approval.kind, approval.value, approval.schema)


def reply(approval: Approval, decisions: Sequence[Decision]) -> Json:
    """The value that the graph gets for one decision per action, in the order of the actions.

    Raises:
        MahavishnuError: MHV-106 where the question does not allow a decision, or lacks one.
    """
    asked = asked_about(approval)
    if not asked or len(asked) != len(decisions):
        raise _refused(f"This question asks about {len(asked)} actions, not {len(decisions)}.")
    for action, decision in zip(asked, decisions, strict=True):
        if decision.verb not in action.allowed:
            raise _refused(
                f"{clean_line(action.name, 60)} cannot be answered with {decision.verb}.",
                f"It allows {', '.join(action.allowed)}.",
            )
    if approval.kind == "agent_inbox":
        return [_inbox_answer(asked[0], decisions[0], whole=not approval.truncated)]
    decided = [_decision(action, decision) for action, decision in zip(asked, decisions, strict=True)]
    return {"decisions": decided} if approval.kind == "hitl_request" else decided[0]


def _inbox_answer(action: Action, decision: Decision, whole: bool) -> dict[str, Json]:
    args: Json = None
    if decision.verb == "respond":
        args = decision.message
    elif decision.verb == "edit" or (decision.verb == "approve" and whole):
        edited = decision.args if decision.verb == "edit" and decision.args is not None else action.args
        args = {"action": action.name, "args": edited}
    return {"type": _INBOX_WORDS[decision.verb], "args": args}


def _decision(action: Action, decision: Decision) -> dict[str, Json]:
    if decision.verb == "edit":
        edited = action.args if decision.args is None else decision.args
        return {"type": "edit", "edited_action": {"name": action.name, "args": edited}}
    if decision.verb == "respond" or (decision.verb == "reject" and decision.message):
        return {"type": decision.verb, "message": decision.message}
    return {"type": decision.verb}


def problems(kind: QuestionKind, value: Json, schema: dict[str, Any] | None, answer: Json) -> list[Problem]:
    """What the kind of a question forbids about an answer; its JSON schema is looked at elsewhere."""
    if kind == "breakpoint":
        return (
            []
            if answer is True or answer is None
            else [Problem((), "can only be true: a breakpoint goes on")]
        )
    asked = actions(kind, value, schema)
    if not asked:
        return []
    if kind == "agent_inbox":
        return _inbox_problems(asked[0], answer)
    if kind == "tool_approval":
        return _decision_problems((), asked[0], answer)
    decided = answer.get("decisions") if isinstance(answer, dict) else None
    if not isinstance(decided, list):
        return [Problem((), 'must be an object with a list "decisions"')]
    if len(decided) != len(asked):
        return [Problem(("decisions",), f"needs one decision per action: {len(asked)}, not {len(decided)}")]
    found: list[Problem] = []
    for index, (action, item) in enumerate(zip(asked, decided, strict=True)):
        found += _decision_problems(("decisions", index), action, item)
    return found


def _decision_problems(path: ValuePath, action: Action, item: Json) -> list[Problem]:
    kind = item.get("type") if isinstance(item, dict) else None
    if kind not in action.allowed:
        words = ", ".join(f'{{"type": "{verb}"}}' for verb in action.allowed)
        return [Problem(path, f"must be a decision about {clean_line(action.name, 60)}: one of {words}")]
    message = item.get("message")
    if kind == "respond" and not isinstance(message, str):
        return [Problem((*path, "message"), "must be a text")]
    if kind == "reject" and message is not None and not isinstance(message, str):
        return [Problem((*path, "message"), "must be a text")]
    return (
        _edit_problems((*path, "edited_action"), item.get("edited_action"), "name") if kind == "edit" else []
    )


def _inbox_problems(action: Action, answer: Json) -> list[Problem]:
    if not isinstance(answer, list) or len(answer) != 1 or not isinstance(answer[0], dict):
        return [Problem((), 'must be a list of one {"type", "args"}')]
    words = {_INBOX_WORDS[verb]: verb for verb in action.allowed}
    word, args = answer[0].get("type"), answer[0].get("args")
    if not isinstance(word, str) or word not in words:
        return [Problem((0, "type"), f"must be one of {', '.join(words)}")]
    if word == "response":
        return [] if isinstance(args, str) else [Problem((0, "args"), "must be a text")]
    if word == "edit" or (word == "accept" and args is not None):
        return _edit_problems((0, "args"), args, "action")
    return [] if word == "accept" or args is None else [Problem((0, "args"), "must be null")]


def _edit_problems(path: ValuePath, edited: Json, name: str) -> list[Problem]:
    if not isinstance(edited, dict):
        return [Problem(path, f'must be an object with "{name}" and "args"')]
    found = []
    if not isinstance(edited.get(name), str) or not edited[name]:
        found.append(Problem((*path, name), "must be a name"))
    if not isinstance(edited.get("args"), dict):
        found.append(Problem((*path, "args"), "must be an object"))
    return found


def _refused(message: str, hint: str = "Nothing was answered.") -> MahavishnuError:
    return MahavishnuError(ErrorCode.ANSWER_INVALID, message, hint)
