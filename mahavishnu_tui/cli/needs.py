"""`mahavishnu needs list|seen`: what waits for an operator, of whatever engine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected, who
from mahavishnu_tui.cli.guard import FAILURE, OK
from mahavishnu_tui.cli.prefect.reaching import tell_state
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.need import KINDS, SEEABLE, Need
from mahavishnu_tui.models.spans import age
from mahavishnu_tui.models.text import clean_line

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient

_WORDS = {"approval": "question", "pool": "worker"}


@command("list")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS), help="These alone; repeatable.")
async def list_needs(setup: Setup, kinds: tuple[str, ...]) -> int:
    """List what needs you, the most urgent first: questions, failures not seen, late runs, dead workers."""
    async with connected(setup.load_strictly()) as client:
        needs = await client.needs(kinds)
        await tell_state(client, wanted=False)
    if setup.as_json:
        output.emit([need.to_json() for need in needs])
        return OK
    now = time.time()
    rows = [
        (
            _WORDS.get(need.kind, need.kind),
            clean_line(need.where, 60),
            clean_line(need.what, 100),
            need.holder(now),
            _waits(need, now),
            need.key,
        )
        for need in needs
    ]
    output.table(("NEEDS", "WHERE", "WHAT", "WHO", "WAITS", "KEY"), rows, "Nothing needs you.")
    return OK


@command("seen")
@click.argument("needs", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every failure that there is now.")
async def seen(setup: Setup, needs: tuple[str, ...], every: bool) -> int:
    """Say that you have seen NEEDS: keys of `needs list`, or names of failed runs."""
    if bool(needs) == every:
        raise MahavishnuError(ErrorCode.BAD_INPUT, "Name what you have seen, or give --all.")
    async with connected(setup.load_strictly()) as client:
        known = await client.needs()
        keys = [need.key for need in known if need.kind in SEEABLE] if every else _keys(known, needs)
        results = await client.see(keys, who()) if keys else []
    if setup.as_json:
        output.emit(results)
    for result in results:
        if result["ok"] and not setup.as_json:
            output.say(f"{result['key']}: seen")
        elif not result["ok"]:
            output.narrate(f"{result['key']}: {MahavishnuError.from_json(result['error'])}")
    if not results and not setup.as_json:
        output.say("Nothing is there that seeing would settle.")
    return OK if all(result["ok"] for result in results) else FAILURE


async def need_key(client: ServerClient, wanted: str) -> str:
    """The key of what is named; what is not known goes to the server, which says so."""
    return _keys(await client.needs(), (wanted,))[0]


def _keys(known: list[Need], wanted: tuple[str, ...]) -> list[str]:
    """The keys that were named; what is not known goes to the server, which says so."""
    found = []
    for word in wanted:
        own = [need for need in known if word in (need.key, need.where, need.run_id)]
        if len({need.key for need in own}) > 1:
            keys = ", ".join(need.key for need in own)
            raise MahavishnuError(
                ErrorCode.BAD_INPUT, f"{clean_line(word, 60)} names several: {keys}.", "Name the key."
            )
        found.append(own[0].key if own else word)
    return found


def _waits(need: Need, now: float) -> str:
    if need.due is None:
        return age(max(0.0, now - need.since))
    return f"{age(need.due - now)} left" if need.due > now else "late"
