"""Which answers a question allows, as buttons, and what an editor starts with."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Literal

from mahavishnu_tui.models import Approval, GraphShape
from mahavishnu_tui.models.asking import Action, Verb
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean_line

_OPTION_KEYS = ("options", "choices", "answers")
_MAX_OPTIONS = 8


Editor = Literal["", "form", "json", "text"]

_LABELS: dict[Verb, str] = {
    "approve": "Approve",
    "edit": "Edit…",
    "reject": "Reject…",
    "respond": "Respond…",
    "ignore": "Ignore",
}


@dataclasses.dataclass(frozen=True)
class Choice:
    """One button: an answer at once, or an editor for one."""

    id: str
    label: str
    value: Json = None
    """What is answered when neither `editor` nor `verb` says otherwise."""
    editor: Editor = ""
    """What the button opens instead of answering."""
    verb: Verb | None = None
    """What is decided about the action that is asked about."""


def choices(approval: Approval) -> list[Choice]:
    """The buttons for a question that asks for a value or to go on: only what it allows."""
    if approval.kind == "breakpoint":
        return [Choice("continue", "Continue", True)]
    if approval.schema and approval.schema.get("type") == "boolean":
        return [Choice("approve", "Yes", True), Choice("reject", "No", False)]
    if approval.schema:
        return [Choice("edit", "Fill in…", editor="form")]
    options = _options(approval.value)
    if len(options) > _MAX_OPTIONS:  # none of them is a yes or a no
        return [Choice("edit", "Edit…", editor="json"), Choice("respond", "Respond…", editor="text")]
    if options:
        found = [
            Choice(f"option-{n}", clean_line(label, 24), value) for n, (label, value) in enumerate(options)
        ]
        return [*found, Choice("edit", "Edit…", editor="json")]
    return [
        Choice("approve", "Approve", True),
        Choice("reject", "Reject", False),
        Choice("edit", "Edit…", editor="json"),
        Choice("respond", "Respond…", editor="text"),
    ]


def decisions(approval: Approval, action: Action) -> list[Choice]:
    """The buttons for one action of a question: only what it allows."""
    found = []
    for verb in action.allowed:
        if verb == "edit" and approval.truncated:
            continue  # what was cut off would be lost
        label = "Accept" if verb == "approve" and approval.kind == "agent_inbox" else _LABELS[verb]
        editor: Editor = "text" if verb in ("reject", "respond") else ""
        if verb == "edit":
            editor = "form" if action.args_schema else "json"
        found.append(Choice(verb, label, editor=editor, verb=verb))
    return found


def prefill(approval: Approval) -> Json:
    """What the JSON editor starts with where a value is asked for."""
    options = _options(approval.value)
    if options:
        return options[0][1]
    whole = isinstance(approval.value, dict | list) and not approval.truncated
    return approval.value if whole else True


def example(schema: dict[str, Any], depth: int = 0) -> Json:
    """A smallest value of a JSON schema: defaults where given, required fields, basic types."""
    if "default" in schema:
        return schema["default"]
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = kind[0] if kind else None
    if kind == "object" or "properties" in schema:
        if depth > 4:
            return {}
        wanted = schema.get("required") or list(schema.get("properties", {}))
        properties = schema.get("properties", {})
        return {name: example(properties.get(name) or {}, depth + 1) for name in wanted}
    basic: dict[str | None, Json] = {"array": [], "string": "", "integer": 0, "number": 0, "boolean": False}
    return basic.get(kind)


def what_next(approval: Approval, shape: GraphShape | None) -> str:
    """What an answer leads to, in words."""
    then = _after(shape, approval.node, approval.namespace)
    if approval.kind == "breakpoint":
        told = approval.value if isinstance(approval.value, dict) else {}
        if told.get("breakpoint") == "before":
            then = " and ".join(clean_line(name) for name in told.get("nodes") or ())
        return f"{then or 'the run goes on'}, once you say so"
    return f"{clean_line(approval.node)} goes on with your answer{f', then: {then}' if then else ''}"


def _after(shape: GraphShape | None, node: str, namespace: str) -> str:
    """What runs after a node: all that always does, and one of those that a route chooses, with its label."""
    here = shape
    for part in namespace.split("/") if namespace else ():
        here = here.subgraphs.get(part) if here else None
    always: list[str] = []
    chosen: list[str] = []
    for edge in here.edges if here else ():
        if edge.source == node:
            target = "the end" if edge.target == "__end__" else clean_line(edge.target)
            said = f"{clean_line(edge.label)} → {target}" if edge.label else target
            (chosen if edge.conditional else always).append(said)
    return " and ".join([*always, *filter(None, [" or ".join(chosen)])])


def _options(value: Json) -> list[tuple[str, Json]]:
    """Label and value of every answer that the question itself offers."""
    if not isinstance(value, dict):
        return []
    for key in _OPTION_KEYS:
        options = value.get(key)
        if isinstance(options, list) and options:
            return [_option(item) for item in options]
    return []


def _option(item: Json) -> tuple[str, Json]:
    if isinstance(item, dict) and "value" in item:
        return _label(item.get("label", item["value"])), item["value"]
    return _label(item), item


def _label(item: Json) -> str:
    return item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
