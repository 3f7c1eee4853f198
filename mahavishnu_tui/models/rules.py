"""What holds for a run while it works: isolation, time limits, steps, durability."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.queue import PRIORITIES
from mahavishnu_tui.models.record import Record

DURABILITIES = ("sync", "async", "exit")


@dataclasses.dataclass(frozen=True)
class RunRules(Record):
    """The rules of one run: the engine's settings, the workflow's over them, its own `config` over both.

    Times are in seconds; 0 means without limit.
    """

    isolate: bool = False
    """The run gets a process of its own, which ends with it: a cancel really ends even a synchronous node."""
    timeout_seconds: float = 0.0
    """How long the run may be at work; waiting for a human, for a slot or in a pause is not counted."""
    node_timeout_seconds: float = 0.0
    """How long one attempt at a node may take."""
    recursion_limit: int = 2000
    """Steps of one dispatch after which it counts as a possible endless loop."""
    max_concurrency: int = 0
    """Nodes of the run at work at the same time."""
    durability: str = "sync"
    """When a checkpoint is on disk: before the next step, during it, or only when the run stops."""
    priority: str = "normal"

    def over(self, *layers: Mapping[str, Any]) -> RunRules:
        """These rules with the known keys of each layer put over them, the last one strongest."""
        changes = {
            key: value
            for layer in layers
            for key, value in layer.items()
            if key in self.__dataclass_fields__ and value is not None
        }
        return self.replace(**changes)


def check_rules(config: Mapping[str, Any]) -> None:
    """Refuse rules in a run's `config` that make no sense.

    Raises:
        MahavishnuError: MHV-010 naming the key, and what it may be.
    """
    for key, value in config.items():
        if value is None or key not in RunRules.__dataclass_fields__:
            continue
        problem = _problem(key, value)
        if problem:
            raise MahavishnuError(
                ErrorCode.BAD_INPUT, f"`{key}` cannot be {str(value)[:60]!r}: it must be {problem}."
            )


def check_priority(value: str) -> str:
    """The name of a priority; raises MHV-010."""
    if value not in PRIORITIES:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            f"There is no priority {value[:60]!r}.",
            f"There are {', '.join(PRIORITIES)}.",
        )
    return value


def _problem(key: str, value: Any) -> str:
    """What the value should be; empty when it is that."""
    words = {"durability": DURABILITIES, "priority": PRIORITIES}
    if key in words:
        return "" if value in words[key] else f"one of {', '.join(words[key])}"
    if key == "isolate":
        return "" if isinstance(value, bool) else "true or false"
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if key in ("recursion_limit", "max_concurrency"):
        least = 1 if key == "recursion_limit" else 0
        whole = number and isinstance(value, int) and least <= value <= 10**9
        return "" if whole else f"a whole number of at least {least}"
    return "" if number and 0 <= value <= 10**9 else "a number of seconds, 0 for no limit"
