"""Which answers a question allows, and what an editor starts with."""

from __future__ import annotations

import dataclasses
from typing import Any

from mahavishnu_tui.models import Approval, GraphShape
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean_line

_OPTION_KEYS = ("options", "choices", "answers")
_MAX_OPTIONS = 8


@dataclasses.dataclass(frozen=True)
class Choice:
    """One button of the approval dialog."""

    id: str
    label: str
    value: Json = None
    """What is sent when `edit` is empty."""
    edit: str = ""
    """`json` or `text`: the button opens an editor instead of answering."""


def choices(approval: Approval) -> list[Choice]:
    """The buttons for a question: only what it allows, in the order of likelihood."""
    if approval.kind == "breakpoint":
        return [Choice("continue", "Continue", True)]
    if approval.kind in ("agent_inbox", "hitl_request", "tool_approval"):
        return _inbox_choices(approval)
    if approval.schema:
        return [Choice("edit", "Fill in…", edit="json")]
    options = _options(approval.value)
    if options:
        found = [
            Choice(f"option-{n}", clean_line(label, 24), value) for n, (label, value) in enumerate(options)
        ]
        return [*found, Choice("edit", "Edit…", edit="json")]
    return [
        Choice("approve", "Approve", True),
        Choice("reject", "Reject", False),
        Choice("edit", "Edit…", edit="json"),
        Choice("respond", "Respond…", edit="text"),
    ]


def _inbox_choices(approval: Approval) -> list[Choice]:
    """Quick answers in the shape of the schema, where one action is asked about; else the editor."""
    found: list[Choice] = []
    if approval.kind == "agent_inbox":
        config = _first(approval.value).get("config") or {}
        if config.get("allow_accept"):
            found.append(Choice("approve", "Accept", [{"type": "accept", "args": None}]))
        if config.get("allow_ignore"):
            found.append(Choice("ignore", "Ignore", [{"type": "ignore", "args": None}]))
    elif approval.kind == "hitl_request":
        actions = _actions(approval.value)
        allowed = _allowed(approval.value)
        if "approve" in allowed:
            label = "Approve" if len(actions) == 1 else f"Approve all {len(actions)}"
            found.append(Choice("approve", label, {"decisions": [{"type": "approve"} for _ in actions]}))
    else:
        found.append(Choice("approve", "Approve", {"type": "approve"}))
        found.append(Choice("reject", "Reject", {"type": "reject"}))
    return [*found, Choice("edit", "Edit…", edit="json")]


def prefill(approval: Approval) -> Json:
    """What the JSON editor starts with: the right shape of an answer."""
    if approval.kind == "agent_inbox":
        request = _first(approval.value).get("action_request") or {}
        return [
            {"type": "edit", "args": {"action": request.get("action", ""), "args": request.get("args", {})}}
        ]
    if approval.kind == "hitl_request":
        return {"decisions": [{"type": "approve"} for _ in _actions(approval.value)]}
    if approval.kind == "tool_approval":
        return {"type": "approve"}
    if approval.schema:
        return example(approval.schema)
    options = _options(approval.value)
    if options:
        return options[0][1]
    return approval.value if isinstance(approval.value, dict | list) else True


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


def what_next(shape: GraphShape | None, node: str, namespace: str = "") -> list[str]:
    """The nodes that may run after `node`, each with the condition's label where there is one."""
    here = shape
    for part in namespace.split("/") if namespace else ():
        here = here.subgraphs.get(part) if here else None
    if here is None:
        return []
    found = []
    for edge in here.edges:
        if edge.source == node:
            target = "the end" if edge.target == "__end__" else clean_line(edge.target)
            found.append(f"{clean_line(edge.label)} → {target}" if edge.label else target)
    return found


def _options(value: Json) -> list[tuple[str, Json]]:
    """Label and value of every answer that the question itself offers."""
    if not isinstance(value, dict):
        return []
    for key in _OPTION_KEYS:
        options = value.get(key)
        if isinstance(options, list) and 0 < len(options) <= _MAX_OPTIONS:
            return [_option(item) for item in options]
    return []


def _option(item: Json) -> tuple[str, Json]:
    if isinstance(item, dict) and "value" in item:
        return str(item.get("label", item["value"])), item["value"]
    return str(item), item


def _first(value: Json) -> dict[str, Any]:
    if isinstance(value, list):
        value = value[0] if value else {}
    return value if isinstance(value, dict) else {}


def _actions(value: Json) -> list[Json]:
    found = _first(value).get("action_requests")
    return found if isinstance(found, list) else [{}]


def _allowed(value: Json) -> set[str]:
    """Decisions that *every* action of a request allows."""
    configs = [item for item in _first(value).get("review_configs") or [] if isinstance(item, dict)]
    if not configs:
        return {"approve", "edit", "reject"}
    return set.intersection(*(set(config.get("allowed_decisions") or ()) for config in configs))
