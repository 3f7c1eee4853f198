"""Sentences for settings that are wrong: which source, which key, what was meant perhaps."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.settings.model import ContextSettings, MahavishnuSettings

_SECRET = frozenset(
    {
        ("langgraph", "servers"),
        ("notifications",),
        ("notifications", "targets"),
        ("prefect",),
        ("prefect", "api_key"),
        ("prefect", "auth_string"),
        ("prefect", "headers"),
        ("server", "agent_api_token"),
    }
)
"""Settings that may hold a key, which must not be printed."""
_PASSWORD = re.compile(r"://[^/\s]*@")


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
    group, _, field = key.rpartition(".")
    if key.startswith("contexts."):
        return _nearest_in_context(group, field)
    # The right field in the wrong group, or without one, says more than a likeness.
    if field in fields:
        return fields[field]
    if group in MahavishnuSettings.model_fields:
        # Not the whole key: all names of a group are alike.
        own = [name.rpartition(".")[2] for name in names if name.startswith(f"{group}.")]
        begun = [name for name in own if field and name.startswith(field)]
        found = begun or difflib.get_close_matches(field, own, n=1, cutoff=0.6)
        return f"{group}.{found[0]}" if found else ""
    found = difflib.get_close_matches(key, [*names, *MahavishnuSettings.model_fields], n=1, cutoff=0.6)
    return found[0] if found else ""


def _nearest_in_context(group: str, field: str) -> str:
    """Like `nearest`, for `contexts.NAME.field` and `contexts.NAME.group.field`."""
    words = group.split(".")
    if len(words) > 2:
        guess = nearest(f"{words[2]}.{field}")
        return f"contexts.{words[1]}.{guess}" if guess else ""
    found = difflib.get_close_matches(field, ContextSettings.model_fields, n=1, cutoff=0.6)
    return f"{group}.{found[0]}" if found else ""


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
    message = str(item["msg"]).removeprefix("Value error, ")
    given = repr(item.get("input"))
    place = path[2:] if path[0] == "contexts" else path
    hidden = place[:2] in _SECRET or _PASSWORD.search(given)
    value = "what it is" if hidden else clean_line(given, 60)
    return f"{where}: `{clean_line(key, 80)}` cannot be {value}: {message[:1].lower()}{message[1:]}."
