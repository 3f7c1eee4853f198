"""What is done to a work pool or one of its queues."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from mahavishnu_tui.models import Pool
from mahavishnu_tui.models.pool import WorkQueue
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.actions import Action
from mahavishnu_tui.screens.base import OperatorScreen

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient


def menu(pool: Pool | None, queue: WorkQueue | None, readonly: bool) -> list[Action]:
    """What can be done with what is under the cursor."""
    found: list[Action] = []
    if pool is not None and not readonly:
        paused = queue.paused if queue is not None else pool.paused
        what = "queue" if queue is not None else "pool"
        deed = "resume: runs are taken from it again" if paused else "pause: nothing is taken from it"
        found += [
            Action("pause", f"{what}: {deed}", "p"),
            Action("limit", f"{what}: runs at work at the same time …", "e"),
        ]
    if pool is not None:
        found.append(Action("fold", "show its queues and workers, or hide them", "o"))
    return [
        *found,
        Action("fold_all", "unfold or fold all pools", "z"),
        Action("app.limits", "concurrency limits that runs share (:limits)"),
        Action("app.hosts", "the engine hosts of this server (:hosts)"),
    ]


def pause(screen: OperatorScreen, pool: Pool, queue: WorkQueue | None) -> None:
    """Pause what is not paused, and the other way round."""
    paused = not (queue.paused if queue is not None else pool.paused)
    screen.act(functools.partial(_pause, pool=pool, queue=queue, paused=paused, who=screen.session.who))


def ask_limit(screen: OperatorScreen, pool: Pool, queue: WorkQueue | None) -> None:
    """Ask for another limit."""
    from mahavishnu_tui.screens.asking import AskScreen

    now = queue.slots if queue is not None else pool.slots
    name = _name(pool, queue)

    def decided(text: str | None) -> None:
        if text:
            work = functools.partial(_limit, pool=pool, queue=queue, limit=int(text), who=screen.session.who)
            screen.act(work)

    facts = [f"Now {now or 'without a limit'}, {pool.used} at work. 0: no limit."]
    screen.app.push_screen(
        AskScreen(f"Runs at work at once in {name}", facts, _not_a_limit, str(now)), decided
    )


def _not_a_limit(text: str) -> str:
    fits = text.isascii() and text.isdigit() and int(text[:12]) <= 10**6
    return "" if fits else "The limit is a whole number, 0 for none."


def _name(pool: Pool, queue: WorkQueue | None) -> str:
    return clean_line(f"{pool.name}/{queue.name}" if queue is not None else pool.name, 60)


async def _pause(client: ServerClient, pool: Pool, queue: WorkQueue | None, paused: bool, who: str) -> str:
    name = queue.name if queue is not None else None
    await client.change_pool(pool.name, who, seen=pool.seen, paused=paused, queue=name)
    return f"{_name(pool, queue)} is {'paused: nothing is taken from it' if paused else 'at work again'}"


async def _limit(client: ServerClient, pool: Pool, queue: WorkQueue | None, limit: int, who: str) -> str:
    name = queue.name if queue is not None else None
    await client.change_pool(pool.name, who, seen=pool.seen, limit=limit, queue=name)
    return f"{_name(pool, queue)}: {f'at most {limit} runs at work' if limit else 'no limit any more'}"
