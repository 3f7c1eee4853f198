"""Sentences for settings that are wrong: which source, which key, what was meant perhaps."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.settings.model import MahavishnuSettings


def setting_names() -> dict[str, Any]:
    """Every setting as `group.field`, with its default."""
    names: dict[str, Any] = {}
    for group, values in MahavishnuSettings():
        if isinstance(values, BaseModel):
            names |= {f"{group}.{field}": default for field, default in values}
    return names


def nearest(key: str) -> str:
    """The setting or group whose name is most like `key`, or nothing."""
    names = list(setting_names())
    if key in MahavishnuSettings.model_fields:
        return ""
    fields = {name.rpartition(".")[2]: name for name in names}
    field = key.rpartition(".")[2]
    # The right field in the wrong group, or without one, says more than a likeness.
    if field in fields:
        return fields[field]
    found = difflib.get_close_matches(key, [*names, *MahavishnuSettings.model_fields], n=1, cutoff=0.6)
    return found[0] if found else ""


def explain(
    error: ValidationError, source: str, lines: Mapping[tuple[str, ...], int] | None = None
) -> MahavishnuError:
    """One MHV-001 for all that is wrong in one source; `details["problems"]` has every sentence."""
    problems = [_sentence(dict(item), source, lines or {}) for item in error.errors()]
    more = (
        f" ({len(problems) - 1} more: `mahavishnu config validate` shows them.)" if len(problems) > 1 else ""
    )
    return MahavishnuError(
        ErrorCode.CONFIG_INVALID,
        problems[0] + more,
        "`mahavishnu config show --defaults` lists every setting.",
        problems=problems,
    )


def unknown_key(source: str, key: str) -> str:
    """The sentence for a setting that does not exist."""
    guess = nearest(key)
    meant = f" Did you mean `{guess}`?" if guess else ""
    return f"{source}: `{clean_line(key, 80)}` is not a setting.{meant}"


def _sentence(item: dict[str, Any], source: str, lines: Mapping[tuple[str, ...], int]) -> str:
    path = tuple(str(part) for part in item["loc"])
    key = ".".join(path)
    line = next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), None)
    where = source if line is None else f"{source}, line {line}"
    if item["type"] == "extra_forbidden":
        return unknown_key(where, key)
    message = str(item["msg"])
    # A server's entry may hold keys, and a key must not be printed.
    secret = path[:2] == ("langgraph", "servers")
    value = "what it is" if secret else clean_line(repr(item.get("input")), 60)
    return f"{where}: `{clean_line(key, 80)}` cannot be {value}: {message[:1].lower()}{message[1:]}."
