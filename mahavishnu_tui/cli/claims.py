"""Who is on what needs somebody: `needs claim|release`, and `langgraph claim|release` of a question."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.approve import find_question
from mahavishnu_tui.cli.common import Setup, command, connected, who
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.cli.needs import need_key
from mahavishnu_tui.models import Approval, Need


def _from(deed: str) -> Callable[[Any], Any]:
    return click.option("--from", "holder", default="", metavar="NAME", help=deed)


_TAKEN = _from("Take it over from this person.")
_TAKEN_AWAY = _from("Take away this person's claim.")


@command("claim")
@click.argument("question")
@_TAKEN
async def claim(setup: Setup, question: str, holder: str) -> int:
    """Say that you are on QUESTION: an approval's id, or a run that waits with one question."""
    async with connected(setup.load_strictly()) as client:
        approval = await client.claim(await find_question(client, question), who(), holder)
    return _told(setup, approval, approval.run_name)


@command("release")
@click.argument("question")
@_TAKEN_AWAY
async def release(setup: Setup, question: str, holder: str) -> int:
    """Say that nobody is on QUESTION any more."""
    async with connected(setup.load_strictly()) as client:
        approval = await client.release(await find_question(client, question), who(), holder)
    return _told(setup, approval, approval.run_name)


@command("claim")
@click.argument("need")
@_TAKEN
async def claim_need(setup: Setup, need: str, holder: str) -> int:
    """Say that you are on NEED: a key of `needs list`, or the name of the run that it is about."""
    async with connected(setup.load_strictly()) as client:
        claimed = await client.claim_need(await need_key(client, need), who(), holder)
    return _told(setup, claimed, claimed.where)


@command("release")
@click.argument("need")
@_TAKEN_AWAY
async def release_need(setup: Setup, need: str, holder: str) -> int:
    """Say that nobody is on NEED any more."""
    async with connected(setup.load_strictly()) as client:
        released = await client.release_need(await need_key(client, need), who(), holder)
    return _told(setup, released, released.where)


def _told(setup: Setup, record: Approval | Need, where: str) -> int:
    """Say who is on it now."""
    if setup.as_json:
        output.emit(record.to_json())
    elif record.claimed_by:
        output.say(f"{where}: {record.claimed_by} is on it for 15 minutes")
    else:
        output.say(f"{where}: free")
    return OK
