"""Which of the project's modules a module needs: those that its source imports, and theirs."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType

IsOwn = Callable[[str], bool]
"""Whether a loaded module, by name, belongs to the project."""


class Imports:
    """Reads imports from source files; each file is parsed once for each stamp of it.

    What was imported first by another graph of the same process is in `sys.modules` already, so watching
    what an import adds does not tell what a graph needs.

    Args:
        is_own: tells the project's modules from its libraries.
        stamp: changes when the file of a module does.
    """

    def __init__(self, is_own: IsOwn, stamp: Callable[[str], tuple[int, int]]) -> None:
        self._is_own = is_own
        self._stamp = stamp
        self._known: dict[tuple[str, tuple[int, int]], frozenset[str]] = {}

    def needed_by(self, module: str) -> set[str]:
        """The project's loaded modules that a loaded module needs, itself included."""
        found = {module}
        waiting = [module]
        while waiting:
            for name in self._direct(waiting.pop()) - found:
                found.add(name)
                waiting.append(name)
        return found

    def _direct(self, module: str) -> set[str]:
        key = (module, self._stamp(module))
        if key not in self._known:
            self._known[key] = frozenset(imported_names(sys.modules.get(module)))
        return {name for name in self._known[key] if name in sys.modules and self._is_own(name)}


def imported_names(module: ModuleType | None) -> Iterator[str]:
    """Every name that a module's source may import, parents of dotted names included."""
    file = getattr(module, "__file__", None) or ""
    try:
        with open(file, "rb") as source:
            tree = ast.parse(source.read())
    except (OSError, SyntaxError, ValueError):
        return
    package = getattr(module, "__package__", None) or ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from _with_parents(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            # `from package import name` may name a module or something in one.
            yield from _with_parents([base, *(f"{base}.{alias.name}" for alias in node.names)])


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")[: len(package.split(".")) - (node.level - 1)]
    return ".".join([*parts, *([node.module] if node.module else [])])


def _with_parents(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        parts = name.split(".")
        yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))
