"""What Textual keeps of screens that are closed: all that they showed, for as long as the dashboard lives."""

from __future__ import annotations

from typing import Any

from textual._styles_cache import StylesCache
from textual.app import App


def let_go(app: App[Any]) -> None:
    """Let go of what is left of closed screens.

    Textual remembers 1,024 blends of colours, each by the widget that asked for it, with its drawn lines. And
    each text area that ever was watches the theme, until that changes.
    """
    StylesCache.get_inner_outer.cache_clear()
    for watchers in getattr(app, "__watchers", {}).values():
        watchers[:] = [(node, callback) for node, callback in watchers if not node._closing]
