"""JSON Schemas of a graph's input, with fallbacks where pydantic cannot make one."""

from __future__ import annotations

import types
import typing
from typing import Any

from mahavishnu_tui.engines.langgraph.jsonable import to_json
from mahavishnu_tui.engines.langgraph.shape import AnyGraph

_JSON_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", list: "array", dict: "object"}


def input_schema(graph: AnyGraph) -> dict[str, Any] | None:
    """The JSON Schema of the input, or None where nothing is known about it."""
    try:
        schema = graph.get_input_jsonschema()
    except Exception:  # typing.TypedDict before Python 3.12, types that pydantic does not know
        return _from_hints(graph)
    plain, truncated = to_json(schema)
    return None if truncated or not isinstance(plain, dict) else plain


def _from_hints(graph: AnyGraph) -> dict[str, Any] | None:
    state = getattr(getattr(graph, "builder", None), "input_schema", None)
    if state is None:
        return None
    try:
        hints = typing.get_type_hints(state)
    except Exception:
        hints = dict(getattr(state, "__annotations__", {}))
    if not hints:
        return None
    properties = {name: _property(hint) for name, hint in hints.items()}
    return {"type": "object", "title": getattr(state, "__name__", "Input"), "properties": properties}


def _property(hint: Any) -> dict[str, Any]:
    """What a hint says that a form can use; nothing where it says more than that."""
    origin, inner = typing.get_origin(hint) or hint, typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        plain = [part for part in inner if part is not type(None)]
        options = [_property(part) for part in plain]
        if len(plain) < len(inner):
            options.append({"type": "null"})
        return {"anyOf": options} if all(options) else {}
    if origin is typing.Literal:
        return {"enum": list(inner)} if all(isinstance(one, (str, int, bool)) for one in inner) else {}
    kind = _JSON_TYPES.get(origin) if isinstance(origin, type) else None
    if kind is None:
        return {}
    items = _property(inner[0]) if kind == "array" and inner else {}
    return {"type": kind, **({"items": items} if items else {})}
