"""`mahavishnu search TEXT`: every run of every engine in which a text is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.cli.prefect.reaching import tell_state
from mahavishnu_tui.models.search import FoundPage
from mahavishnu_tui.models.text import clean_line

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient

_LOOKS = 100
"""Looks at most for one page: each takes a fifth of a second."""


@command("search")
@click.argument("text", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 500), default=50, help="Runs on a page.")
@click.option("--page", type=click.IntRange(1, 1000), default=1, help="Which page.")
@click.option("--prefect", is_flag=True, help="Also ask Prefect for older runs by name, id or tag.")
async def search(setup: Setup, text: tuple[str, ...], limit: int, page: int, prefect: bool) -> int:
    """Find runs by TEXT: names, ids, tags, workflows, errors, nodes, questions, answers and inputs.

    All words have to be there; "two words" are one, and error:timeout looks there alone.
    """
    wanted = " ".join(f'"{word}"' if " " in word else word for word in text)
    async with connected(setup.load_strictly()) as client:
        first, shown = await _page(client, wanted, limit, page)
        older = await client.search_prefect(wanted) if prefect else []
        await tell_state(client, wanted=False)
    if setup.as_json:
        hits = [{**hit.to_json(), "at": "here"} for hit in shown.hits]
        found = {"hits": hits, "total": first.total, "exact": first.exact, "more": bool(shown.cursor)}
        output.emit({**found, "at_prefect": [run.to_json() for run in older]})
        return OK
    rows: list[tuple[str, ...]] = [
        (hit.run.name, hit.run.workflow, hit.run.status, hit.field, clean_line(hit.text, 100), hit.run.id)
        for hit in shown.hits
    ]
    rows += [(run.name, run.workflow, run.status, "at Prefect", "", run.id) for run in older]
    nothing = "No run has that." if page == 1 else f"There is no page {page}."
    output.table(("RUN", "WORKFLOW", "STATE", "FOUND IN", "TEXT", "ID"), rows, nothing)
    if shown.cursor or page > 1:
        total = f"{first.total:,}{'' if first.exact else ' or more'} runs"
        output.narrate(f"Page {page} of {total}{f'; --page {page + 1} goes on' if shown.cursor else ''}.")
    if not shown.whole:
        output.narrate("Runs of an older server are still being taken in.")
    return OK


async def _page(client: ServerClient, text: str, limit: int, page: int) -> tuple[FoundPage, FoundPage]:
    """The first page, which counts, and the one that is wanted; a page may need several looks."""
    first = shown = await _whole(client, text, "", limit)
    for _ in range(page - 1):
        if not shown.cursor:
            return first, FoundPage(())
        shown = await _whole(client, text, shown.cursor, limit)
    return first, shown


async def _whole(client: ServerClient, text: str, cursor: str, limit: int) -> FoundPage:
    found = await client.search(text, cursor=cursor, limit=limit)
    hits, first = list(found.hits), found
    for _ in range(_LOOKS):
        if len(hits) >= limit or not found.cursor:
            break
        found = await client.search(text, cursor=found.cursor, limit=limit - len(hits))
        hits += found.hits
    return FoundPage(tuple(hits), found.cursor, max(first.total, len(hits)), first.exact, found.whole)
