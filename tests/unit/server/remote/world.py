"""What a LangGraph server would say, in few words."""

from __future__ import annotations

import datetime
from typing import Any

from mahavishnu_tui.server.remote.reading import Part, part_of

BEGIN = 1_800_000_000.0


def at(second: float) -> str:
    return datetime.datetime.fromtimestamp(BEGIN + second, datetime.UTC).isoformat()


def run(name: str, second: float = 0, status: str = "success", **fields: Any) -> dict[str, Any]:
    """A run, `took` seconds long; `given` its input, `resume` the answers that it carries."""
    resume = fields.get("resume")
    return {
        "run_id": name,
        "thread_id": "T",
        "assistant_id": "A",
        "status": status,
        "created_at": at(second),
        "updated_at": at(second + fields.get("took", 1.0)),
        "kwargs": {"input": fields.get("given"), "command": {"resume": resume} if resume else None},
        "metadata": fields.get("metadata", {}),
    }


def part(name: str, second: float = 0, status: str = "success", **fields: Any) -> Part:
    found = part_of(run(name, second, status, **fields))
    assert found is not None
    return found


def task(name: str, key: str = "", **fields: Any) -> dict[str, Any]:
    return {
        "id": key or f"task-{name}",
        "name": name,
        "path": ["__pregel_pull", name],
        "error": None,
        "interrupts": [],
        "result": None,
        **fields,
    }


def asks(key: str, value: Any = "Ship?") -> list[dict[str, Any]]:
    return [{"id": key, "value": value}]


def state(
    number: int, *tasks: dict[str, Any], by: str, second: float | None = None, **fields: Any
) -> dict[str, Any]:
    """Checkpoint `c<number>`, after `c<number - 1>` unless `parent` says otherwise."""
    parent = fields.get("parent", f"c{number - 1}" if number else "")
    return {
        "values": fields.get("values", {}),
        "next": [item["name"] for item in tasks],
        "tasks": list(tasks),
        "metadata": {"run_id": by, "source": fields.get("source", "loop"), "step": number - 1},
        "created_at": at(number if second is None else second),
        "checkpoint": {"checkpoint_id": f"c{number}", "checkpoint_ns": ""},
        "parent_checkpoint": {"checkpoint_id": parent} if parent else None,
    }


I1, I2 = "1" * 32, "2" * 32
