"""What can be read from the source of a node's function: which keys it returns, and whether it routes."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any


@dataclasses.dataclass(frozen=True)
class Reading:
    """What the source of one node says."""

    keys: frozenset[str] = frozenset()
    """Keys of the state that it returns."""
    whole: bool = False
    """Whether these are all of them: False when a return cannot be read."""
    routes: bool = False
    """It may go to nodes that no edge declares (`Command(goto=...)`, `Send`)."""


UNREADABLE = Reading(routes=True)


def read_node(spec: Any) -> Reading:
    """Read the function behind a node of a builder."""
    runnable = getattr(spec, "runnable", None)
    function = getattr(runnable, "func", None) or getattr(runnable, "afunc", None)
    function = inspect.unwrap(getattr(function, "func", function)) if function is not None else None
    if not inspect.isfunction(function):
        return UNREADABLE
    body = _source(function)
    if body is None:
        return UNREADABLE
    routes = any(isinstance(node, ast.Name) and node.id in ("Command", "Send") for node in ast.walk(body))
    keys: set[str] = set()
    whole = True
    for value in _returned(body):
        read = _keys(value)
        whole = whole and read is not None
        keys |= read or set()
    return Reading(frozenset(keys), whole, routes)


def _source(function: Any) -> ast.AST | None:
    """The syntax of a function or a lambda; None when it cannot be found."""
    try:
        lines, _ = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    if function.__name__ != "<lambda>":
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        return next((node for node in ast.walk(tree) if isinstance(node, kinds)), None)
    lambdas = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
    return lambdas[0] if len(lambdas) == 1 else None


def _returned(body: ast.AST) -> Iterator[ast.expr]:
    """Every expression that the function itself, not one within it, returns."""
    if isinstance(body, ast.Lambda):
        yield body.body
        return
    waiting = list(ast.iter_child_nodes(body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            continue
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value
        waiting.extend(ast.iter_child_nodes(node))


def _keys(value: ast.expr) -> set[str] | None:
    """The keys of a dictionary as written down; None when that cannot be told."""
    if isinstance(value, ast.Constant) and value.value is None:
        return set()
    if isinstance(value, ast.IfExp):
        one, other = _keys(value.body), _keys(value.orelse)
        return None if one is None or other is None else one | other
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return _of_call(value.func.id, value.keywords, bool(value.args))
    if not isinstance(value, ast.Dict):
        return None
    names = [key.value for key in value.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
    return set(names) if len(names) == len(value.keys) else None


def _of_call(name: str, keywords: list[ast.keyword], positional: bool) -> set[str] | None:
    if name == "Command" and not positional:
        update = next((word.value for word in keywords if word.arg == "update"), None)
        return set() if update is None else _keys(update)
    if name == "dict" and not positional and all(word.arg for word in keywords):
        return {str(word.arg) for word in keywords}
    return None
