"""What a stored thread asks a human, as `Question`s with a hash of what is shown."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from mahavishnu_tui.engines.langgraph.jsonable import canonical, to_json
from mahavishnu_tui.models import Question
from mahavishnu_tui.models.approval import QuestionKind


def interrupt_question(
    interrupt_id: str, node: str, namespace: str, value: Any, schema: Any, checkpoint_id: str
) -> Question:
    """The question of an `interrupt()` call."""
    shown, _ = to_json(value)
    wanted = to_json(schema)[0] if isinstance(schema, dict) else None
    path = f"{namespace}/{node}" if namespace else node
    return Question(
        interrupt_id=interrupt_id,
        node=node,
        namespace=namespace,
        value=shown,
        hash=question_hash(interrupt_id, path, value, schema if isinstance(schema, dict) else None),
        kind=kind_of(value),
        schema=wanted,
        checkpoint_id=checkpoint_id,
    )


def breakpoint_question(
    when: str, nodes: list[str], scope: str, namespace: str, checkpoint_id: str
) -> Question:
    """The question of an `interrupt_before` or `interrupt_after`: may the run go on?

    Its id is made of where it stopped, so it stays the same however often it is read.
    """
    key = "\0".join(("breakpoint", when, scope, checkpoint_id, *nodes))
    interrupt_id = hashlib.sha256(key.encode()).hexdigest()[:32]
    names = ", ".join(nodes)
    value = {"question": f"Stopped {when} {names}. Go on?", "breakpoint": when, "nodes": nodes}
    path = f"{namespace}/{names}" if namespace else names
    return Question(
        interrupt_id=interrupt_id,
        node=nodes[0],
        namespace=namespace,
        value=value,
        hash=question_hash(interrupt_id, path, value, None),
        kind="breakpoint",
        checkpoint_id=checkpoint_id,
    )


def question_hash(interrupt_id: str, path: str, value: Any, schema: Any) -> str:
    """SHA-256 of the canonical JSON of id, node path, value and schema: LangGraph's id covers no value."""
    return hashlib.sha256(canonical([interrupt_id, path, value, schema]).encode()).hexdigest()


def kind_of(value: Any) -> QuestionKind:
    """Which of the known schemas an interrupt's value follows."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            value = json.loads(value)
        except ValueError:
            return "value"
        return "agent_inbox" if kind_of(value) == "agent_inbox" else "value"
    if isinstance(value, (list, tuple)) and len(value) == 1:
        return "agent_inbox" if kind_of(value[0]) == "agent_inbox" else "value"
    if not isinstance(value, dict):
        return "value"
    if isinstance(value.get("action_requests"), list) and "review_configs" in value:
        return "hitl_request"
    if isinstance(value.get("action_request"), dict) and isinstance(value.get("config"), dict):
        return "agent_inbox"
    if value.get("type") == "tool_approval" and "name" in value:
        return "tool_approval"
    return "value"
