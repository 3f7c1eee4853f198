"""What a stored thread asks a human, as `Question`s with a hash of what is shown."""

from __future__ import annotations

import hashlib
from typing import Any

from mahavishnu_tui.engines.langgraph.jsonable import canonical, to_json
from mahavishnu_tui.models import Question
from mahavishnu_tui.models.asking import recognise


def interrupt_question(
    interrupt_id: str, node: str, namespace: str, value: Any, schema: Any, checkpoint_id: str
) -> Question:
    """The question of an `interrupt()` call."""
    shown, cut = to_json(value)
    wanted, unusable = to_json(schema) if isinstance(schema, dict) else (None, False)
    wanted = None if unusable else wanted
    path = f"{namespace}/{node}" if namespace else node
    return Question(
        interrupt_id=interrupt_id,
        node=node,
        namespace=namespace,
        value=shown,
        hash=question_hash(interrupt_id, path, value, schema if isinstance(schema, dict) else None),
        kind=recognise(shown, wanted),
        schema=wanted,
        checkpoint_id=checkpoint_id,
        truncated=cut,
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
