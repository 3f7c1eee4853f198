"""From an entrypoint to a flow: which file or module is meant, loading it, and choosing among its flows."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import importlib.util
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from .reply import FLOW, INPUT, Refusal

Flow = Any
"""Prefect's `Flow`; its types are those of the user's interpreter."""


@dataclasses.dataclass(frozen=True)
class Place:
    """What an entrypoint names."""

    file: Path | None
    """Set when it names a file; the other form is a module."""
    module: str
    flow: str
    """A function, a method as `Class.method`, or a flow's name; empty: the only flow there is."""

    def __str__(self) -> str:
        return _short(self.file) if self.file else self.module


@dataclasses.dataclass(frozen=True)
class Loaded:
    """A file or module whose code has run, and the flows in it by the name of their function."""

    place: Place
    module: ModuleType
    flows: dict[str, Flow]

    def entrypoint(self, function: str) -> str:
        """How Prefect's workers find that flow from the project's folder."""
        if self.place.file is None:
            return f"{self.place.module}.{function}"
        return f"{_short(self.place.file)}:{function}"


def parse(entrypoint: str) -> Place:
    """Read `file.py`, `file.py:flow`, `module`, `module:flow` or `module.flow`.

    Raises:
        Refusal: MHV-402 there is no such file or module.
    """
    head, colon, tail = entrypoint.rpartition(":")
    if not colon or (tail and not tail.isidentifier() and ".py" in tail):
        head, tail = entrypoint, ""
    if head.endswith(".py") or os.sep in head:
        return _file(head, tail)
    if _is_module(head):
        return Place(None, head, tail)
    module, dot, function = head.rpartition(".")
    if dot and not tail and _is_module(module):
        return Place(None, module, function)
    raise Refusal(
        FLOW,
        f"There is no file or module {head!r} in {os.getcwd()}.",
        "Name a flow as `file.py:function` or `package.module:function`, from the project's folder.",
    )


def _file(path: str, flow: str) -> Place:
    file = Path(path).expanduser().resolve()
    if file.is_dir():
        raise Refusal(FLOW, f"{path} is a directory.", "Name the Python file with the flow.")
    if not file.is_file():
        raise Refusal(FLOW, f"There is no file {path} in {os.getcwd()}.", "Correct the path.")
    if file.suffix != ".py":
        raise Refusal(FLOW, f"{path} is no Python file.", "Name a file that ends in .py.")
    return Place(file, file.stem, flow)


def _is_module(name: str) -> bool:
    if not all(part.isidentifier() for part in name.split(".")):
        return False
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
    except Exception:  # a parent package whose own code fails: loading it says how
        return True


def load(place: Place) -> Loaded:
    """Run the file's or module's code, as Prefect's worker would.

    Raises:
        Refusal: MHV-402 it cannot be loaded, would run a flow while it loads, or holds no flow.
    """
    if place.file is not None:
        _refuse_runs_at_load(place.file)
    module = _import(place)
    flows = flows_of(module)
    if not flows:
        raise Refusal(
            FLOW, f"There is no flow in {place}.", "Decorate a function with `@flow` from `prefect`."
        )
    return Loaded(place, module, flows)


def _import(place: Place) -> ModuleType:
    from prefect.exceptions import ScriptError
    from prefect.utilities.importtools import load_script_as_module

    try:
        if place.file is not None:
            return load_script_as_module(str(place.file))
        return importlib.import_module(place.module)
    except ScriptError as error:
        raise _failed(place, error.user_exc) from error
    except (Exception, SystemExit) as error:
        raise _failed(place, error) from error


def _failed(place: Place, error: BaseException) -> Refusal:
    what = f"{type(error).__name__}: {error}".strip().split("\n")[0]
    detail = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    hint = "Correct it, then try again."
    if isinstance(error, SyntaxError):
        return Refusal(
            FLOW, f"{place} cannot be read: {error.msg} (line {error.lineno}).", "Correct the file.", detail
        )
    if isinstance(error, ModuleNotFoundError):
        hint = f"Install it for {sys.executable}, or name another interpreter."
    elif isinstance(error, SystemExit):
        what = "it ends the process"
        hint = "Put what is to happen only when it is run under `if __name__ == '__main__':`."
    return Refusal(FLOW, f"{place} cannot be loaded: {what}{_line(place, error)}.", hint, detail)


