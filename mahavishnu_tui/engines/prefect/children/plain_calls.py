"""Which tasks a flow calls plainly: a task runner never sees those."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

HANDED_OVER = ("submit", "map", "delay", "apply_async")


def calls_of_tasks(flow: Any) -> tuple[list[str], list[str]]:
    """The tasks that a flow's body calls plainly, and those that it hands to its runner.

    What cannot be read (no source, a name made at run time) is in neither.
    """
    function = inspect.unwrap(flow.fn)
    if not inspect.isfunction(function):
        return [], []
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, ValueError, SyntaxError):
        return [], []
    own = {node.name for node in ast.walk(tree) if isinstance(node, _FUNCTIONS) and _is_task(node)}
    known = _Names(function, own)
    plain: dict[str, None] = {}
    handed: dict[str, None] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr in HANDED_OVER:
            name = known.task(node.func.value)
            if name:
                handed[name] = None
        else:
            name = known.task(node.func)
            if name:
                plain[name] = None
    return list(plain), list(handed)


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _is_task(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    named = [item.func if isinstance(item, ast.Call) else item for item in node.decorator_list]
    return any(getattr(item, "id", getattr(item, "attr", "")) == "task" for item in named)


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # a name that is bound later
        return False


class _Names:
    """Resolves an expression to the name of a task, as the function would."""

    def __init__(self, function: Any, own: set[str]) -> None:
        # Not `inspect.getclosurevars`: that misses names used in comprehensions only.
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        closed = {name: cell.cell_contents for name, cell in cells if _filled(cell)}
        self._values = {**function.__globals__, **closed}
        self._own = own

    def task(self, expression: ast.expr) -> str:
        """The task's name; empty when it is none."""
        if isinstance(expression, ast.Call) and getattr(expression.func, "attr", "") == "with_options":
            return self.task(getattr(expression.func, "value", expression.func))
        if isinstance(expression, ast.Name) and expression.id in self._own:
            return expression.id
        from prefect.tasks import Task

        value = self._value(expression)
        return str(value.name) if isinstance(value, Task) else ""

    def _value(self, expression: ast.expr) -> Any:
        if isinstance(expression, ast.Name):
            return self._values.get(expression.id)
        if isinstance(expression, ast.Attribute):
            return getattr(self._value(expression.value), expression.attr, None)
        return None
