"""Questions to another server that need not wait for each other's answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar

Thing = TypeVar("Thing")

AT_ONCE = 8
"""Questions of one kind that are under way together."""


@contextlib.asynccontextmanager
async def together() -> AsyncIterator[asyncio.TaskGroup]:
    """A group of tasks that have all ended at its end; the first failure ends the others and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def for_each(things: Iterable[Thing], do: Callable[[Thing], Awaitable[None]]) -> None:
    """Do something with each, with some of them at once; raises what the first one raises that fails."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(thing: Thing) -> None:
        async with room:
            await do(thing)

    async with together() as group:
        for thing in things:
            group.create_task(one(thing))
