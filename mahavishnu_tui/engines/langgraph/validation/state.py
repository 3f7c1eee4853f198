"""The state: keys that nobody writes, keys that nobody declared, values that cannot be stored."""

from __future__ import annotations

import asyncio
import collections.abc
import contextvars
import dataclasses
import enum
import io
import socket
import sqlite3
import threading
import types
import typing
from typing import Any

from mahavishnu_tui.engines.langgraph.validation.functions import read_node
from mahavishnu_tui.models.finding import Finding
from mahavishnu_tui.models.text import clean_line

_NEVER: tuple[Any, ...] = (
    collections.abc.Callable,
    collections.abc.Generator,
    collections.abc.AsyncGenerator,
    collections.abc.Iterator,
    collections.abc.AsyncIterator,
    collections.abc.Coroutine,
    collections.abc.Awaitable,
    typing.IO,
    io.IOBase,
    socket.socket,
    sqlite3.Connection,
    sqlite3.Cursor,
    types.ModuleType,
    types.FunctionType,
    contextvars.ContextVar,
    asyncio.Future,
    asyncio.Event,
    asyncio.Lock,
    asyncio.Queue,
    threading.Thread,
    threading.Event,
    type(threading.Lock()),
    type(threading.RLock()),
)
_FACTORIES = {threading.Lock: "threading.Lock", threading.RLock: "threading.RLock"}


_STORED = ("datetime", "decimal", "uuid", "pathlib", "ipaddress", "re", "zoneinfo", "numpy")
"""Modules whose classes LangGraph's serialiser knows."""


def check_state(builder: Any, prefix: str = "") -> list[Finding]:
    """Check the state of a StateGraph against what its nodes return.

    Args:
        builder: the graph as it was built.
        prefix: the path of the subgraph it is, `outer/`, or nothing.
    """
    declared = {name for name in builder.channels if not name.startswith("__")}
    if not declared:
        return []
    return [*_written(builder, prefix, declared), *_storable(builder, prefix, declared)]


def _written(builder: Any, prefix: str, declared: set[str]) -> list[Finding]:
    found: list[Finding] = []
    written: set[str] = set()
    whole = True
    for name, spec in builder.nodes.items():
        reading = read_node(spec)
        written |= reading.keys
        whole = whole and reading.whole
        for key in sorted(reading.keys - declared):
            said = f"{name!r} returns {key!r}, which the state does not have: LangGraph drops it."
            hint = f"Add {key!r} to the state, or correct its name."
            found.append(Finding("unknown-key", "error", prefix + name, said, hint))
    if whole and builder.nodes:
        given = _input_keys(builder, declared)
        # What only a node's own input has is given by the `Send` that starts it.
        shared = set(_hints(getattr(builder, "state_schema", None))) or declared
        found += [_never_written(prefix, key, key in given) for key in sorted(declared & shared - written)]
    return found


def _input_keys(builder: Any, declared: set[str]) -> set[str]:
    schema = getattr(builder, "input_schema", None)
    if schema is None or schema is getattr(builder, "state_schema", None):
        return declared
    return set(_hints(schema)) or declared


def _never_written(prefix: str, key: str, given: bool) -> Finding:
    if given:
        said = f"No node writes {key!r}: it has only what the input gives."
        return Finding("never-written", "note", prefix + key, said)
    said = f"No node writes {key!r}, and the input has no such key: it is never set."
    return Finding("never-written", "warning", prefix + key, said, "Remove it, or write it in a node.")


def _storable(builder: Any, prefix: str, declared: set[str]) -> list[Finding]:
    hints: dict[str, Any] = {}
    for schema in getattr(builder, "schemas", None) or [getattr(builder, "state_schema", None)]:
        hints.update(_hints(schema))
    found = []
    for key in sorted(declared & set(hints)):
        what = _not_storable(hints[key])
        if what:
            said = f"{key!r} holds {what}, which cannot be stored in a checkpoint: the run would fail there."
            hint = "Keep it outside the state (in the context, or made where it is needed)."
            found.append(Finding("not-storable", "error", prefix + key, said, hint))
    return found


def _hints(schema: Any) -> dict[str, Any]:
    try:
        return dict(typing.get_type_hints(schema, include_extras=False))
    except Exception:  # names that only a type checker can see
        return dict(getattr(schema, "__annotations__", None) or {})


def _not_storable(hint: Any) -> str:
    """What in a type cannot be stored, by name; empty when nothing is known against it."""
    if hint in _FACTORIES if isinstance(hint, collections.abc.Hashable) else False:
        return _FACTORIES[hint]
    origin = typing.get_origin(hint) or hint
    if origin is collections.abc.Callable:
        return "a Callable"
    if isinstance(origin, type):
        if any(isinstance(base, type) and _is_subclass(origin, base) for base in _NEVER):
            return f"a {clean_line(origin.__name__, 60)}"
        if _is_plain_class(origin):
            return f"objects of the class {clean_line(origin.__name__, 60)}"
    return next(filter(None, map(_not_storable, _inner(hint))), "")


def _inner(hint: Any) -> list[Any]:
    return [part for part in typing.get_args(hint) if not isinstance(part, (str, int, bytes, list))]


def _is_subclass(kind: type, base: type) -> bool:
    try:
        return issubclass(kind, base)
    except TypeError:
        return False


def _is_plain_class(kind: type) -> bool:
    """Whether LangGraph's serialiser has no way to take objects of this class apart."""
    if kind.__module__ in ("builtins", "typing", "types", "collections", "collections.abc"):
        return False
    known = ("model_dump", "dict", "to_json", "_asdict", "__dataclass_fields__", "__total__", "__array__")
    if dataclasses.is_dataclass(kind) or any(hasattr(kind, name) for name in known):
        return False
    return not issubclass(kind, enum.Enum) and kind.__module__.partition(".")[0] not in _STORED
