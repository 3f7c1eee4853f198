"""The settings of one context, laid over the general ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mahavishnu_tui.models.context import DEFAULT, Context
from mahavishnu_tui.settings.model import ContextSettings, MahavishnuSettings

GROUPS = tuple(name for name in ContextSettings.model_fields if name in MahavishnuSettings.model_fields)
"""The groups that a context can have of its own."""
_ADDRESS = frozenset({"api_url", "workspace"})
_ACCESS = _ADDRESS | {"api_key", "auth_string", "headers"}


def own_groups(values: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """The groups that the settings give a context; None when they do not name it.

    Args:
        values: all sources merged.
        name: the context's.
    """
    contexts = values.get("contexts") or {}
    if name not in contexts:
        return None
    given = contexts[name]
    return {group: given[group] for group in GROUPS if given.get(group)}


def without_strangers(values: Mapping[str, Any], name: str, own: Mapping[str, Any]) -> dict[str, Any]:
    """The general values, without those that would be wrong in a context.

    Two contexts must not share a server, so the general places are those of the default one. And what
    opens one Prefect server is not sent to another one.
    """
    left = dict(values)
    if name != DEFAULT:
        left.pop("paths", None)
    if _names_a_server(own):
        left["prefect"] = {key: value for key, value in left.get("prefect", {}).items() if key not in _ACCESS}
    return left


def contexts_of(settings: MahavishnuSettings) -> tuple[Context, ...]:
    """The contexts that the settings name, in their order."""
    return tuple(_context(name, given) for name, given in settings.contexts.items())


def _context(name: str, given: ContextSettings) -> Context:
    prefect = given.prefect.model_dump(exclude_unset=True) if given.prefect else {}
    return Context(
        name,
        description=given.description,
        production=given.production,
        readonly=given.readonly,
        colour=given.colour,
        unlock_minutes=given.unlock_minutes,
        listed=True,
        own_prefect=_names_a_server({"prefect": prefect}),
    )


def _names_a_server(own: Mapping[str, Any]) -> bool:
    return any(own.get("prefect", {}).get(key) for key in _ADDRESS)
