"""Which questions are alike, so that one answer can go to all of them. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mahavishnu_tui.models.approval import Approval
    from mahavishnu_tui.models.record import Json

_MEANT = frozenset(
    {"type", "action_type", "options", "choices", "answers", "config", "review_configs", "action", "name"}
)
"""Fields of a question that say how it may be answered: here the values must be the same as well."""
_ONE_BY_ONE = frozenset({"action_requests", "action_request"})


def shape_of(approval: Approval) -> str:
    """Equal for questions of the same workflow and node that are asked in the same form."""
    parts = [
        approval.workflow,
        approval.namespace,
        approval.node,
        approval.kind,
        approval.schema,
        _skeleton(approval.value),
    ]
    return json.dumps(parts, sort_keys=True, default=str)


def unlike(approvals: Sequence[Approval]) -> str:
    """Why one answer cannot go to all of these, in a sentence; empty when it can."""
    first = approvals[0]
    for other in approvals[1:]:
        if other.workflow != first.workflow:
            return f"They are questions of different workflows: {first.workflow} and {other.workflow}."
        if (other.namespace, other.node) != (first.namespace, first.node):
            return f"They are asked by different nodes: {first.node} and {other.node}."
        if shape_of(other) != shape_of(first):
            return f"{other.run_name} is asked in another form than {first.run_name}."
    return ""


def told_apart(approvals: Sequence[Approval]) -> list[str]:
    """Each of these questions in one line: its title, and those of its fields that differ among them."""
    values = [item.value if isinstance(item.value, dict) else {} for item in approvals]
    differing = [
        key
        for key, said in values[0].items()
        if not isinstance(said, (dict, list)) and any(value.get(key) != said for value in values)
    ]
    return [_told(item.title, value, differing) for item, value in zip(approvals, values, strict=True)]


def _told(title: str, value: dict[str, Any], keys: Sequence[str]) -> str:
    said = [f"{key}: {value.get(key)}" for key in keys if str(value.get(key)) not in title]
    return "  ".join([title, *said])


def _skeleton(value: Json, depth: int = 0) -> Any:
    if isinstance(value, dict) and depth < 6:
        return {
            str(key): item if key in _MEANT else _skeleton(item, depth + (key not in _ONE_BY_ONE))
            for key, item in value.items()
        }
    if isinstance(value, list):
        told = _MEANT | _ONE_BY_ONE
        # A list of actions is answered one by one; how long any other list is does not matter.
        alone = [item for item in value if isinstance(item, dict) and told & item.keys()]
        return [_skeleton(item, depth + 1) for item in alone]
    return type(value).__name__
