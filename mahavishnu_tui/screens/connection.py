"""The real way to the server. Imported after the first paint: settings and httpx cost a moment."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import AsyncIterator

from mahavishnu_tui.client.api import ServerClient
from mahavishnu_tui.client.feed import Feed, Update
from mahavishnu_tui.client.launcher import LaunchOptions, ensure_server
from mahavishnu_tui.client.mirror import Mirror
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.session import DashboardOptions, Link, LinkState, LinkUpdate, Taste
from mahavishnu_tui.settings import load_settings
from mahavishnu_tui.settings.load import Loaded


class ServerConnection:
    """A client, the mirror it fills, and the feed between them."""

    def __init__(self, loaded: Loaded) -> None:
        self.client = ServerClient(str(loaded.paths.socket))
        self.mirror = Mirror()
        ui = loaded.settings.ui
        self.taste = Taste(theme=ui.theme, ascii=ui.ascii, keymap=ui.keymap)
        self.notes = tuple(loaded.notes)
        self.facts = _facts(loaded)
        self._launch = LaunchOptions.of(loaded)
        self._feed = Feed(self.client, self.mirror, start_server=self._start)

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
    """Read the settings and find the way to the server of the context.

    Raises:
        MahavishnuError: MHV-001 and others, when the settings are not valid.
    """
    loaded = load_settings(context=options.context, data_dir=options.data_dir, flags=options.settings_flags)
    return ServerConnection(loaded)


def _facts(loaded: Loaded) -> dict[str, str]:
    facts = {f"path of {name}": path for name, path in loaded.paths.to_json().items()}
    for source in loaded.sources:
        if source.status != "absent":
            facts[f"settings from {source.name}"] = f"{source.status}: {', '.join(source.keys) or 'nothing'}"
    facts["python"] = platform.python_version()
    for name in ("mahavishnu-tui", "textual", "httpx"):
        facts[name] = importlib.metadata.version(name)
    return {key: value for key, value in facts.items() if key != "settings from defaults"}
