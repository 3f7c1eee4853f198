"""The mirror of Prefect's flow runs: what to ask, and how often nothing needs to be asked.

A change is told by an event and read by id (`refresh`). Whatever no event told is found by `delta`, which
asks for what is at work and what has ended lately, and by `reconcile`, which compares all that has not ended,
and the number of those that have.
"""

from __future__ import annotations

import functools
import logging
import re
import sqlite3
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any

from mahavishnu_tui.engines.prefect.api import PAGE, PrefectApi, Select
from mahavishnu_tui.engines.prefect.states import TERMINAL, iso
from mahavishnu_tui.models import Run
from mahavishnu_tui.server.prefect import reading, taking
from mahavishnu_tui.server.prefect.blame import Blame
from mahavishnu_tui.server.prefect.catalog import Catalog
from mahavishnu_tui.server.prefect.inbox import Inbox
from mahavishnu_tui.server.prefect.mapping import Seen, mapping, seen, waits
from mahavishnu_tui.server.prefect.reading import Look, Reading
from mahavishnu_tui.server.store import Store, flow_runs
from mahavishnu_tui.server.together import together

log = logging.getLogger(__name__)

TOLD = 2000
"""Finished runs of one load that clients are told of; older ones they would not keep."""
_OVERLAP = 60.0
"""Seconds that two looks at what has ended have in common."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Mirror:
    """Reads from one server, writes into the store. Its methods raise PrefectError, and the store's errors.

    Args:
        api: the server.
        store: where it is mirrored to.
        catalog: knows names.
        window: seconds that finished runs are kept.
    """

    def __init__(self, api: PrefectApi, store: Store, catalog: Catalog, window: float) -> None:
        self._api = api
        self._store = store
        self._catalog = catalog
        self._window = window
        self._inbox = Inbox(api, store)
        self.blame = Blame(api, store)
        self._looked_at = 0.0
        """Until when what has ended is known, by the server's clock."""
        self._excess = 0
        """By how much the server's count of ended runs differs from ours although everything was compared."""

    @property
    def unread(self) -> bool:
        """Whether a question could not be read yet: its schema comes a moment after its pause."""
        return bool(self._inbox.unread)

    @property
    def clock(self) -> float:
        """Now, by the server's clock."""
        return self._api.clock()

    async def look(self, *, whole: bool) -> Look:
        """Ask what `load` (`whole`) or `reconcile` begins with, all of it together."""
        now = self.clock
        known: dict[str, str] = await self._store.read(flow_runs.unfinished)
        since = now - self._window
        ended = reading.within(since) if whole else reading.lately(self._looked_at - _OVERLAP)
        async with together() as group:
            unfinished = [
                group.create_task(Reading.begin(self._api, selection))
                for selection in (reading.AT_WORK, reading.late(now), reading.coming(now))
            ]
            first_ended = group.create_task(Reading.begin(self._api, ended))
            number = group.create_task(self._api.flow_runs.count(reading.ended_since(since)))
        found = Look(
            now, known, [task.result() for task in unfinished], first_ended.result(), number.result()
        )
        await self._catalog.name_flows(found.flow_ids)
        return found

    async def load(self, look: Look, between: Callable[[int], Awaitable[None]]) -> None:
        """Read everything within the window.

        Args:
            look: what was read of it already.
            between: called with the number of runs that have been read, after each page.
        """
        await self._compare_unfinished(look)
        since = look.at - self._window
        known = set(await self._store.read(functools.partial(flow_runs.ended, since=since)))
        number = 0
        async for page in look.ended.pages():
            known -= {str(item["id"]) for item in page}
            await self._take(page, tell=number < TOLD)
            number += len(page)
            await between(number)
        await self.refresh(known)
        await self._store.write(functools.partial(taking.forget_old, before=since))
        self._looked_at = look.at
        # Over more than a page runs have ended meanwhile: then the count that came with the first one is old.
        theirs = look.number if number < PAGE else await self._api.flow_runs.count(reading.ended_since(since))
        self._excess = await self._excess_of(theirs, since)

    async def delta(self, *, told: bool = False) -> set[str]:
        """Read what is at work, what has ended since the last look, and what was to begin by now.

        Three questions: Prefect's database has an index for each, and none for all in one.

        Args:
            told: events tell of what somebody starts; what schedules make is compared by `reconcile`.

        Returns:
            the ids of the runs that had changed.
        """
        now = self.clock
        async with together() as group:
            ended = group.create_task(Reading.begin(self._api, reading.lately(self._looked_at - _OVERLAP)))
            others = [group.create_task(Reading.begin(self._api, reading.AT_WORK))]
            if not told:
                others.append(group.create_task(self._begin_due(now)))
        changed = await self._take_lately(now, ended.result())
        for task in others:
            changed |= await self._take_all(task.result())
        return changed

    async def _begin_due(self, now: float) -> Reading:
        """A page of what was to begin by now: more is found by `reconcile`."""
        due = reading.late(now + _OVERLAP)
        return await Reading.begin(self._api, due._replace(most=PAGE))

    async def _take_lately(self, now: float, ended: Reading) -> set[str]:
        """What has ended since the last look, and what is due."""
        await self._store.write(functools.partial(taking.come_due, now=now))
        changed = await self._take_all(ended)
        self._looked_at = now
        return changed

    async def _take_all(self, of: Reading) -> set[str]:
        changed = set[str]()
        async for page in of.pages():
            changed |= await self._take(page)
        return changed

    async def reconcile(self, look: Look, between: Callable[[int], Awaitable[None]]) -> None:
        """Compare all that has not ended, and the number of those that have; more only where it differs."""
        since = look.at - self._window
        await self._take_lately(look.at, look.ended)
        await self._compare_unfinished(look)
        await self._store.write(functools.partial(taking.forget_old, before=since))
        if await self._excess_of(look.number, since) != self._excess:
            log.info("Prefect has other finished runs than the mirror: comparing them all")
            await self.load(await self.look(whole=True), between)

    async def refresh(self, run_ids: Collection[str]) -> dict[str, float]:
        """Read these runs; those that are not there were deleted, or are not there yet.

        Returns:
            since when each is in its state, by Prefect's clock; 0 for one that was never there.
        """
        since: dict[str, float] = {}
        wanted = sorted(run_ids)
        for start in range(0, len(wanted), PAGE):
            part = wanted[start : start + PAGE]
            found = await self._api.flow_runs.filter(Select(flow_runs={"id": {"any_": part}}))
            await self._take(found)
            since |= {str(item["id"]): waits(mapping(item.get("state")))[0] or 0.0 for item in found}
            gone = set(part) - {str(item["id"]) for item in found}
            if gone:
                known = await self._store.write(functools.partial(taking.take_gone, run_ids=gone))
                since |= dict.fromkeys(gone - known, 0.0)
        return since

    async def coming(self, deployment_id: str) -> None:
        """Read what a deployment's schedules have made; what they have made no longer goes."""

        def known(conn: sqlite3.Connection) -> set[str]:
            rows = flow_runs.with_status(conn, ["scheduled"])
            return {row.run.id for row in rows if row.run.deployment_id == deployment_id}

        found = await self._api.deployments.scheduled_runs([deployment_id])
        await self._take(found)
        await self.refresh(await self._store.read(known) - {str(item["id"]) for item in found})

    async def read_questions(self) -> None:
        """Try those again that could not be read."""
        await self._inbox.again()

    async def take(self, told: dict[str, Any]) -> Run:
        """Take in one run as Prefect has just told it; what it is in the mirror now."""
        await self._take([told])
        row = await self._store.read(functools.partial(flow_runs.by_id, run_id=str(told["id"])))
        return row.run if row else self._seen(told).run

    async def older(self, before: float, limit: int, workflow: str = "") -> list[Run]:
        """Runs that ended before the mirror's window, newest first; they are not kept.

        Args:
            before: only those that began earlier.
            limit: 200 at most.
            workflow: only those of this flow, by name or id.
        """
        ended = {"before_": iso(self.clock - self._window)}
        of_flow = (
            {"id": {"any_": [workflow]}} if _UUID.fullmatch(workflow) else {"name": {"any_": [workflow]}}
        )
        select = Select(
            flow_runs={
                "end_time": ended,
                "start_time": {"before_": iso(before)},
                "state": {"type": {"any_": sorted(TERMINAL)}},
            },
            flows=of_flow if workflow else None,
        )
        told = await self._api.flow_runs.filter(select, sort="START_TIME_DESC", limit=min(limit, PAGE))
        await self._catalog.name_flows(str(item.get("flow_id") or "") for item in told)
        return [self._seen(item).run for item in told]

    async def find(self, text: str, limit: int) -> list[Run]:
        """Runs whose name has this text, or that have it as id or tag, newest first; they are not kept.

        Those that are mirrored are left out: they are found here.
        """
        wanted: dict[str, Any] = {
            "operator": "or_",
            "name": {"like_": text},
            "tags": {"any_": [text]},
            **({"id": {"any_": [text.lower()]}} if _UUID.fullmatch(text.lower()) else {}),
        }
        told = await self._api.flow_runs.filter(
            Select(flow_runs=wanted), sort="START_TIME_DESC", limit=min(limit, PAGE)
        )
        known = set(await self._store.read(flow_runs.every_id))
        told = [item for item in told if str(item.get("id")) not in known]
        await self._catalog.name_flows(str(item.get("flow_id") or "") for item in told)
        return [self._seen(item).run for item in told]

    async def _compare_unfinished(self, look: Look) -> None:
        """Read all that has not ended; look at those one by one that should be there and are not."""
        listed = set[str]()
        for part in look.unfinished:
            async for page in part.pages():
                listed |= {str(item["id"]) for item in page}
                await self._take(
                    [item for item in page if look.known.get(str(item["id"])) != item.get("state_id")]
                )
                await self._inbox.look(self._seen(item) for item in page)
        await self.refresh(set(look.known) - listed)

    async def _excess_of(self, theirs: int, since: float) -> int:
        """By how much Prefect's count of what has ended differs from ours."""
        return theirs - await self._store.read(functools.partial(flow_runs.count_ended, since=since))

    async def _take(self, page: Iterable[dict[str, Any]], *, tell: bool = True) -> set[str]:
        told = list(page)
        await self._catalog.name_flows(str(item.get("flow_id") or "") for item in told)
        names, now = self._catalog.names, self.clock
        found = [seen(item, names, now) for item in told]
        changed = await self._store.write(functools.partial(taking.take, found=found, tell=tell))
        for run in changed:
            log.debug("flow run %s (%s) is %s", run.name, run.id, run.status)
        if tell:
            self.blame.note(changed)
        await self._inbox.look(found)
        return {run.id for run in changed}

    def _seen(self, told: dict[str, Any]) -> Seen:
        return seen(told, self._catalog.names, self.clock)
