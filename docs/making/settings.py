"""Every setting, from the JSON schema of the model."""

from __future__ import annotations

import json
from typing import Any

from mahavishnu_tui.settings.model import MahavishnuSettings
from making.tables import MADE, code, table

Schema = dict[str, Any]
SCHEMA: Schema = MahavishnuSettings.model_json_schema()


def settings_page() -> str:
    lines = [
        "# Settings",
        MADE,
        "Every setting, with its type, default and bounds. A settings file is YAML: a group, and its settings under it.",
        "The same with comments, ready to copy: [settings/mahavishnu.yaml](../../settings/mahavishnu.yaml).",
        "",
        "The stronger source wins, setting by setting. From the weakest: the defaults below; the operator's own",
        "`~/.config/mahavishnu/mahavishnu.yaml`; `settings/mahavishnu.yaml` or `mahavishnu.yaml` of a project, once it",
        "is trusted; the `local.yaml` beside either; environment variables; what is said of the [context](#contexts);",
        "`--set GROUP.SETTING=VALUE`.",
        "The variable of a setting is `MAHAVISHNU_GROUP__SETTING`; lists and mappings are JSON there.",
        "`mahavishnu info` says which sources were used, `mahavishnu config validate` whether they are right, and",
        "`mahavishnu config show` the value of each setting and who says so.",
    ]
    nested: dict[str, str] = {}
    loose: list[tuple[str, Schema]] = []
    for name, field in SCHEMA["properties"].items():
        model = reference(field)
        if model is None:
            loose.append((name, field))
            continue
        group = SCHEMA["$defs"][model]
        lines += ["", f"## {name}", "", group.get("description", "")]
        lines += ["", *fields(f"{name}.", group, nested, variables=True)]
    for name, field in loose:
        lines += ["", f"## {name}", "", field.get("description", "")]
        note_nested(name, field, nested)
    done: set[str] = set()
    while todo := [model for model in nested if model not in done]:
        model = todo[0]
        done.add(model)
        group = SCHEMA["$defs"][model]
        lines += ["", f"## One of {nested[model]}", "", group.get("description", "")]
        lines += ["", *fields("", group, nested, variables=False)]
    return "\n".join(lines)


def fields(prefix: str, group: Schema, nested: dict[str, str], *, variables: bool) -> list[str]:
    rows = []
    for name, field in group["properties"].items():
        note_nested(f"{prefix}{name}", field, nested)
        row: tuple[str, ...] = (
            code(f"{prefix}{name}"),
            kind(field),
            "" if name in group.get("required", ()) else code(json.dumps(default(field), ensure_ascii=False)),
            bounds(field),
            field.get("description", ""),
        )
        rows.append(
            (*row, code(f"MAHAVISHNU_{prefix}{name}".replace(".", "__").upper())) if variables else row
        )
    titles = ("Setting", "Type", "Default", "Bounds", "What it does")
    return table((*titles, "Variable") if variables else titles, rows)


def reference(field: Schema) -> str | None:
    """The model that a field is, by name."""
    found = field.get("$ref") or next((part.get("$ref") for part in field.get("allOf", ())), None)
    return str(found).rpartition("/")[2] if found else None


def inner(field: Schema) -> Schema:
    """What the items of a list or mapping are; empty where it is neither, or they may be anything."""
    keyed = next(iter(field.get("patternProperties", {}).values()), None)
    found = keyed or field.get("additionalProperties") or field.get("items")
    return found if isinstance(found, dict) else {}


GROUPS = {reference(field): name for name, field in SCHEMA["properties"].items() if reference(field)}
"""The groups by the models that they are."""


def note_nested(name: str, field: Schema, nested: dict[str, str]) -> None:
    """Remember the model that the items of a list or mapping are."""
    for part in (inner(field), *field.get("anyOf", ())):
        model = reference(part)
        if model is not None and model not in GROUPS:
            nested.setdefault(model, code(name))


def kind(field: Schema) -> str:
    if "anyOf" in field:
        return " or ".join(kind(part) for part in field["anyOf"])
    if "enum" in field:
        return ", ".join(code(str(value)) for value in field["enum"])
    if field.get("format") in ("password", "path"):
        return {"password": "text (secret)", "path": "path"}[field["format"]]
    group = GROUPS.get(reference(field))
    if group:
        return f"a group like [{group}](#{group})"
    items = inner(field)
    of = f" of {kind(items)}" if items and not reference(items) else ""
    names = {
        "integer": "whole number",
        "number": "number",
        "boolean": "true or false",
        "string": "text",
        "null": "null",
        "array": f"list{of}",
        "object": f"mapping{of}",
    }
    return names.get(str(field.get("type")), "any value")


def default(field: Schema) -> Any:
    if "default" in field:
        return field["default"]
    return {"array": [], "object": {}}.get(str(field.get("type")))


def bounds(field: Schema) -> str:
    words = {
        "minimum": "≥ {}",
        "exclusiveMinimum": "> {}",
        "maximum": "≤ {}",
        "exclusiveMaximum": "< {}",
        "minLength": "at least {} characters",
        "maxLength": "at most {} characters",
        "pattern": "matches `{}`",
    }
    parts = [field, *field.get("anyOf", ())]
    return ", ".join(words[key].format(part[key]) for part in parts for key in words if key in part)
