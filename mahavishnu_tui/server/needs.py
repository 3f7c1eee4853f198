"""What needs an operator and is written by nobody's act: hosts, pools, schedules, other servers, the disk.

Questions and failures are kept where they are written (`store/needs.py`); here the rest is looked at.
"""

from __future__ import annotations

import functools
import logging
import shlex
import sqlite3
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from mahavishnu_tui.models import MahavishnuError, Need, Run
from mahavishnu_tui.models.need import KINDS, approval_key
from mahavishnu_tui.models.run_search import flow_name
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.feed import Feed
from mahavishnu_tui.server.store import Store, Tx, approvals, flow_runs, needs, runs
from mahavishnu_tui.server.store.tx import Line

if TYPE_CHECKING:
    from mahavishnu_tui.server.hosts.supervisor import Supervisor
    from mahavishnu_tui.server.prefect.engine import PrefectEngine
    from mahavishnu_tui.server.prefect.silent import Silent
    from mahavishnu_tui.server.remote.engine import RemoteEngine

log = logging.getLogger(__name__)

Listener = Callable[[Need, bool], None]
"""Told of every need that appears (True), changes (False) or is gone (`need.gone`; False)."""

GRACE_SECONDS = 10.0
"""How long another server may be away before that is an operator's matter."""
LATE_SECONDS = 60.0
"""How long after its time a run may begin."""
_STORE_SECONDS = 2.0
"""Between two looks at what is asked of the database."""
_HERE = ("host", "prefect", "server")
_THERE = ("late", "stuck", "pool")
"""What only a Prefect that can be reached tells: while it is away, what was so is taken to be so."""
_LONGEST = 300
_SEEN_SECONDS = 90 * 86400.0
"""How long it is kept who has seen what: longer than anything of it can be heard of as news."""


