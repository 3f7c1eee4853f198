"""For use inside nodes: a question with a kind, a context and a deadline, thin over `interrupt()`.

In an engine host `from mahavishnu_tui.engines.langgraph import request_human_input` works without our package
installed. Anywhere else the same call is a plain `interrupt()`: the deadline is then nobody's business.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import Any

from langgraph.types import interrupt

from mahavishnu_tui.models.deadline import HUMAN_INPUT, OnTimeout


class HumanAction(str, Enum):
    """What is wanted of the human; any other word may be used as well."""

    APPROVE = "approve"
    INPUT = "input"
    CHOOSE = "choose"
    REVIEW = "review"


def request_human_input(
    prompt: str,
    *,
    action_type: HumanAction | str = HumanAction.APPROVE,
    context: Any = None,
    options: list[Any] | None = None,
    timeout_seconds: float | None = None,
    on_timeout: OnTimeout = "fail",
    default: Any = None,
    response_schema: dict[str, Any] | None = None,
) -> Any:
    """Ask a human and return the answer; the node runs again from its first line once there is one.

    Args:
        prompt: the question, in one line.
        context: whatever is needed to answer it; plain JSON values.
        options: the answers to choose from.
        timeout_seconds: how long it may wait; 0 for ever, None as the settings say.
        on_timeout: `fail` ends the run (MHV-115), `default` answers with `default`, `escalate` marks it.
        response_schema: JSON schema of the answer.

    Raises:
        ValueError: an argument makes no sense.
    """
    if timeout_seconds is not None and not (math.isfinite(timeout_seconds) and timeout_seconds >= 0):
        raise ValueError(f"timeout_seconds is {timeout_seconds!r}: it must be 0 or more.")
    if on_timeout not in ("fail", "default", "escalate"):
        raise ValueError(f"on_timeout is {on_timeout!r}: it must be 'fail', 'default' or 'escalate'.")
    action = action_type.value if isinstance(action_type, HumanAction) else str(action_type)
    value: dict[str, Any] = {"type": HUMAN_INPUT, "action_type": action, "prompt": prompt}
    if context is not None:
        value["context"] = context
    if options is not None:
        value["options"] = options
    if timeout_seconds is not None:
        value |= {"timeout_seconds": timeout_seconds, "on_timeout": on_timeout}
        if on_timeout == "default":
            value["default"] = default
    return interrupt(value, response_schema=response_schema) if response_schema else interrupt(value)
