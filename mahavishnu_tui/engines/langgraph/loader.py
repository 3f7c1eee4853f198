"""Finds, imports and compiles the graph that a spec names. Every failure is one sentence.

A spec is `file.py:name`, `file.py`, `package.module:name`, `package.module` or `langgraph.json:name`;
without a name the file must hold one graph, or one with a usual name.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import json
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from langgraph.graph import StateGraph
from langgraph.pregel import Pregel

from mahavishnu_tui.engines.base import WorkflowError
from mahavishnu_tui.engines.langgraph.factory import build
from mahavishnu_tui.models import ErrorCode
from mahavishnu_tui.models.text import clean_line

USUAL_NAMES = ("graph", "app", "workflow", "agent", "build_graph", "make_graph", "build", "create_graph")


class Source:
    """Where a graph comes from: a file or a module, and the name in it."""

    def __init__(self, spec: str, root: Path) -> None:
        target, _, name = spec.rpartition(":") if ":" in spec else (spec, "", "")
        if target.endswith(".json") or spec.endswith(".json"):
            target, name = _from_config(Path(root, target or spec), name)
        self.spec = spec
        self.name = name
        self.path = Path(root, target).resolve() if "/" in target or target.endswith(".py") else None
        self.module = target
        """Its name in `sys.modules`."""
        if self.path is not None:
            self.module = f"{self.path.stem}_{hashlib.sha256(str(self.path).encode()).hexdigest()[:8]}"

    def import_module(self) -> ModuleType:
        """Import the file or module, unless that was done before.

        Raises:
            WorkflowError: MHV-420 with the place where the import failed.
        """
        if self.path is not None and not self.path.is_file():
            raise WorkflowError(
                ErrorCode.LOAD_FAILED,
                f"There is no file {self.path}.",
                "Check the path.",
                path=str(self.path),
            )
        try:
            return self._import_file(self.path) if self.path else importlib.import_module(self.module)
        except BaseException as error:
            raise _import_failed(self, error) from error

    def _import_file(self, path: Path) -> ModuleType:
        name = self.module
        if name in sys.modules:  # another graph of the same file
            return sys.modules[name]
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path} is not a Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # before exec: dataclasses and pickling look their module up
        try:
            spec.loader.exec_module(module)
        except BaseException:
            sys.modules.pop(name, None)
            raise
        return module


async def load_graph(
    source: Source, stack: contextlib.AsyncExitStack
) -> tuple[Pregel[Any, Any, Any, Any], str, str]:
    """Import, pick, build and compile.

    Args:
        source: what to load.
        stack: context managers that factories return are entered here, and closed with it.

    Returns:
        The compiled graph, its name and its description.

    Raises:
        WorkflowError: MHV-420 (import), MHV-421 (the graph is not valid), MHV-422 (no graph of that name).
    """
    module = source.import_module()
    name = source.name or _pick(module, source)
    if not hasattr(module, name):
        raise _no_such_graph(source, module, name)
    found = getattr(module, name)
    try:
        graph = await build(found, stack)
        graph = graph.compile() if isinstance(graph, StateGraph) else graph
    except WorkflowError:
        raise
    except BaseException as error:
        raise WorkflowError(
            ErrorCode.GRAPH_INVALID,
            f"The graph {name!r} of {source.spec} is not valid: {_last_line(error)}.",
            "Correct the graph and load it again.",
            spec=source.spec,
            detail=_trace(error),
        ) from error
    if not isinstance(graph, Pregel):
        raise WorkflowError(
            ErrorCode.NOT_A_GRAPH,
            f"{name!r} of {source.spec} is of type {type(graph).__name__}, not a LangGraph graph.",
            _choices(module),
            spec=source.spec,
        )
    doc = (module.__doc__ or "").strip().splitlines()
    return graph, name, clean_line(doc[0], 200) if doc else ""


def read_langgraph_json(path: Path) -> dict[str, str]:
    """The graphs of a `langgraph.json`, name → spec with an absolute path.

    Raises:
        WorkflowError: MHV-420 when it cannot be read or lists no graphs.
    """
    try:
        graphs = json.loads(path.read_text(encoding="utf-8"))["graphs"]
        entries = {
            str(name): entry["path"] if isinstance(entry, dict) else str(entry)
            for name, entry in graphs.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkflowError(
            ErrorCode.LOAD_FAILED,
            f"{path} lists no graphs that can be read: {_last_line(error)}.",
            'It needs {"graphs": {"name": "./file.py:variable"}}.',
            path=str(path),
        ) from error
    return {name: _absolute(spec, path.parent) for name, spec in entries.items()}


def _absolute(spec: str, folder: Path) -> str:
    target, _, name = spec.rpartition(":")
    if "/" not in target and not target.endswith(".py"):
        return spec
    return f"{(folder / target).resolve()}:{name}"


def _from_config(path: Path, name: str) -> tuple[str, str]:
    specs = read_langgraph_json(path)
    if not name and len(specs) == 1:
        name = next(iter(specs))
    if name not in specs:
        raise WorkflowError(
            ErrorCode.NOT_A_GRAPH,
            f"{path} has no graph {name!r}." if name else f"{path} has several graphs.",
            f"Name one of: {', '.join(sorted(specs))}.",
        )
    target, _, variable = specs[name].rpartition(":")
    return target, variable


def graph_names(module: ModuleType) -> list[str]:
    """The names in a module that hold a compiled graph or a builder."""
    return [
        name
        for name, value in vars(module).items()
        if isinstance(value, (Pregel, StateGraph)) and not name.startswith("_")
    ]


def _pick(module: ModuleType, source: Source) -> str:
    names = graph_names(module)
    compiled = [name for name in names if isinstance(getattr(module, name), Pregel)]
    for candidates in (names, compiled):
        if len(candidates) == 1:
            return candidates[0]
    usual: Iterable[str] = (
        name for name in USUAL_NAMES if name in names or (not names and callable(getattr(module, name, None)))
    )
    picked = next(iter(usual), None)
    if picked is None:
        what = "several graphs" if names else "no graph"
        raise WorkflowError(
            ErrorCode.NOT_A_GRAPH, f"{source.spec} holds {what}.", _choices(module), spec=source.spec
        )
    return picked


def _no_such_graph(source: Source, module: ModuleType, name: str) -> WorkflowError:
    return WorkflowError(
        ErrorCode.NOT_A_GRAPH,
        f"{source.path or source.module} has nothing named {name!r}.",
        _choices(module),
        spec=source.spec,
    )


def _choices(module: ModuleType) -> str:
    names = graph_names(module)
    if not names:
        return "Give it a StateGraph, a compiled graph, or a function that returns one."
    return f"Graphs found there: {', '.join(names)}."


def _import_failed(source: Source, error: BaseException) -> WorkflowError:
    where = str(source.path or source.module)
    line = _user_line(error, where)
    hint = "Correct the file and load it again."
    if isinstance(error, ModuleNotFoundError) and error.name:
        hint = f"Install {error.name.split('.')[0]!r} into {sys.executable}, or correct the import."
    return WorkflowError(
        ErrorCode.LOAD_FAILED,
        f"{where} cannot be imported{f' (line {line})' if line else ''}: {_last_line(error)}.",
        hint,
        spec=source.spec,
        detail=_trace(error),
    )


def _user_line(error: BaseException, where: str) -> int | None:
    if isinstance(error, SyntaxError) and error.filename == where:
        return error.lineno
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == where]
    return lines[-1] if lines else None


def _last_line(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"it calls sys.exit({error.code!r})"
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return clean_line(f"{type(error).__name__}: {text}" if text else type(error).__name__, 300).rstrip(".")


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(type(error), error, error.__traceback__))[-8000:]
