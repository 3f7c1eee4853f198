"""What a question is about: which of the known schemas it follows, and the actions that it asks about."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Literal

from mahavishnu_tui.models.record import Json

QuestionKind = Literal["value", "breakpoint", "agent_inbox", "hitl_request", "tool_approval"]
Verb = Literal["approve", "edit", "reject", "respond", "ignore"]
"""What can be decided about an action. `approve` is what Agent Inbox calls accept."""
VERBS: tuple[Verb, ...] = ("approve", "edit", "reject", "respond", "ignore")
_USUAL: tuple[Verb, ...] = ("approve", "edit", "reject")
"""What a reviewer may decide where nothing is said about it."""
_INBOX: tuple[tuple[str, Verb], ...] = (
    ("allow_accept", "approve"),
    ("allow_edit", "edit"),
    ("allow_respond", "respond"),
    ("allow_ignore", "ignore"),
)
_LONGEST = 1 << 20
"""Characters of a text that is looked into for JSON."""


@dataclasses.dataclass(frozen=True)
class Action:
    """Something that the graph wants to do and asks about first: mostly a call of a tool."""

    name: str
    args: dict[str, Json]
    allowed: tuple[Verb, ...]
    """What may be decided, in the order of `VERBS`; never empty."""
    description: str = ""
    args_schema: dict[str, Any] | None = None
    """JSON schema of edited arguments, where one is known."""

    @property
    def call(self) -> str:
        """`name(key: value, …)`, for a list."""
        said = [f"{key}: {str(value)[:100]}" for key, value in list(self.args.items())[:6]]
        return f"{self.name}({', '.join(said)})"


def recognise(value: Json, schema: dict[str, Any] | None = None) -> QuestionKind:
    """Which of the known schemas an interrupt's value follows; what only looks like one is a plain value."""
    inner = unwrapped(value)
    if not isinstance(inner, dict):
        return "value"
    if "action_request" in inner:
        return "agent_inbox" if _inbox_action(inner) else "value"
    if inner is not value:
        return "value"  # only Agent Inbox wraps its requests
    if "action_requests" in inner:
        return "hitl_request" if _batched(inner) else "value"
    if inner.get("type") == "tool_approval":
        return "tool_approval" if _tool_call(inner, schema) else "value"
    return "value"


def actions(kind: QuestionKind, value: Json, schema: dict[str, Any] | None = None) -> list[Action]:
    """The actions that a question asks about, in its order; none where it asks for a value or to go on."""
    inner = unwrapped(value) if kind not in ("value", "breakpoint") else None
    if not isinstance(inner, dict):
        return []
    if kind == "agent_inbox":
        action = _inbox_action(inner)
        return [action] if action else []
    if kind == "hitl_request":
        return _batched(inner)
    if kind == "tool_approval":
        action = _tool_call(inner, schema)
        return [action] if action else []
    return []


def unwrapped(value: Json) -> Json:
    """An Agent Inbox request out of its list of one, or out of its JSON text; any other value as it is."""
    inner = value
    if isinstance(inner, str) and inner.lstrip().startswith(("{", "[")) and len(inner) <= _LONGEST:
        try:
            inner = json.loads(inner)
        except (ValueError, RecursionError):
            return value
    if isinstance(inner, (list, tuple)) and len(inner) == 1:
        inner = inner[0]
    return inner if isinstance(inner, dict) else value


def _inbox_action(request: dict[str, Any]) -> Action | None:
    asked, config = request.get("action_request"), request.get("config")
    if not isinstance(asked, dict) or not isinstance(config, dict):
        return None
    allowed = tuple(verb for key, verb in _INBOX if config.get(key) is True)
    return _action(asked.get("action"), asked.get("args"), allowed, request.get("description"))


def _batched(request: dict[str, Any]) -> list[Action]:
    """One action per request of a langchain HITLRequest; none at all when one of them makes no sense."""
    requests, configs = request.get("action_requests"), request.get("review_configs")
    if not isinstance(requests, list) or not isinstance(configs, list):
        return []
    rules = {
        config["action_name"]: config
        for config in reversed(configs)
        if isinstance(config, dict) and isinstance(config.get("action_name"), str)
    }
    found = []
    for item in requests:
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            return []
        rule = rules.get(item["name"], {})
        allowed = _known(rule.get("allowed_decisions", _USUAL))
        action = _action(
            item["name"], item.get("args"), allowed, item.get("description"), rule.get("args_schema")
        )
        if action is None:
            return []
        found.append(action)
    return found


def _tool_call(request: dict[str, Any], schema: dict[str, Any] | None) -> Action | None:
    """The action of a per-call approval; what may be decided stands in the schema of its answer."""
    branches = _branches(schema) if schema else {}
    allowed = _known(list(branches)) or _USUAL
    edited = _part(_part(branches.get("edit"), "edited_action", schema), "args", schema)
    return _action(request.get("name"), request.get("args"), allowed, request.get("description"), edited)


def _action(name: Any, args: Any, allowed: tuple[Verb, ...], said: Any, schema: Any = None) -> Action | None:
    given = {} if args is None else args
    if not isinstance(name, str) or not name or not isinstance(given, dict) or not allowed:
        return None
    return Action(
        name,
        given,
        allowed,
        said if isinstance(said, str) else "",
        schema if isinstance(schema, dict) and schema.get("properties") else None,
    )


def _known(words: Any) -> tuple[Verb, ...]:
    return tuple(verb for verb in VERBS if verb != "ignore" and verb in words) if _is_words(words) else ()


def _is_words(words: Any) -> bool:
    return isinstance(words, (list, tuple)) and all(isinstance(word, str) for word in words)


def _branches(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The schema of each decision by its `type`."""
    alternatives: Any = None
    for key in ("oneOf", "anyOf"):
        alternatives = alternatives or schema.get(key)
    found: dict[str, dict[str, Any]] = {}
    for item in alternatives if isinstance(alternatives, list) else [schema]:
        branch = _resolved(item, schema)
        word = _resolved(_part(branch, "type", schema), schema)
        names = [word.get("const")] if "const" in word else word.get("enum")
        for name in names if isinstance(names, list) else []:
            if isinstance(name, str):
                found.setdefault(name, branch)
    return found


def _part(schema: Any, name: str, root: Any) -> dict[str, Any]:
    """The schema of one property, its references to the root followed and kept within reach."""
    properties = _resolved(schema, root).get("properties")
    part = _resolved(properties.get(name), root) if isinstance(properties, dict) else {}
    definitions = {
        key: root[key] for key in ("$defs", "definitions") if isinstance(root, dict) and key in root
    }
    return {**definitions, **part} if part else {}


def _resolved(schema: Any, root: Any) -> dict[str, Any]:
    for _ in range(10):
        if not isinstance(schema, dict) or not isinstance(schema.get("$ref"), str):
            break
        here: Any = root
        for name in schema["$ref"].lstrip("#").split("/")[1:]:
            here = here.get(name) if isinstance(here, dict) else None
        schema = here
    return schema if isinstance(schema, dict) else {}
