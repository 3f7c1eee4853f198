"""What every command shares: its common options, the settings that follow, and the way to the server."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import getpass
import inspect
import socket
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.settings.load import AskTrust, Loaded


@dataclasses.dataclass(frozen=True)
class Setup:
    """The common options of one invocation."""

    context: str = "default"
    data_dir: str | None = None
    flags: tuple[str, ...] = ()
    as_json: bool = False

    def load(self, ask: AskTrust | None = None) -> Loaded:
        """The settings; settings files of the working directory only as `ask` says."""
        from mahavishnu_tui.settings.load import load_settings

        return load_settings(context=self.context, data_dir=self.data_dir, flags=self.flags, ask=ask)

    def load_strictly(self, trust: bool = False) -> Loaded:
        """The settings; an untrusted settings file is asked about, or refused (MHV-008)."""
        from mahavishnu_tui.cli.trusting import settings_asker

        return self.load(settings_asker(trust))


def command(name: str, *, json: bool = True) -> Callable[[Callable[..., Any]], click.Command]:
    """A command whose function gets a `Setup` first; it may be a coroutine function.

    It returns its exit status, or None for 0.
    """

    def decorate(function: Callable[..., Any]) -> click.Command:
        @functools.wraps(function)
        def call(
            *args: Any,
            context: str,
            data_dir: str | None,
            flags: tuple[str, ...],
            as_json: bool = False,
            **rest: Any,
        ) -> int:
            setup = Setup(context, data_dir, flags, as_json)
            outcome = function(setup, *args, **rest)
            if inspect.isawaitable(outcome):
                outcome = asyncio.run(_awaited(outcome))
            return outcome or 0

        wrapped: Any = call
        if json:
            wrapped = click.option("--json", "as_json", is_flag=True, help="Print JSON.")(wrapped)
        for option in reversed(_COMMON):
            wrapped = option(wrapped)
        return click.command(name)(wrapped)

    return decorate


_COMMON = (
    click.option("--context", default="default", metavar="NAME", help="Which server and data to use."),
    click.option("--data-dir", metavar="DIR", help="Keep everything of this context here."),
    click.option(
        "--set", "flags", multiple=True, metavar="GROUP.FIELD=VALUE", help="Override a setting; repeatable."
    ),
)


async def _awaited(outcome: Any) -> Any:
    return await outcome


@contextlib.asynccontextmanager
async def connected(loaded: Loaded, *, start: bool = True) -> AsyncIterator[ServerClient]:
    """A client of the server; started first when none answers, unless `start` is false."""
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.client.launcher import LaunchOptions, ensure_server

    if start:
        await ensure_server(LaunchOptions.of(loaded))
    async with ServerClient(str(loaded.paths.socket)) as client:
        yield client


def who() -> str:
    """The name under which this operator acts: `ana@bastion-2`."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = "unknown"
    return f"{user}@{socket.gethostname().partition('.')[0]}"
