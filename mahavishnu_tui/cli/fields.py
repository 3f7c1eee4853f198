"""The fields that a JSON schema asks for, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mahavishnu_tui.cli import output
from mahavishnu_tui.models.text import clean_line

_LONGEST = 60


def fields_of(
    schema: Mapping[str, Any] | None, given: Mapping[str, Any] | None = None
) -> list[tuple[str, str, str]]:
    """Name, type and default of each field; `must be given` where there is no default.

    Args:
        schema: of an object.
        given: defaults that count more than the schema's.
    """
    schema, given = schema or {}, given or {}
    required = set(schema.get("required") or ())
    fields = schema.get("properties")
    return [
        (clean_line(name, _LONGEST), _kind(field), _default(name, field, given, name in required))
        for name, field in (fields.items() if isinstance(fields, dict) else ())
        if isinstance(field, dict)
    ]


def _kind(field: Mapping[str, Any]) -> str:
    if isinstance(field.get("enum"), list):
        return clean_line(" | ".join(map(output.compact, field["enum"])), _LONGEST)
    kinds = [field, *(item for item in field.get("anyOf") or () if isinstance(item, dict))]
    return clean_line(" | ".join(str(item["type"]) for item in kinds if "type" in item), _LONGEST) or "any"


def _default(name: str, field: Mapping[str, Any], given: Mapping[str, Any], required: bool) -> str:
    if name in given:
        return clean_line(output.compact(given[name]), _LONGEST)
    if "default" in field:
        return clean_line(output.compact(field["default"]), _LONGEST)
    return "must be given" if required else ""
