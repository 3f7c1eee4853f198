"""Every key, from the bindings of the classes."""

from __future__ import annotations

import importlib
import inspect
import re
from types import ModuleType

from textual.binding import Binding

from mahavishnu_tui import app
from mahavishnu_tui.screens.hints import key_text
from mahavishnu_tui.screens.keymap import binding_owners, bindings_of
from making.tables import MADE, code, table


def keys_page() -> str:
    lines = [
        "# Keys",
        MADE,
        "Every key, by the place where it works; `?` shows those that work where you are.",
        "",
        "Other keys are given in the [settings](settings.md#ui), by id: `ui.keymap: {run.retry: f6}`. Their names",
        "are those of the second column. What changes something is bound to no key in a read-only dashboard.",
    ]
    for owner in owners():
        about = about_module(importlib.import_module(owner.__module__))
        rows = [row(binding) for binding in bindings_of(owner)]
        titles = ("Key", "Its name", "What it does", "Id")
        lines += ["", f"## {place(owner)}", "", about, "", *table(titles, rows)]
    return "\n".join(lines)


def about_module(module: ModuleType) -> str:
    """What is said of a module: `` `BatchScreen`: answers many questions `` without the name before it."""
    said = (inspect.getdoc(module) or "").split("\n")[0].replace("<", "\\<")
    said = re.sub(r"^`\w+`: ", "", said)
    return said[:1].upper() + said[1:]


def place(owner: type) -> str:
    """The class in words."""
    if owner is app.MahavishnuApp:
        return "everywhere"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", owner.__name__).lower()


def row(binding: Binding) -> tuple[str, ...]:
    keys = binding.key.split(",")
    shown = " ".join(code(key_text(key)) for key in keys)
    return shown, code(",".join(keys)), binding.description or "", code(binding.id or "")


def owners() -> list[type]:
    """The most general places first."""
    first = ("MahavishnuApp", "OperatorScreen", "Dashboard", "VirtualTable")
    return sorted(
        binding_owners(),
        key=lambda owner: first.index(owner.__name__) if owner.__name__ in first else len(first),
    )
