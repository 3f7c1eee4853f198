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

Dashboard = Callable[[dict[str, Any]], int]
"""Opens the dashboard with options of `DashboardOptions`; given by the program's entry, since
commands do not know the app."""


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
            context: str | None,
            data_dir: str | None,
            flags: tuple[str, ...],
            as_json: bool = False,
            **rest: Any,
        ) -> int:
            # They may stand before the command as well: `mahavishnu --context demo server status`.
            before = click.get_current_context().find_root().params
            setup = Setup(
                context or before.get("context") or "default",
                data_dir or before.get("data_dir"),
                (*before.get("flags", ()), *flags),
                as_json,
            )
            outcome = function(setup, *args, **rest)
            if inspect.isawaitable(outcome):
                outcome = asyncio.run(_awaited(outcome))
            return outcome or 0

        wrapped: Any = call
        if json:
            wrapped = click.option("--json", "as_json", is_flag=True, help="Print JSON.")(wrapped)
        return click.command(name)(common_options(wrapped))

    return decorate


def common_options(target: Any) -> Any:
    """Add the options that every command takes."""
    options = (
        click.option("--context", metavar="NAME", help="Which server and data to use; default: default."),
        click.option("--data-dir", metavar="DIR", help="Keep everything of this context here."),
        click.option(
            "--set",
            "flags",
            multiple=True,
            metavar="GROUP.FIELD=VALUE",
            help="Override a setting; repeatable.",
        ),
    )
    for option in reversed(options):
        target = option(target)
    return target


async def _awaited(outcome: Any) -> Any:
    return await outcome


@contextlib.asynccontextmanager
async def connected(loaded: Loaded, *, start: bool = True) -> AsyncIterator[ServerClient]:
    """A client of the server; started first when none answers, unless `start` is false."""
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.client.launcher import LaunchOptions, ensure_server

    if start:
        await ensure_server(LaunchOptions.of(loaded.paths, loaded.flags))
    async with ServerClient(str(loaded.paths.socket)) as client:
        yield client


def who() -> str:
    """The name under which this operator acts: `ana@bastion-2`."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = "unknown"
    return f"{user}@{socket.gethostname().partition('.')[0]}"
