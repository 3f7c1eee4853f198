"""The real way to the server. Imported after the first paint: settings and httpx cost a moment."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import platform
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from mahavishnu_tui.client.api import ServerClient
from mahavishnu_tui.client.feed import Feed, Update
from mahavishnu_tui.client.launcher import LaunchOptions, ensure_server
from mahavishnu_tui.client.mirror import Mirror
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.session import DashboardOptions, Link, LinkState, LinkUpdate, Taste
from mahavishnu_tui.settings.paths import Paths, unconfigured_paths


class ServerConnection:
    """A client, the mirror it fills, and the feed between them."""

    def __init__(
        self,
        paths: Paths,
        taste: Taste,
        *,
        flags: Sequence[str] = (),
        sources: Sequence[str] = (),
        notes: Sequence[str] = (),
    ) -> None:
        self.client = ServerClient(str(paths.socket))
        self.mirror = Mirror()
        self.taste = taste
        self.notes = tuple(notes)
        self._paths = paths
        self._sources = sources
        self._launch = LaunchOptions.of(paths, flags)
        self._feed = Feed(self.client, self.mirror, start_server=self._start)

    @functools.cached_property
    def facts(self) -> dict[str, str]:
        """What `:info` tells: paths, sources of settings, versions."""
        return {
            **{f"path of {name}": path for name, path in self._paths.to_json().items()},
            "settings": "; ".join(self._sources) or "all at their defaults",
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in ("mahavishnu-tui", "textual", "httpx")},
        }

    async def _start(self) -> None:
        await ensure_server(self._launch)

    async def updates(self) -> AsyncIterator[LinkUpdate]:
        """Link states and changes, for ever."""
        async for update in self._feed:
            yield LinkUpdate(self._link(update), update.changes, update.error)

    def _link(self, update: Update) -> Link:
        state: LinkState = "starting" if update.starting else update.state
        # While it is live the moment it was last heard changes all the time and is nobody's news.
        since = 0.0 if update.state == "live" else self._feed.heard_at or 0.0
        message = clean_line(update.error.message) if update.error else ""
        return Link(state, since, update.attempt, update.retry_in, message)

    def retry_now(self) -> None:
        """Do not wait any longer for the next attempt."""
        self._feed.retry_now()

    async def aclose(self) -> None:
        """Close the connections; the server goes on."""
        await self.client.aclose()


async def open_connection(options: DashboardOptions) -> ServerConnection:
    """Read the settings, if there are any, and find the way to the server of the context.

    Raises:
        MahavishnuError: MHV-001 and others, when the settings are not valid.
    """
    data = Path(options.data_dir) if options.data_dir else None
    if options.settings_flags or (data and not data.is_absolute()):
        return _configured(options)
    paths = unconfigured_paths(os.environ, options.context, Path.cwd(), data=data)
    return _configured(options) if paths is None else ServerConnection(paths, Taste())


def _configured(options: DashboardOptions) -> ServerConnection:
    from mahavishnu_tui.settings import load_settings

    loaded = load_settings(context=options.context, data_dir=options.data_dir, flags=options.settings_flags)
    ui = loaded.settings.ui
    prices = {name: price.model_dump() for name, price in loaded.settings.langgraph.prices.items()}
    return ServerConnection(
        loaded.paths,
        Taste(theme=ui.theme, ascii=ui.ascii, keymap=ui.keymap, prices=prices),
        flags=loaded.flags,
        sources=[
            f"{source.name} ({source.status}: {', '.join(source.keys) or 'nothing'})"
            for source in loaded.sources[1:]
            if source.status != "absent"
        ],
        notes=loaded.notes,
    )
