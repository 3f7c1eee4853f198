"""The real way to the server. Imported after the first paint: settings and the client cost a moment."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import os
import platform
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mahavishnu_tui.client.api import ServerClient
from mahavishnu_tui.client.feed import Feed, Update
from mahavishnu_tui.client.launcher import LaunchOptions, ensure_server
from mahavishnu_tui.client.mirror import Mirror
from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.context import DEFAULT, Context
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.session import DashboardOptions, Link, LinkState, LinkUpdate, Taste
from mahavishnu_tui.settings.paths import Paths, context_directories, here, unconfigured_paths

if TYPE_CHECKING:
    from mahavishnu_tui.settings import MahavishnuSettings


@dataclasses.dataclass(frozen=True)
class Configured:
    """What the settings say of one context to a dashboard."""

    paths: Paths
    taste: Taste
    context: Context
    contexts: tuple[Context, ...]
    """All that there are."""
    flags: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    """Where something is set, in words."""
    notes: tuple[str, ...] = ()


class ServerConnection:
    """A client, the mirror it fills, and the feed between them."""

    def __init__(self, options: DashboardOptions, found: Configured) -> None:
        socket = str(found.paths.socket)
        self.client = ServerClient(socket)
        self.reader = ServerClient(socket, before_write=functools.partial(_refuse, found.paths.context))
        self.mirror = Mirror()
        self._options = options
        self._launch = LaunchOptions.of(found.paths, found.flags)
        self._feed = Feed(self.client, self.mirror, start_server=self._start)
        self._found = found

    @property
    def taste(self) -> Taste:
        """What the dashboard itself follows."""
        return self._found.taste

    @property
    def context(self) -> Context:
        """The one that it leads to."""
        return self._found.context

    @property
    def contexts(self) -> tuple[Context, ...]:
        """All that there are."""
        return self._found.contexts

    @property
    def notes(self) -> tuple[str, ...]:
        """What the operator should know about the settings."""
        return self._found.notes

    @property
    def history(self) -> Path | None:
        """Where `:` commands are remembered."""
        return self._found.paths.history

    @property
    def facts(self) -> dict[str, str]:
        """What `:info` tells: paths, sources of settings, versions."""
        import importlib.metadata

        return {
            **{f"path of {name}": path for name, path in self._found.paths.to_json().items()},
            "settings": "; ".join(self._found.sources) or "all at their defaults",
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in ("mahavishnu-tui", "textual", "httpx")},
        }

    async def renew(self) -> bool:
        """Read the settings anew; False, and nothing is taken, where they lead to another place by now.

        Raises:
            MahavishnuError: they are not valid; what was read before goes on to count.
        """
        found = await asyncio.to_thread(read_settings, self._options)
        if found.paths != self._found.paths:
            return False
        self._found = found
        return True

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
        await self.reader.aclose()


async def open_connection(options: DashboardOptions) -> ServerConnection:
    """Find the way to the server of the context; raises what `read_settings` does."""
    return ServerConnection(options, read_settings(options))


def read_settings(options: DashboardOptions) -> Configured:
    """Read the settings, if there are any.

    Raises:
        MahavishnuError: MHV-001 and others, when they are not valid.
    """
    data = Path(options.data_dir) if options.data_dir else None
    if not options.settings_flags and (data is None or data.is_absolute()):
        paths = unconfigured_paths(os.environ, options.context, here(), data=data)
        if paths is not None:
            plain = Context(paths.context)
            return Configured(paths, Taste(), plain, _all_contexts(plain, ()))
    return _configured(options)


def paths_of(options: DashboardOptions) -> Paths:
    """The places of a context that is not opened."""
    paths = unconfigured_paths(os.environ, options.context, here())
    if paths is not None:
        return paths
    from mahavishnu_tui.settings import load_settings

    return load_settings(context=options.context, flags=options.settings_flags).paths


def _configured(options: DashboardOptions) -> Configured:
    from mahavishnu_tui.settings import load_settings

    loaded = load_settings(context=options.context, data_dir=options.data_dir, flags=options.settings_flags)
    sources = (
        f"{source.name} ({source.status}: {', '.join(source.keys) or 'nothing'})"
        for source in loaded.sources[1:]
        if source.status != "absent"
    )
    return Configured(
        loaded.paths,
        taste_of(loaded.settings),
        loaded.context,
        _all_contexts(loaded.context, loaded.contexts),
        loaded.flags,
        tuple(sources),
        tuple(loaded.notes),
    )


def taste_of(settings: MahavishnuSettings) -> Taste:
    """The settings that the dashboard itself follows."""
    ui = settings.ui
    prices = {name: price.model_dump() for name, price in settings.langgraph.prices.items()}
    return Taste(
        theme=ui.theme,
        times=ui.times,
        mouse=ui.mouse,
        ascii=ui.ascii,
        ssh=ui.ssh,
        bell=ui.bell,
        title=ui.title,
        desktop=ui.desktop,
        keymap=ui.keymap,
        prices=prices,
    )


def _refuse(context: str) -> None:
    raise MahavishnuError(
        ErrorCode.READ_ONLY,
        f"This dashboard only looks in the context {context} now; nothing was done.",
        ":unlock unlocks a production context; what is read-only stays so.",
    )


def _all_contexts(current: Context, listed: Sequence[Context]) -> tuple[Context, ...]:
    """Those of the settings, the default one, this one, and those that have left data here."""
    found = {context.name: context for context in listed}
    for name in (DEFAULT, current.name, *context_directories(os.environ)):
        found.setdefault(name, Context(name))
    return tuple(found.values())
