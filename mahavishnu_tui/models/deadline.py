"""How long a question may wait, and what happens when nobody has answered by then."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Literal, cast, get_args

from mahavishnu_tui.models.record import Json, Record

OnTimeout = Literal["fail", "default", "escalate"]
"""`fail`: the run ends with MHV-115. `default`: the default answer is given, by `deadline`.
`escalate`: the question is marked and sorted first, and waits twice as long as before."""

HUMAN_INPUT = "human_input"
"""The `type` of an interrupt's value that `request_human_input` made."""
BY_DEADLINE = "deadline"
"""Who answers in the ledger when nobody did."""
_LONGEST = 10 * 366 * 86400.0


@dataclasses.dataclass(frozen=True)
class DeadlineRule(Record):
    """The time a question has, in seconds (0: for ever), and what comes after it."""

    seconds: float = 0.0
    on_timeout: OnTimeout = "fail"
    default: Json = None


@dataclasses.dataclass(frozen=True)
class DeadlineRules:
    """What the settings say: for all workflows, and for some by name."""

    general: DeadlineRule = dataclasses.field(default_factory=DeadlineRule)
    workflows: Mapping[str, DeadlineRule] = dataclasses.field(default_factory=dict)

    def of(self, workflow: str, value: Json, now: float) -> DeadlineRule:
        """The rule of a question that is asked now: its own, else its workflow's, else the general one."""
        inherited = self.workflows.get(workflow, self.general)
        if not isinstance(value, dict) or value.get("type") != HUMAN_INPUT:
            return inherited
        limits = [_seconds(value.get("timeout_seconds"))]
        until = value.get("deadline")
        if isinstance(until, (int, float)) and _is_number(until):
            limits.append(_seconds(max(0.001, until - now)))
        own = [limit for limit in limits if limit is not None]
        if not own:
            return inherited
        word = value.get("on_timeout")
        on_timeout = cast(OnTimeout, word) if word in get_args(OnTimeout) else "fail"
        given = [limit for limit in own if limit]
        return DeadlineRule(min(given, default=0.0), on_timeout, value.get("default"))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _seconds(value: Any) -> float | None:
    """A time limit as written; None where it makes no sense, 0 for never."""
    if not _is_number(value) or value < 0:
        return None
    return 0.0 if value > _LONGEST else float(value)
