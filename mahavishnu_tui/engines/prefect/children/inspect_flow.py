"""What can be told of flows before they run."""

from __future__ import annotations

import inspect
from typing import Any

from .plain_calls import calls_of_tasks
from .reply import INPUT, Channel, Refusal
from .source import Flow, Loaded, choose, load, parse

DEFAULT_RUNNER = "ThreadPoolTaskRunner"


def carry_out(request: dict[str, Any], channel: Channel) -> dict[str, Any]:
    """`{"entrypoint", "flow"?}` → `{"module", "file", "flows": […]}`, all of them when none is named.

    Raises:
        Refusal: MHV-402 it cannot be loaded or there is no such flow.
    """
    loaded, wanted = loaded_from(request)
    chosen = [choose(loaded, wanted)] if wanted else list(loaded.flows.items())
    return {
        "module": loaded.module.__name__,
        "file": str(loaded.place.file or getattr(loaded.module, "__file__", None) or ""),
        "flows": [described(loaded, function, flow) for function, flow in chosen],
    }


def loaded_from(request: dict[str, Any]) -> tuple[Loaded, str]:
    """The code that a request names, and the flow in it that it wants.

    Raises:
        Refusal: MHV-010 it names none, MHV-402 it cannot be loaded.
    """
    entrypoint = request.get("entrypoint")
    if not isinstance(entrypoint, str) or not entrypoint.strip():
        raise Refusal(INPUT, "No entrypoint was given.", "Name a flow as `file.py:function`.")
    place = parse(entrypoint.strip())
    return load(place), str(request.get("flow") or place.flow)


def described(loaded: Loaded, function: str, flow: Flow) -> dict[str, Any]:
    """One flow as JSON."""
    code = inspect.unwrap(flow.fn).__code__ if hasattr(inspect.unwrap(flow.fn), "__code__") else None
    delay = flow.retry_delay_seconds
    return {
        "name": flow.name,
        "function": function,
        "entrypoint": loaded.entrypoint(function),
        "line": code.co_firstlineno if code else None,
        "description": inspect.cleandoc(flow.description or ""),
        "version": flow.version or "",
        "parameters": parameters_of(flow),
        "kind": ("async " if flow.isasync else "") + ("generator" if flow.isgenerator else "function"),
        "retries": flow.retries or 0,
        "retry_delay_seconds": float(delay) if delay is not None else None,
        "timeout_seconds": flow.timeout_seconds,
        "task_runner": type(flow.task_runner).__name__,
        "log_prints": flow.log_prints,
        "persist_result": flow.persist_result,
        "validates": flow.should_validate_parameters,
        "findings": findings_of(flow, function),
    }


def parameters_of(flow: Flow) -> dict[str, Any]:
    """The JSON schema of a flow's parameters."""
    schema: dict[str, Any] = flow.parameters.model_dump(mode="json", exclude_none=True)
    schema.setdefault("required", [])
    return schema


def findings_of(flow: Flow, function: str, runner: str = "") -> list[dict[str, str]]:
    """What will surprise whoever runs it.

    Args:
        flow: looked at.
        function: where it is.
        runner: the task runner that it is to get instead of its own.
    """
    return _untyped(flow, function) + plain_calls(flow, function, runner)


def plain_calls(flow: Flow, function: str, runner: str = "") -> list[dict[str, str]]:
    """A task runner that is bypassed. Calling tasks one after the other is right without one."""
    named = runner or type(flow.task_runner).__name__
    if named == DEFAULT_RUNNER:
        return []
    plain, handed = calls_of_tasks(flow)
    if not plain:
        return []
    which = ", ".join(f"`{name}`" for name in plain)
    if handed:
        message = f"{which} is called plainly: it runs in the flow's own process, not on {named}."
        return [
            _finding("plain-calls", "note", function, message, "Use `.submit(…)` or `.map(…)` for it too.")
        ]
    message = (
        f"{named} is bypassed: the flow calls {which} plainly, so all of it runs in the flow's own process."
    )
    return [
        _finding("plain-calls", "warning", function, message, "Call tasks with `.submit(…)` or `.map(…)`.")
    ]


def _untyped(flow: Flow, function: str) -> list[dict[str, str]]:
    properties = flow.parameters.model_dump(mode="json", exclude_none=True).get("properties", {})
    kinds = ("type", "anyOf", "allOf", "oneOf", "$ref", "enum", "const")
    untyped = [name for name, schema in properties.items() if not any(kind in schema for kind in kinds)]
    if not untyped:
        return []
    which = ", ".join(f"`{name}`" for name in untyped)
    return [
        _finding(
            "untyped", "note", function, f"{which} takes any value: it has no type.", "Give it a type hint."
        )
    ]


def _finding(rule: str, severity: str, where: str, message: str, hint: str) -> dict[str, str]:
    return {"rule": rule, "severity": severity, "where": where, "message": message, "hint": hint}
