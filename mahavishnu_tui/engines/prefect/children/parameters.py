"""Checking parameters against a flow before anything is asked of the server."""

from __future__ import annotations

from typing import Any

from .reply import INPUT, Refusal
from .source import Flow


def checked(flow: Flow, given: Any, *, whole: bool = False) -> dict[str, Any]:
    """The parameters that were given, once it is clear that the flow takes them.

    Args:
        flow: what is to take them.
        given: a JSON object.
        whole: whether the rest must have defaults, as for a run.

    Raises:
        Refusal: MHV-010 one is unknown, missing, or of a type that the flow refuses.
    """
    if not isinstance(given, dict):
        raise Refusal(INPUT, "Parameters are a JSON object.", 'Write them as {"name": value}.')
    schema = flow.parameters.model_dump(mode="json", exclude_none=True)
    known = schema.get("properties", {})
    unknown = [name for name in given if name not in known]
    if unknown and not _takes_any(flow):
        takes = ", ".join(known) or "none"
        raise Refusal(INPUT, f"The flow {flow.name} has no parameter {unknown[0]!r}.", f"It takes: {takes}.")
    missing = [name for name in schema.get("required", []) if name not in given]
    if missing and whole:
        raise Refusal(INPUT, f"The flow {flow.name} needs a value for {missing[0]!r}.", "Give it one.")
    if flow.should_validate_parameters and not missing:
        _validate(flow, given)
    return given


def _validate(flow: Flow, given: dict[str, Any]) -> None:
    from prefect.exceptions import ParameterTypeError

    try:
        flow.validate_parameters(given)
    except (ParameterTypeError, TypeError, ValueError) as error:
        words = [
            line.strip() for line in str(error).split("\n") if line.strip() and "errors.pydantic" not in line
        ]
        said = " ".join(words[-2:]) if len(words) > 1 else str(error)
        raise Refusal(
            INPUT, f"The flow {flow.name} does not take these parameters: {said}", "Correct them.", str(error)
        ) from error


def _takes_any(flow: Flow) -> bool:
    import inspect

    return any(each.kind is each.VAR_KEYWORD for each in inspect.signature(flow.fn).parameters.values())
