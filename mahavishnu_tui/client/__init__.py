"""The one client of the server. Names are imported when first used: importing this costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import RunDetail, ServerClient
    from mahavishnu_tui.client.feed import Feed, Update
    from mahavishnu_tui.client.launcher import LaunchOptions, ensure_server
    from mahavishnu_tui.client.mirror import Mirror

_HOMES = {
    "RunDetail": "api",
    "ServerClient": "api",
    "Feed": "feed",
    "Update": "feed",
    "LaunchOptions": "launcher",
    "ensure_server": "launcher",
    "Mirror": "mirror",
}

__all__ = ["Feed", "LaunchOptions", "Mirror", "RunDetail", "ServerClient", "Update", "ensure_server"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
