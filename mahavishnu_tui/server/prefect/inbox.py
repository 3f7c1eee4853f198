"""The questions of paused flow runs, brought into the inbox."""

from __future__ import annotations

import functools
import logging
import sqlite3
from collections.abc import Iterable
from typing import Any

from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.models import Question
from mahavishnu_tui.server.prefect import taking
from mahavishnu_tui.server.prefect.mapping import Seen, key_of, question
from mahavishnu_tui.server.store import Store, approvals, flow_runs, ledger
from mahavishnu_tui.server.together import for_each, together

log = logging.getLogger(__name__)


async def ask(
    api: PrefectApi, run_id: str, keys: dict[str, str], times: tuple[float | None, float | None]
) -> Question | None:
    """Read a question, asked and expiring at these times; None while its schema is not there.

    Raises PrefectError.
    """
    if not keys.get("schema"):
        return None
    described = keys.get("description")
    async with together() as group:
        schema = group.create_task(api.flow_runs.input(run_id, keys["schema"]))
        description = group.create_task(api.flow_runs.input(run_id, described)) if described else None
    if not isinstance(schema.result(), dict):
        return None
    return question(run_id, keys, schema.result(), description.result() if description else None, *times)


class Inbox:
    """Reads questions that are not known yet.

    Args:
        api: where they are read.
        store: where they go.
    """

    def __init__(self, api: PrefectApi, store: Store) -> None:
        self._api = api
        self._store = store
        self.unread: dict[str, Seen] = {}
        """Runs whose question is not there yet."""

    async def look(self, found: Iterable[Seen]) -> None:
        """See that the questions of these runs are in the inbox; raises PrefectError."""
        asking = list[Seen]()
        for item in found:
            if not item.keyset:
                self.unread.pop(item.run.id, None)
            elif not await self._store.read(functools.partial(_is_known, item=item)):
                asking.append(item)
        await for_each(asking, self._read)

    async def again(self) -> None:
        """Try those again that were not there."""
        await for_each(list(self.unread.values()), self._read)

    async def _read(self, item: Seen) -> None:
        asked = await ask(self._api, item.run.id, item.keyset, (item.since, item.expires))
        if asked is None:
            self.unread[item.run.id] = item
            return
        self.unread.pop(item.run.id, None)
        change: Any = functools.partial(
            taking.take_questions, run_id=item.run.id, state_id=item.state_id, asked=[asked]
        )
        if await self._store.write(change) is not None:
            log.info("flow run %s (%s) asks %s", item.run.name, item.run.id, asked.interrupt_id)


def _is_known(conn: sqlite3.Connection, item: Seen) -> bool:
    """Whether its question is in the inbox, or was answered, since it has paused this time."""
    if ledger.open_of(conn, item.run.id):
        return True
    known = approvals.get(conn, f"{item.run.id}.{key_of(item.keyset)}")
    row = flow_runs.by_id(conn, item.run.id)
    return known is not None and known.status == "pending" and row is not None and row.run.waiting > 0
