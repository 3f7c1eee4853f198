"""Graphs and flows in the Python files of a folder, found by reading: nothing is imported or run."""

from __future__ import annotations

import ast
import dataclasses
import itertools
import os
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

MAX_ENTRIES = 5000
MAX_FILES = 300
MAX_BYTES = 512 * 1024
MAX_DEPTH = 3
MAX_SECONDS = 3.0
"""Bounds of a look: a home directory on a slow network file system must not keep anybody waiting."""
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "build", "dist"})
_AGENTS = frozenset(
    {"create_agent", "create_react_agent", "create_deep_agent", "create_supervisor", "create_swarm"}
)
"""Functions that return a graph."""
_GRAPHS = ("langgraph", "langchain", "deepagents")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclasses.dataclass(frozen=True)
class Code:
    """A graph or a flow."""

    kind: Literal["graph", "flow"]
    file: Path
    name: str
    """The name in the file."""
    required: tuple[str, ...] = ()
    """Parameters of a flow that have no default."""


@dataclasses.dataclass(frozen=True)
class Search:
    """What was found, and how far it was looked."""

    found: tuple[Code, ...]
    files: int
    """Python files that were looked at."""
    whole: bool
    """Whether no bound was reached."""
    broken: tuple[tuple[Path, str], ...] = ()
    """Files that might hold some and cannot be read as Python, and why."""


def search(folder: Path, depth: int = MAX_DEPTH) -> Search:
    """Look into the Python files of a folder, and of those below it down to `depth`."""
    until = time.monotonic() + MAX_SECONDS
    found: list[Code] = []
    broken: list[tuple[Path, str]] = []
    files, whole = 0, True
    for path in _python_files(folder, depth):
        if path is None or files >= MAX_FILES or time.monotonic() > until:
            whole = False
            break
        files += 1
        try:
            found += _read(path)
        except SyntaxError as error:
            broken.append((path, f"line {error.lineno or 1}: {error.msg}"))
    return Search(tuple(found), files, whole, tuple(broken))


def _python_files(folder: Path, depth: int) -> Iterator[Path | None]:
    """Files, the nearest first; None once too much has been looked at."""
    seen = 0
    waiting = deque([(folder, 0)])
    while waiting:
        here, level = waiting.popleft()
        try:
            with os.scandir(here) as listed:
                entries = sorted(itertools.islice(listed, MAX_ENTRIES + 1), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            seen += 1
            if seen > MAX_ENTRIES:
                yield None
                return
            if entry.name.endswith(".py") and os.path.isfile(entry.path):
                yield Path(entry.path)
            elif level < depth and _is_worth_it(entry):
                waiting.append((Path(entry.path), level + 1))


def _is_worth_it(entry: os.DirEntry[str]) -> bool:
    """Whether a folder may hold the operator's own code."""
    if entry.name.startswith(".") or entry.name in _SKIPPED:
        return False
    # Those of `os.path` take a link in a ring, and a folder that may not be read, for one without the file.
    return entry.is_dir(follow_symlinks=False) and not os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))


def _read(path: Path) -> list[Code]:
    """What is in a file; raises SyntaxError where it names our engines and is no Python."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return []
        content = path.read_bytes()
        if b"langgraph" not in content and b"langchain" not in content and b"prefect" not in content:
            return []
        tree = ast.parse(content)
    except (OSError, ValueError, RecursionError, MemoryError):
        return []  # it is no file that could be run
    modules = _imported(tree)
    found: list[Code] = []
    if modules & set(_GRAPHS):
        found += [Code("graph", path, name) for name in _graphs(tree)]
    if "prefect" in modules:
        found += [Code("flow", path, node.name, _required(node)) for node in _flows(tree)]
    return found


def _imported(tree: ast.Module) -> set[str]:
    """The top-level packages that it imports, also within functions."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").partition(".")[0])
    return names


def _graphs(tree: ast.Module) -> list[str]:
    """Names of compiled graphs; where there is none, of their builders."""
    compiled, builders = [], []
    for node in tree.body:
        if isinstance(node, _Function) and "entrypoint" in map(_called, node.decorator_list):
            compiled.append(node.name)
        for name, value in _assigned(node):
            made = _called(value) if isinstance(value, ast.Call) else ""
            if made in _AGENTS or (made == "compile" and not _of_re(value)):
                compiled.append(name)
            elif made == "StateGraph":
                builders.append(name)
    return list(dict.fromkeys(compiled or builders))


def _assigned(node: ast.stmt) -> list[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        return [(target.id, node.value) for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        return [(node.target.id, node.value)]
    return []


def _called(node: ast.expr) -> str:
    """The last name of what is called, or named: `flow` of `@flow`, `@flow(…)` and `@prefect.flow`."""
    node = node.func if isinstance(node, ast.Call) else node
    node = node.value if isinstance(node, ast.Subscript) else node
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _of_re(node: ast.expr) -> bool:
    """Whether it is a regular expression that is compiled."""
    function = node.func if isinstance(node, ast.Call) else None
    owner = function.value if isinstance(function, ast.Attribute) else None
    return isinstance(owner, ast.Name) and owner.id in ("re", "regex")


def _flows(tree: ast.Module) -> list[_Function]:
    return [
        node
        for node in tree.body
        if isinstance(node, _Function) and "flow" in map(_called, node.decorator_list)
    ]


def _required(function: _Function) -> tuple[str, ...]:
    given = function.args
    plain = [*given.posonlyargs, *given.args]
    without = plain[: len(plain) - len(given.defaults)]
    keyed = [arg for arg, value in zip(given.kwonlyargs, given.kw_defaults, strict=True) if value is None]
    return tuple(arg.arg for arg in (*without, *keyed))
