"""Brings orders and answers to a LangGraph server, each once.

What goes out is in the store before it is sent, and carries its mark in the metadata of the run that it makes
there. Before anything is sent, the runs of its thread are read: what has the mark has arrived, whoever died
between sending it and hearing of it.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable
from typing import Any

from mahavishnu_tui.models import ErrorCode, LedgerEntry, MahavishnuError, Run, Workflow
from mahavishnu_tui.server.remote import orders, reading
from mahavishnu_tui.server.remote.api import Api, is_about_server, status_of
from mahavishnu_tui.server.remote.reading import ANSWERS_KEY, INTENT_KEY, Part, part_of
from mahavishnu_tui.server.remote.taking import carried_by, take_end
from mahavishnu_tui.server.store import Store, elsewhere, ledger, runs, workflows
from mahavishnu_tui.server.store.runs import RunRow

log = logging.getLogger(__name__)

_GONE = "its thread is no longer there"


class Courier:
    """Delivers to one server; errors that are about all of it are raised."""

    def __init__(self, store: Store, api: Api) -> None:
        self._store = store
        self._api = api
        self.strict_resume = False
        """Whether that server can be told to refuse answers whose question is not open."""

    @property
    def _name(self) -> str:
        return self._api.server.name

    async def deliver(self) -> set[str]:
        """Send what waits; the threads to look at again."""
        touched = set[str]()
        for row in await self._store.read(functools.partial(elsewhere.unfinished, server=self._name)):
            if row.work.cancelling:
                touched |= await self._one(row.run, self._cancel(row.run))
            elif row.work.intent and row.run.status == "queued":
                touched |= await self._one(row.run, self._order(row))
        for row in await self._store.read(functools.partial(elsewhere.with_open_answers, server=self._name)):
            if not row.work.intent:
                touched |= await self._one(row.run, self._answers(row))
        return touched

    async def _one(self, run: Run, delivery: Awaitable[None]) -> set[str]:
        """Deliver for one run; what that server will not take now is tried again at the next turn."""
        try:
            await delivery
        except MahavishnuError as error:
            if is_about_server(error):
                raise
            log.warning("run %s (%s) waits: %s", run.name, run.id, error)
            return set()
        return {run.thread_id}

    async def _parts(self, thread_id: str) -> list[Part] | None:
        """The runs of a thread, oldest first; None when there is no such thread."""
        try:
            found = await self._api.runs(thread_id)
        except MahavishnuError as error:
            if status_of(error) == 404:
                return None
            raise
        return [part for part in map(part_of, reversed(found)) if part is not None]

    async def _cancel(self, run: Run) -> None:
        ours = await self._store.read(functools.partial(elsewhere.parts_of, run_id=run.id))
        for part in await self._parts(run.thread_id) or []:
            if part.active and part.id in ours:
                try:
                    await self._api.cancel(run.thread_id, part.id)
                except MahavishnuError as error:
                    if status_of(error) not in (404, 409):
                        raise
                log.info("run %s (%s): its cancel is with %s", run.name, run.id, self._name)

    async def _order(self, row: RunRow) -> None:
        """Start, resume or fork."""
        run, intent = row.run, row.work.intent
        parts = await self._parts(run.thread_id)
        part = next((item for item in parts or [] if item.metadata.get(INTENT_KEY) == intent), None)
        if part is None:
            workflow, stored = await self._store.read(functools.partial(_order_of, run=run))
            body = _start(workflow, stored) if row.work.mode == "start" else _go_on(workflow, row)
            body |= {"metadata": {INTENT_KEY: intent}, "multitask_strategy": "reject"}
            try:
                part = part_of(await self._api.create_run(run.thread_id, body))
            except MahavishnuError as error:
                if _later(error):
                    raise
                log.info("run %s (%s): %s", run.name, run.id, error)
                await self._store.write(
                    functools.partial(orders.refuse, run_id=run.id, intent=intent, error=_busy(error, run))
                )
                return
        if part is None:
            return
        wanted = await self._store.write(
            functools.partial(orders.confirm, server=self._name, run_id=run.id, intent=intent, part=part)
        )
        log.info("run %s (%s) is %s on %s", run.name, run.id, part.id, self._name)
        if not wanted:
            await self._api.cancel(run.thread_id, part.id)

    async def _answers(self, row: RunRow) -> None:
        """Send the answers of a run whose questions are still as they were shown."""
        run = row.run
        parts = await self._parts(run.thread_id)
        if parts is None:
            await self._store.write(functools.partial(take_end, run_id=run.id, note=_GONE))
            return
        if not parts or parts[-1].active:
            return
        opened = await self._store.read(functools.partial(ledger.open_of, run_id=run.id))
        sent = carried_by(parts, self._store.epoch)
        entries = [item.entry for item in opened if item.entry.seq not in sent]
        if not entries:
            return
        asked = {item.interrupt_id: item for item in reading.questions(await self._api.state(run.thread_id))}
        good = [item for item in entries if _still_asked(item, asked)]
        stale = [item.interrupt_id for item in entries if item not in good]
        if stale:
            await self._give_back(run, stale, "its question had changed; it was not sent")
        if good:
            breakpoint_ = any(asked[item.interrupt_id].kind == "breakpoint" for item in good)
            await self._send(run, good, parts, breakpoint_)

    async def _send(self, run: Run, good: list[LedgerEntry], parts: list[Part], breakpoint_: bool) -> None:
        mark = f"{self._store.epoch}:{','.join(str(item.seq) for item in good)}"
        body: dict[str, Any] = {
            "assistant_id": parts[-1].assistant_id,
            "multitask_strategy": "reject",
            "metadata": {ANSWERS_KEY: mark},
        }
        if not breakpoint_:
            body["command"] = {"resume": {item.interrupt_id: item.answer for item in good}}
            body |= {"strict_resume": True} if self.strict_resume else {}
        try:
            part = part_of(await self._api.create_run(run.thread_id, body))
        except MahavishnuError as error:
            if _later(error) or status_of(error) == 409:
                # On 409 somebody else's run is at work there: what it leaves open is seen when it ends.
                raise
            await self._give_back(run, [item.interrupt_id for item in good], error.message)
            return
        if part is not None:
            log.info("run %s (%s): answers %s are with %s", run.name, run.id, mark, self._name)
            await self._store.write(
                functools.partial(
                    orders.carried, server=self._name, run_id=run.id, part=part, turn=len(parts) + 1
                )
            )

    async def _give_back(self, run: Run, interrupt_ids: list[str], why: str) -> None:
        log.warning("run %s (%s): an answer is not used: %s", run.name, run.id, why)
        await self._store.write(
            functools.partial(orders.give_back_answers, run_id=run.id, interrupt_ids=interrupt_ids, why=why)
        )


def _still_asked(entry: LedgerEntry, asked: dict[str, Any]) -> bool:
    question = asked.get(entry.interrupt_id)
    return question is not None and question.hash == entry.question_hash


def _order_of(conn: Any, run: Run) -> tuple[Workflow, dict[str, Any]]:
    stored = runs.payload(conn, run.id)
    return workflows.require(conn, run.workflow_id), {**stored, "input": runs.given(conn, run.id)}


def _start(workflow: Workflow, stored: dict[str, Any]) -> dict[str, Any]:
    body = {"assistant_id": workflow.spec, "input": stored["input"], "if_not_exists": "create"}
    return {**body, "config": stored["config"]} if stored["config"] else body


def _go_on(workflow: Workflow, row: RunRow) -> dict[str, Any]:
    body: dict[str, Any] = {"assistant_id": workflow.spec}
    if row.work.mode == "fork":
        body["checkpoint"] = {"checkpoint_id": row.work.checkpoint_id}
    return body


def _later(error: MahavishnuError) -> bool:
    """Whether the same may well succeed later."""
    status = status_of(error)
    return error.code is ErrorCode.REMOTE_UNREACHABLE or status in (401, 403, 429) or status >= 500


def _busy(error: MahavishnuError, run: Run) -> MahavishnuError:
    if status_of(error) != 409:
        return error
    return MahavishnuError(
        ErrorCode.THREAD_BUSY,
        f"Thread {run.thread_id!r} is at work with a run that somebody else started there.",
        "Wait for it or cancel it, then resume this one.",
        run_id=run.id,
    )
