"""Names for the shell to complete, asked of a server that runs; where none does, there are none."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from mahavishnu_tui.cli.common import Setup, connected
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.settings.paths import chosen_context

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient

    Ask = Callable[[ServerClient], Awaitable[Iterable[str]]]

_PATIENCE = 1.5
"""Seconds that a tab key may take."""
_MOST = 200
_SIGNS = frozenset(" \t'\"`$\\;&|<>()*?[]{}!#~")
"""What means something to a shell."""


def _completer(ask: Ask) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    def complete(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
        try:
            names = asyncio.run(asyncio.wait_for(_asked(_setup(context), ask), _PATIENCE))
        except Exception:
            # Whatever is wrong: a shell that waits for a word is no place to say it.
            return []
        return [name for name in dict.fromkeys(names) if name.startswith(incomplete) and _typable(name)]

    return complete


def _setup(context: click.Context) -> Setup:
    """The context that was typed so far, before or behind the command."""
    given: dict[str, Any] = dict(context.find_root().params)
    given |= {name: value for name, value in context.params.items() if value}
    name = given.get("context") or chosen_context(os.environ)
    return Setup(name, given.get("data_dir"), tuple(given.get("flags") or ()))


async def _asked(setup: Setup, ask: Ask) -> list[str]:
    async with connected(setup.load(), start=False) as client:
        return list(await ask(client))


def _typable(name: str) -> bool:
    """Whether a shell gets it as one harmless word."""
    return (
        bool(name)
        and name == clean_line(name)
        and not any(sign in name for sign in " \t'\"`$\\;&|<>()*?[]{}!#~")
    )


async def _runs(client: ServerClient, engine: str) -> list[str]:
    found = await client.runs(engine=engine, limit=_MOST)
    names = [run.name for run in found]
    return [run.name if names.count(run.name) == 1 else run.id for run in found]


async def _all_runs(client: ServerClient) -> list[str]:
    return await _runs(client, "")


async def _flow_runs(client: ServerClient) -> list[str]:
    return await _runs(client, "prefect")


async def _deployments(client: ServerClient) -> list[str]:
    return [item.title for item in await client.deployments()]


async def _schedules(client: ServerClient) -> list[str]:
    return [item.slug or item.schedule_id or item.id for item in await client.schedules()]


async def _pools(client: ServerClient) -> list[str]:
    return [item.name for item in await client.pools()]


any_run = _completer(_all_runs)
flow_run = _completer(_flow_runs)
deployment = _completer(_deployments)
schedule = _completer(_schedules)
pool = _completer(_pools)
