"""What a LangGraph server says, as our records. Pure, and wary: every field may be missing or odd."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
from typing import Any

from mahavishnu_tui.models import Checkpoint, Question, StateView
from mahavishnu_tui.models.asking import recognise
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.server import codec

ACTIVE = frozenset({"pending", "running"})
ANSWERS_KEY = "mahavishnu_answers"
"""In the metadata of a run there: the ledger entries that it carries, as `<epoch>:<seq>,<seq>`."""
INTENT_KEY = "mahavishnu_intent"
"""In the metadata of a run there: the order of ours that it carries out."""

_BUDGET = 1 << 20
"""Bytes of values that are shown."""


@dataclasses.dataclass(frozen=True)
class Part:
    """A run as that server counts them; one of ours may consist of several."""

    id: str
    thread_id: str
    assistant_id: str
    status: str
    """`pending`, `running`, `success`, `error`, `timeout` or `interrupted` (somebody cancelled it)."""
    created_at: float
    updated_at: float
    given: Json
    command: dict[str, Any]
    metadata: dict[str, Any]

    @property
    def active(self) -> bool:
        """Whether it has not ended."""
        return self.status in ACTIVE

    @property
    def goes_on(self) -> bool:
        """Whether it continues what the thread was at: an answer, a retry, a fork."""
        return self.given is None

    def answered(self, interrupt_id: str) -> bool:
        """Whether it carries an answer to this question."""
        resume = self.command.get("resume")
        if resume is None:
            return False
        named = isinstance(resume, dict) and resume and all(_is_interrupt_id(key) for key in resume)
        return interrupt_id in resume if named else True


def part_of(data: Any) -> Part | None:
    """A run of that server; None for what is none."""
    if not isinstance(data, dict) or not data.get("run_id"):
        return None
    kwargs = mapping(data.get("kwargs"))
    created = moment(data.get("created_at"))
    return Part(
        id=str(data["run_id"]),
        thread_id=str(data.get("thread_id") or ""),
        assistant_id=str(data.get("assistant_id") or ""),
        status=str(data.get("status") or ""),
        created_at=created,
        updated_at=max(created, moment(data.get("updated_at"))),
        given=kwargs.get("input"),
        command=mapping(kwargs.get("command")),
        metadata=mapping(data.get("metadata")),
    )


def mapping(value: Any) -> dict[str, Any]:
    """The value when it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[dict[str, Any]]:
    """The JSON objects in a list; nothing when it is none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts(value: Any) -> list[str]:
    """The strings in a list; nothing when it is none."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def moment(text: Any) -> float:
    """Seconds since the epoch of an ISO time; 0 for what is none."""
    try:
        found = datetime.datetime.fromisoformat(str(text))
    except ValueError:
        return 0.0
    aware = found if found.tzinfo else found.replace(tzinfo=datetime.UTC)
    return aware.timestamp()


def checkpoint_id(state: dict[str, Any]) -> str:
    """The id of a state's checkpoint."""
    return str(mapping(state.get("checkpoint")).get("checkpoint_id") or state.get("checkpoint_id") or "")


def parent_id(state: dict[str, Any]) -> str:
    """The id of its parent; empty for the first one."""
    parent = mapping(state.get("parent_checkpoint")).get("checkpoint_id")
    return str(parent or state.get("parent_checkpoint_id") or "")


def run_of(state: dict[str, Any]) -> str:
    """The run that made a checkpoint, as that server names it."""
    return str(mapping(state.get("metadata")).get("run_id") or "")


def questions(state: dict[str, Any]) -> list[Question]:
    """What a thread asks now; of a graph that stopped at a breakpoint, whether it may go on."""
    found = _asked(state, "", checkpoint_id(state))
    names = texts(state.get("next"))
    failed = any(task.get("error") for task in items(state.get("tasks")))
    if found or not names or failed:
        return found
    value = {"question": f"Stopped before {', '.join(names)}. Go on?", "breakpoint": "before", "nodes": names}
    where = checkpoint_id(state)
    key = hashlib.sha256("\0".join(("breakpoint", where, *names)).encode()).hexdigest()[:32]
    hashed = question_hash(key, ", ".join(names), value, None, where)
    return [Question(key, names[0], "", value, hashed, kind="breakpoint", checkpoint_id=where)]


