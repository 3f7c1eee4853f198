"""Calls graph factories: with none, one or two arguments, sync, async, or giving a context manager."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable
from typing import Any

from langgraph.graph import StateGraph
from langgraph.pregel import Pregel

from mahavishnu_tui.engines.base import WorkflowError
from mahavishnu_tui.models import ErrorCode


async def build(found: Any, stack: contextlib.AsyncExitStack) -> Any:
    """Return the graph or builder that a module's name stands for, calling it when it is a factory.

    Raises:
        WorkflowError: MHV-421 when the factory wants arguments that nobody can give it.
    """
    if isinstance(found, (Pregel, StateGraph)) or not callable(found):
        return found
    made = found(*_arguments(found))
    if inspect.isawaitable(made):
        made = await made
    if inspect.isasyncgen(made):
        made = contextlib.asynccontextmanager(lambda: made)()
    elif inspect.isgenerator(made):
        made = contextlib.contextmanager(lambda: made)()
    if isinstance(made, (Pregel, StateGraph)):  # a Pregel object may have __enter__ one day
        return made
    if hasattr(made, "__aenter__"):
        return await stack.enter_async_context(made)
    if hasattr(made, "__enter__"):
        return stack.enter_context(made)
    return made


def _arguments(factory: Callable[..., Any]) -> list[Any]:
    """A config for the parameter that takes one; the server's runtime object does not exist here."""
    try:
        parameters = [
            parameter
            for parameter in inspect.signature(factory).parameters.values()
            if parameter.default is inspect.Parameter.empty
            and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        return []
    if len(parameters) > 2:
        names = ", ".join(parameter.name for parameter in parameters)
        raise WorkflowError(
            ErrorCode.GRAPH_INVALID,
            f"The graph factory {getattr(factory, '__name__', factory)!r} wants too many arguments: {names}.",
            "A factory takes none, a config, or a config and a runtime.",
        )
    return [_argument(parameter) for parameter in parameters]


def _argument(parameter: inspect.Parameter) -> Any:
    annotation = str(parameter.annotation)
    if "Runtime" in annotation or parameter.name == "runtime":
        from langgraph.runtime import Runtime

        return Runtime()
    return {"configurable": {}}
