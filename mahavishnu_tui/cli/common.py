"""What every command shares: its common options, the settings that follow, and the way to the server."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import getpass
import inspect
import os
import socket
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import click

from mahavishnu_tui.models.context import DEFAULT
from mahavishnu_tui.models.errors import MahavishnuError
from mahavishnu_tui.settings.paths import chosen_context

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.models.run import Run
    from mahavishnu_tui.settings.load import AskTrust, Loaded

Dashboard = Callable[[dict[str, Any]], int]
"""Opens the dashboard with options of `DashboardOptions`; given by the program's entry, since
commands do not know the app."""


@dataclasses.dataclass(frozen=True)
class Setup:
    """The common options of one invocation."""

    context: str = DEFAULT
    data_dir: str | None = None
    flags: tuple[str, ...] = ()
    as_json: bool = False
    production: bool = False
    """He means it, should the context be production."""

    def load(self, ask: AskTrust | None = None) -> Loaded:
        """The settings; settings files of the working directory only as `ask` says."""
        from mahavishnu_tui.settings.load import load_settings

        loaded = load_settings(context=self.context, data_dir=self.data_dir, flags=self.flags, ask=ask)
        return dataclasses.replace(loaded, confirmed=self.production)

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
            production: bool,
            as_json: bool = False,
            **rest: Any,
        ) -> int:
            # They may stand before the command as well: `mahavishnu --context demo server status`.
            before = click.get_current_context().find_root().params
            setup = Setup(
                context or before.get("context") or chosen_context(os.environ),
                data_dir or before.get("data_dir"),
                (*before.get("flags", ()), *flags),
                as_json,
                production or bool(before.get("production")),
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
        click.option(
            "--context",
            metavar="NAME",
            shell_complete=_contexts,
            help="Which server and data to use; without it MAHAVISHNU_CONTEXT, or default.",
        ),
        click.option("--data-dir", metavar="DIR", help="Keep everything of this context here."),
        click.option(
            "--set",
            "flags",
            multiple=True,
            metavar="GROUP.FIELD=VALUE",
            help="Override a setting; repeatable.",
        ),
        click.option(
            "--production", is_flag=True, help="Yes, write to a context that the settings call production."
        ),
    )
    for option in reversed(options):
        target = option(target)
    return target


def _contexts(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """The contexts that there are, for the shell to complete."""
    from mahavishnu_tui.settings.paths import context_directories

    given = {**context.find_root().params, **{key: value for key, value in context.params.items() if value}}
    try:
        loaded = Setup(flags=tuple(given.get("flags") or ())).load()
    except MahavishnuError:
        return []  # a shell that waits for a word is no place to say it
    names = dict.fromkeys([DEFAULT, *loaded.settings.contexts, *context_directories(os.environ)])
    return [name for name in names if name.startswith(incomplete)]


async def _awaited(outcome: Any) -> Any:
    return await outcome


@contextlib.asynccontextmanager
async def connected(loaded: Loaded, *, start: bool = True, own: bool = False) -> AsyncIterator[ServerClient]:
    """A client of the server.

    Args:
        loaded: the settings.
        start: it is started first when none answers.
        own: what is written is about the operator's own process. Read-only is about runs and engines.
    """
    from mahavishnu_tui.cli.production import WriteGuard
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.client.launcher import LaunchOptions, ensure_server

    if start:
        await ensure_server(LaunchOptions.of(loaded.paths, loaded.flags))
    context = dataclasses.replace(loaded.context, readonly=False) if own else loaded.context
    guard = WriteGuard(context, loaded.confirmed)
    async with ServerClient(str(loaded.paths.socket), before_write=guard) as client:
        yield client


def group_of(run: Run) -> str:
    """The group of commands that a run is dealt with by."""
    return "prefect" if run.engine == "prefect" else "langgraph"


def who() -> str:
    """The name under which this operator acts: `ana@bastion-2`."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = "unknown"
    return f"{user}@{socket.gethostname().partition('.')[0]}"