def _asked(state: dict[str, Any], namespace: str, where: str) -> list[Question]:
    """The open interrupts of a state; one of a subgraph is told at both levels: the inner counts."""
    found: dict[str, Question] = {}
    for task in items(state.get("tasks")):
        name = str(task.get("name") or "")
        inner = mapping(task.get("state"))
        path = f"{namespace}/{name}" if namespace else name
        nested = _asked(inner, path, where) if inner else []
        for question in nested:
            found[question.interrupt_id] = question
        if task.get("result") is not None:
            continue
        for interrupt in items(task.get("interrupts")):
            key = str(interrupt.get("id") or interrupt.get("interrupt_id") or "")
            if key and key not in found:
                found[key] = _question(interrupt, key, name, namespace, where)
    return list(found.values())


def _question(interrupt: dict[str, Any], key: str, node: str, namespace: str, where: str) -> Question:
    value, schema = interrupt.get("value"), interrupt.get("response_schema")
    schema = schema if isinstance(schema, dict) else None
    path = f"{namespace}/{node}" if namespace else node
    return Question(
        interrupt_id=key,
        node=node,
        namespace=namespace,
        value=value,
        hash=question_hash(key, path, value, schema, where),
        kind=recognise(value, schema),
        schema=schema,
        checkpoint_id=where,
    )


def question_hash(key: str, path: str, value: Json, schema: Json, where: str) -> str:
    """SHA-256 of the canonical JSON of id, node path, value, schema and checkpoint."""
    text = json.dumps([key, path, value, schema, where], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def checkpoints(history: list[dict[str, Any]], thread_id: str, newest: bool) -> list[Checkpoint]:
    """A page of history, newest first; `newest` says that it begins with the thread's latest.

    What changed is seen from the parent, which the page may not have: then nothing is said of it.
    """
    by_id = {checkpoint_id(state): state for state in history}
    found = []
    for index, state in enumerate(history):
        parent = by_id.get(parent_id(state))
        values, metadata = mapping(state.get("values")), mapping(state.get("metadata"))
        before = mapping(parent.get("values")) if parent is not None else values
        if parent is None and not parent_id(state):
            before = {}
        found.append(
            Checkpoint(
                id=checkpoint_id(state),
                thread_id=thread_id,
                created_at=moment(state.get("created_at")),
                step=_number(metadata.get("step")),
                source=str(metadata.get("source") or ""),
                parent_id=parent_id(state) or None,
                next=texts(state.get("next")),
                size=len(codec.dumps(state.get("values"))),
                interrupts=sum(len(items(task.get("interrupts"))) for task in items(state.get("tasks"))),
                changed=sorted(key for key in {*values, *before} if values.get(key) != before.get(key)),
                latest=newest and index == 0,
            )
        )
    return found


def state_view(state: dict[str, Any], thread_id: str) -> StateView:
    """The values of one checkpoint; very large ones are left out key by key."""
    record = checkpoints([state], thread_id, newest=False)[0]
    values, truncated = bounded(state.get("values"))
    tasks = [
        {
            "id": str(task.get("id") or ""),
            "name": str(task.get("name") or ""),
            "error": task.get("error"),
            "interrupts": task.get("interrupts") or [],
        }
        for task in items(state.get("tasks"))
    ]
    return StateView(record.to_json(), values, tasks, truncated)


def bounded(values: Json) -> tuple[Json, bool]:
    """Values of at most a megabyte: what is too large is named with its size instead."""
    if len(codec.dumps(values)) <= _BUDGET:
        return values, False
    if not isinstance(values, dict):
        return f"(too large to show: {len(codec.dumps(values))} bytes)", True
    kept: dict[str, Any] = {}
    left = _BUDGET
    for key, value in values.items():
        size = len(codec.dumps(value))
        left -= size if size <= left else 0
        kept[key] = value if size <= left + size and size < _BUDGET else f"(too large to show: {size} bytes)"
    return kept, True


def step_of(state: dict[str, Any]) -> int:
    """The step in which the tasks of a checkpoint run."""
    return _number(mapping(state.get("metadata")).get("step")) + 1


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def _is_interrupt_id(key: object) -> bool:
    return isinstance(key, str) and len(key) == 32 and all(letter in "0123456789abcdef" for letter in key)