class Needs:
    """Keeps the record of what needs somebody, and tells it to other parts of the server.

    Args:
        store: where it is kept.
        feed: tells of what has changed.
        supervisor: knows the hosts.
        remote: knows other people's LangGraph servers.
        prefect: knows Prefect.
    """

    def __init__(
        self,
        store: Store,
        feed: Feed,
        supervisor: Supervisor,
        remote: RemoteEngine,
        prefect: PrefectEngine,
    ) -> None:
        self._store = store
        self._supervisor = supervisor
        self._remote = remote
        self._prefect = prefect
        self._began: dict[str, float] = {}
        """When what is wrong now was first seen to be so."""
        self._told: dict[str, Need] = {}
        """What the store has of the kinds that are looked at here."""
        self._open = set[str]()
        self._listeners: list[Listener] = []
        self._looked_at = -_STORE_SECONDS
        self._lapse_at: float | None = None
        self._fault = ""
        """What went wrong at the last look; it is logged once."""
        feed.overhear("need", self._hear)

    def listen(self, listener: Listener) -> None:
        """Have a part of the server told of every change, on the event loop and after the commit."""
        self._listeners.append(listener)

    async def start(self) -> None:
        """Take up what the last server left; raises MHV-004, MHV-005, MHV-006."""
        for need in await self._store.write(take_up):
            self._open.add(need.key)
            if need.kind in (*_HERE, *_THERE, "schedule", "disk"):
                self._told[need.key] = need
                self._began[need.key] = need.since

    async def look(self) -> None:
        """Called every second; a disk that takes no writes is said elsewhere."""
        try:
            await self._look()
            self._fault = ""
        except MahavishnuError as error:
            log.debug("what needs an operator could not be written: %s", error)
        except Exception as error:  # the rest of the housekeeping goes on
            if self._fault != repr(error):
                self._fault = repr(error)
                log.exception("what needs an operator could not be looked at")

    async def _look(self) -> None:
        found = [*self._hosts(), *self._servers(), *self._prefect_itself()]
        kinds = set(_HERE)
        if time.monotonic() - self._looked_at >= _STORE_SECONDS:
            self._looked_at = time.monotonic()
            kinds.add("disk")
            if self._prefect.info.state == "ready" or not self._prefect.watched:
                kinds.update(_THERE)
                if self._prefect.silent() is not None:
                    kinds.add("schedule")
            found += await self._store.read(functools.partial(self._stored, there="pool" in kinds))
            self._lapse_at = await self._store.read(needs.next_lapse)
        await self._keep(found, kinds)
        if self._lapse_at is not None and self._lapse_at <= time.time():
            self._lapse_at = None
            await self._store.write(needs.lapse)

    async def _keep(self, found: Iterable[Need], kinds: Iterable[str]) -> None:
        """Make the store say what was found of these kinds."""
        now = {need.key: need for need in found}
        gone = [key for key, need in self._told.items() if need.kind in kinds and key not in now]
        news = [need for need in now.values() if self._told.get(need.key) != need]
        if not gone and not news:
            return

        def keep(tx: Tx) -> None:
            for key in gone:
                needs.drop(tx, key, "it came right")
            for need in news:
                if not needs.is_seen(tx.conn, need):
                    needs.put(tx, need)

        await self._store.write(keep)
        for key in gone:
            del self._told[key]
            self._began.pop(key, None)
        self._told.update((need.key, need) for need in news)

    def _since(self, key: str, at: float | None = None) -> float:
        return self._began.setdefault(key, at or time.time())

    def _hear(self, line: Line) -> None:
        need = Need.from_json(codec.loads(line.data)["data"])
        appeared = not need.gone and need.key not in self._open
        if need.gone:
            self._open.discard(need.key)
        else:
            self._open.add(need.key)
        for listener in self._listeners:
            listener(need, appeared)

    # -- what is looked at

    def _hosts(self) -> Iterable[Need]:
        for host in self._supervisor.records():
            if host.state == "failed":
                said = host.note or str((host.error or {}).get("message") or "It cannot be started.")
                yield Need(
                    key=f"host:{host.id}",
                    kind="host",
                    what=clean_line(said, _LONGEST),
                    where=host.project_root.rstrip("/").rpartition("/")[2] or host.id,
                    since=host.started_at or self._since(f"host:{host.id}"),
                    engine="langgraph",
                )

    def _servers(self) -> Iterable[Need]:
        for record in self._remote.records():
            key = f"server:{record.name}"
            if record.state != "lost":
                self._began.pop(key, None)
                continue
            since = self._since(key)
            if time.time() - since >= GRACE_SECONDS:
                yield Need(
                    key=key,
                    kind="server",
                    what=clean_line(f"{record.trouble}: what is shown of it is old", _LONGEST),
                    where=record.name,
                    since=since,
                    engine="langgraph-server",
                )

    def _prefect_itself(self) -> Iterable[Need]:
        info = self._prefect.info
        patience = GRACE_SECONDS if info.state == "lost" else 0.0
        if info.mode == "off" or not info.trouble or time.time() - info.since < patience:
            return
        old = ": what is shown of it is old" if info.state == "lost" else ""
        yield Need(
            key="prefect:prefect",
            kind="prefect",
            what=clean_line(f"{info.trouble.rstrip('.')}{old}", _LONGEST),
            where="embedded Prefect" if info.embedded else info.url or "Prefect",
            since=self._since("prefect:prefect", info.since),
            engine="prefect",
        )

    def _stored(self, conn: sqlite3.Connection, there: bool) -> list[Need]:
        found = _disk(runs.await_disk(conn))
        if not there:
            return found
        found += _silent(self._prefect.silent() or [])
        # Without a run that waits to begin nothing is late and no pool is missed: mostly that is all.
        pools = self._prefect.pools(conn) if flow_runs.any_queued(conn) else []
        notes = {pool.name: pool.note for pool in pools}
        now = time.time()
        found += _late(flow_runs.overdue(conn, now), now - LATE_SECONDS, notes)
        for pool in pools:
            if pool.status == "unhealthy" and pool.queued:
                gone = [worker for worker in pool.workers if not worker.online]
                wait = f"{_runs(pool.queued)} {_wait(pool.queued)}"
                who = f"worker {gone[0].name} is gone" if len(gone) == 1 else pool.note.partition(";")[0]
                at = max((worker.seen_at or 0.0 for worker in gone), default=0.0)
                start = f"prefect worker start --pool {shlex.quote(pool.name)}"
                found.append(
                    Need(
                        key=f"pool:{pool.name}",
                        kind="pool",
                        what=clean_line(f"{who}; {wait}: {start}", _LONGEST),
                        where=pool.name,
                        since=self._since(f"pool:{pool.name}", at),
                        engine="prefect",
                        count=pool.queued,
                        pool=pool.name,
                    )
                )
        for trouble in self._prefect.troubles():
            row = flow_runs.by_id(conn, trouble.run_id) if trouble.kind != "late" else None
            if row is not None and row.run.version == trouble.version:
                found.append(
                    Need(
                        key=f"stuck:{trouble.run_id}",
                        kind="stuck",
                        what=clean_line(trouble.why, _LONGEST),
                        where=trouble.run_name,
                        since=trouble.since,
                        run_id=trouble.run_id,
                        workflow=trouble.workflow,
                        engine="prefect",
                        pool=trouble.pool,
                    )
                )
        return found