def _line(place: Place, error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if place.file and Path(frame.filename).resolve() == place.file]
    shown = own or [frame for frame in frames if "importlib" not in frame.filename]
    if not shown:
        return ""
    return f" (line {shown[-1].lineno}{'' if own else f' of {_short(Path(shown[-1].filename))}'})"


def _refuse_runs_at_load(file: Path) -> None:
    """Each load of such a file, by us or by a worker, would run the flow, or never end."""
    try:
        tree = ast.parse(file.read_bytes(), str(file))
    except (OSError, ValueError, SyntaxError):
        return  # importing it says why
    flows = {
        node.name
        for node in tree.body
        if isinstance(node, _FUNCTIONS) and any(map(_is_flow, node.decorator_list))
    }
    for statement in tree.body:
        call = getattr(statement, "value", None)
        if not isinstance(statement, (ast.Expr, ast.Assign)) or not isinstance(call, ast.Call):
            continue
        called = call.func
        if isinstance(called, ast.Name) and called.id in flows:
            raise _unguarded(file, statement.lineno, f"runs the flow `{called.id}`")
        of = getattr(getattr(called, "value", None), "id", "")
        if isinstance(called, ast.Attribute) and called.attr in ("serve", "deploy") and of in flows:
            raise _unguarded(file, statement.lineno, f"calls `{of}.{called.attr}`")


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _is_flow(decorator: ast.expr) -> bool:
    named = decorator.func if isinstance(decorator, ast.Call) else decorator
    return getattr(named, "id", getattr(named, "attr", "")) == "flow"


def _unguarded(file: Path, line: int, does: str) -> Refusal:
    return Refusal(
        FLOW,
        f"Line {line} of {_short(file)} {does} whenever the file is loaded.",
        "Put it under `if __name__ == '__main__':`.",
    )


def flows_of(module: ModuleType) -> dict[str, Flow]:
    """The flows that a module defines, else those that it imports, by the name they have there."""
    from prefect.flows import Flow as PrefectFlow

    found = {name: value for name, value in vars(module).items() if isinstance(value, PrefectFlow)}
    for name, value in vars(module).items():
        if isinstance(value, type) and value.__module__ == module.__name__:
            held = {k: getattr(value, k, None) for k in vars(value)}
            found |= {f"{name}.{k}": v for k, v in held.items() if isinstance(v, PrefectFlow)}
    own = {name: flow for name, flow in found.items() if flow.fn.__module__ == module.__name__}
    return own or found


def choose(loaded: Loaded, wanted: str) -> tuple[str, Flow]:
    """One flow: by its function, else by its name, else the only one.

    Raises:
        Refusal: MHV-402 there is none of that name, or several to choose from; MHV-010 it is no flow.
    """
    names = ", ".join(f"{function} ({flow.name})" for function, flow in loaded.flows.items())
    if not wanted:
        if len(loaded.flows) > 1:
            raise Refusal(FLOW, f"{loaded.place} holds several flows: {names}.", "Name one of them.")
        return next(iter(loaded.flows.items()))
    if wanted in loaded.flows:
        return wanted, loaded.flows[wanted]
    named = [(function, flow) for function, flow in loaded.flows.items() if flow.name == wanted]
    if len(named) == 1:
        return named[0]
    return _elsewhere(loaded, wanted, names)


def _elsewhere(loaded: Loaded, wanted: str, names: str) -> tuple[str, Flow]:
    from prefect.flows import Flow as PrefectFlow

    found: Any = loaded.module
    for part in wanted.split("."):
        found = getattr(found, part, None)
    if isinstance(found, PrefectFlow):
        return wanted, found
    if callable(found):
        raise Refusal(INPUT, f"`{wanted}` in {loaded.place} is no flow.", "Decorate it with `@flow`.")
    raise Refusal(
        FLOW, f"There is no flow {wanted!r} in {loaded.place}; it holds {names}.", "Name one of them."
    )


def _short(path: Path) -> str:
    """As the operator would write it in the project's folder."""
    try:
        return str(path.resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        return str(path)
