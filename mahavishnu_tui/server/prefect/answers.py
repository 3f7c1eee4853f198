"""Brings answers to paused flow runs, each once and only to the question that was shown.

Prefect's API takes no precondition: between the look at the question and the answer somebody may answer it
elsewhere. What the run has kept as its response tells whose answer it took.
"""

from __future__ import annotations

import functools
import logging
from typing import Any

from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.engines.prefect.errors import PrefectError
from mahavishnu_tui.engines.prefect.states import keyset
from mahavishnu_tui.models import LedgerEntry, Run
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.prefect import taking
from mahavishnu_tui.server.prefect.inbox import ask
from mahavishnu_tui.server.prefect.mapping import key_of, mapping, waits
from mahavishnu_tui.server.prefect.mirror import Mirror
from mahavishnu_tui.server.store import Store, Tx, flow_runs, ledger
from mahavishnu_tui.server.transitions.questions import give_back, mark_applied

log = logging.getLogger(__name__)


class Answers:
    """Delivers to one server.

    Args:
        api: the server.
        store: has the ledger.
        mirror: takes in what has come of it.
    """

    def __init__(self, api: PrefectApi, store: Store, mirror: Mirror) -> None:
        self._api = api
        self._store = store
        self._mirror = mirror

    async def deliver(self) -> None:
        """Send what waits; raises PrefectError when the server cannot be asked."""
        for run in await self._store.read(flow_runs.with_open_answers):
            for opened in await self._store.read(functools.partial(ledger.open_of, run_id=run.id)):
                await self._one(run, opened.entry)

    async def _one(self, run: Run, entry: LedgerEntry) -> None:
        try:
            told = await self._api.flow_runs.get(run.id)
        except PrefectError as error:
            if error.kind != "missing":
                raise
            await self._store.write(functools.partial(taking.take_gone, run_ids=[run.id]))
            return
        state = mapping(told.get("state"))
        keys = keyset(state) if told.get("state_type") == "PAUSED" else {}
        if not keys or key_of(keys) != entry.interrupt_id:
            await self._went_on(run, entry)
        else:
            asked = await ask(self._api, run.id, keys, waits(state))
            if asked is None or asked.hash != entry.question_hash:
                await self._give_back(run, entry, "the question had changed; it was not sent")
            else:
                await self._send(run, entry)
        await self._mirror.refresh([run.id])

    async def _send(self, run: Run, entry: LedgerEntry) -> None:
        await self._store.write(functools.partial(ledger.mark_sent, run_id=run.id, lease=run.attempts or 1))
        found = await self._api.flow_runs.resume(run.id, mapping(entry.answer))
        if found.done:
            log.info("flow run %s (%s): its answer #%d is with Prefect", run.name, run.id, entry.seq)
            await self._store.write(
                functools.partial(mark_applied, run_id=run.id, interrupt_ids=[entry.interrupt_id])
            )
        elif found.status == "REJECT":
            await self._give_back(run, entry, f"Prefect did not take it: {clean_line(found.reason, 200)}")
        else:
            await self._went_on(run, entry)

    async def _went_on(self, run: Run, entry: LedgerEntry) -> None:
        """It no longer asks: because of our answer, somebody else's, or none."""
        response = await self._api.flow_runs.input(run.id, f"{entry.interrupt_id}-response")
        if response is not None and _same(response, entry.answer):
            await self._store.write(
                functools.partial(mark_applied, run_id=run.id, interrupt_ids=[entry.interrupt_id])
            )
            return
        why = "somebody else's answer was taken" if response is not None else "the run went on without it"
        log.warning("flow run %s (%s): answer #%d is not used: %s", run.name, run.id, entry.seq, why)
        await self._store.write(functools.partial(_void, run_id=run.id, key=entry.interrupt_id, why=why))

    async def _give_back(self, run: Run, entry: LedgerEntry, why: str) -> None:
        log.warning("flow run %s (%s): answer #%d is not used: %s", run.name, run.id, entry.seq, why)
        await self._store.write(
            functools.partial(_open_again, run_id=run.id, key=entry.interrupt_id, why=why)
        )


def _void(tx: Tx, run_id: str, key: str, why: str) -> None:
    give_back(tx, run_id, [key], why)
    taking.ask_no_more(tx, run_id)


def _open_again(tx: Tx, run_id: str, key: str, why: str) -> None:
    """The answer is void; its question waits again, and says why."""
    give_back(tx, run_id, [key], why)
    row = flow_runs.by_id(tx.conn, run_id)
    if row is not None and row.run.status == "queued":
        note = clean_line(f"an answer was not used: {why}", 300)
        run = row.run.replace(status="interrupted", note=note, waiting=1, version=row.run.version + 1)
        flow_runs.save(tx, run)


def _same(one: Any, other: Any) -> bool:
    """Whether the run has kept this answer; it may have added what its schema has as defaults."""
    if isinstance(one, dict) and isinstance(other, dict):
        return all(key in one and _same(one[key], value) for key, value in other.items())
    return codec.dumps(one) == codec.dumps(other)