def take_up(tx: Tx) -> list[Need]:
    """Every question that is pending is needed and no other: also what an older server has left."""
    needs.forget_seen(tx, tx.now - _SEEN_SECONDS)
    pending = {approval_key(approval.id): approval for approval in approvals.pending(tx.conn)}
    for key in needs.of_kinds(tx.conn, ["approval"]).keys() - pending.keys():
        needs.drop(tx, key, "withdrawn")
    for approval in pending.values():
        needs.note_question(tx, approval)
    return list(needs.of_kinds(tx.conn, KINDS).values())


def _late(overdue: Iterable[Run], before: float, notes: dict[str, str]) -> list[Need]:
    """One need for all late runs of a deployment, once one of them was due before a moment.

    All of them count: so many does the list of runs call late, and so many does `S` skip.
    """
    groups: dict[str, list[Run]] = {}
    for run in overdue:
        groups.setdefault(run.deployment_id or run.workflow_id, []).append(run)
    found = []
    for family, late in groups.items():
        first = late[0]
        if (first.due_at or first.created_at) >= before:
            continue
        about = (
            f"pool {first.pool}: {notes[first.pool].partition(';')[0]}"
            if notes.get(first.pool)
            else "nobody takes them"
        )
        found.append(
            Need(
                key=f"late:{family}",
                kind="late",
                what=clean_line(f"{len(late):,} late; {about}", _LONGEST),
                where=flow_name(first),
                since=first.due_at or first.created_at,
                workflow=first.workflow,
                engine="prefect",
                count=len(late),
                deployment_id=first.deployment_id,
                pool=first.pool,
            )
        )
    return found


def _silent(schedules: Iterable[Silent]) -> list[Need]:
    return [
        Need(
            key=f"schedule:{item.schedule.id}",
            kind="schedule",
            what=clean_line(f"{item.schedule.rule} makes no runs: Prefect has none of it ahead", _LONGEST),
            where=clean_line(item.schedule.name, 120),
            since=item.since,
            workflow=item.schedule.workflow or item.schedule.name.partition("/")[0],
            engine="prefect",
            count=0,
            deployment_id=item.schedule.deployment_id,
        )
        for item in schedules
    ]


def _disk(waiting: list[Run]) -> list[Need]:
    if not waiting:
        return []
    what = f"the disk is full; {_runs(len(waiting))} {_wait(len(waiting))} for room and go on by themselves"
    return [
        Need(
            key="disk:disk",
            kind="disk",
            what=what,
            where="disk",
            since=waiting[0].queued_at or waiting[0].created_at,
            engine="langgraph",
            count=len(waiting),
        )
    ]


def _runs(count: int) -> str:
    return f"{count:,} run{'' if count == 1 else 's'}"


def _wait(count: int) -> str:
    return "waits" if count == 1 else "wait"
