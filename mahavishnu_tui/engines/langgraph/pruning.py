"""Removes old checkpoints of threads: never the latest, a tagged one, or anything of a pinned thread.

A plan is made on a read-only connection; what it names is removed in small transactions, each of which looks
again at pins, tags, lease and latest checkpoint before it removes anything.
"""

from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.engines.langgraph import marks
from mahavishnu_tui.engines.langgraph.checkpoints import created_at, read_file, read_metadata
from mahavishnu_tui.engines.langgraph.savers import LeasedSaver
from mahavishnu_tui.models import ErrorCode
from mahavishnu_tui.models.checkpoint import PrunePlan

AT_ONCE = 200
"""Checkpoints that one transaction removes: runs at work write between two of them."""
_VACUUM_PAGES = 2000
_VACUUM_ROUNDS = 100

_ROOTS = """
SELECT checkpoint_id, length(checkpoint) + coalesce(length(metadata), 0) FROM checkpoints
WHERE thread_id = ? AND checkpoint_ns = '' ORDER BY checkpoint_id DESC
"""
_NESTED = """
SELECT checkpoint_ns, checkpoint_id, length(checkpoint) + coalesce(length(metadata), 0), metadata
FROM checkpoints WHERE thread_id = ? AND checkpoint_ns <> '' ORDER BY checkpoint_ns, checkpoint_id DESC
"""
_WRITTEN = """
SELECT checkpoint_ns, checkpoint_id, sum(length(value)) FROM writes WHERE thread_id = ?
GROUP BY checkpoint_ns, checkpoint_id
"""
_DELTA = """
SELECT 1 FROM checkpoints WHERE thread_id = ?
AND instr(CAST(metadata AS TEXT), 'counters_since_delta_snapshot') LIMIT 1
"""
_ASKS = """
SELECT 1 FROM writes w WHERE thread_id = ? AND channel = '__interrupt__' AND checkpoint_id >=
  (SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = w.thread_id AND checkpoint_ns = '') LIMIT 1
"""
_LATEST = "SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = ''"
_LEASE = "SELECT lease FROM mahavishnu_leases WHERE thread_id = ?"
_REMOVE = "DELETE FROM {} WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ?"
_PARENTS = """
SELECT checkpoint_id, parent_checkpoint_id FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = ''
"""
_SET_PARENT = """
UPDATE checkpoints SET parent_checkpoint_id = ?
WHERE thread_id = ? AND checkpoint_ns = '' AND checkpoint_id = ?
"""

Place = tuple[str, str]
"""Namespace and id of a checkpoint."""


@dataclasses.dataclass(frozen=True)
class Policy:
    """What stays."""

    keep_last: int = 1
    """So many of the newest; at least one."""
    older_than: float = 0.0
    """Seconds; younger checkpoints stay. 0: age does not matter."""


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A thread that may be pruned."""

    thread_id: str
    lease: int = -1
    """The newest lease that was given for it; a newer one beside the checkpoints means work. -1: any."""
    ended: bool = False
    """Whether its runs are known to have ended; otherwise one that asks something is left alone."""


@dataclasses.dataclass(frozen=True)
class ThreadPlan:
    """What goes of one thread."""

    candidate: Candidate
    places: list[Place] = dataclasses.field(default_factory=list)
    bytes: int = 0
    kept: str = ""
    """Why nothing goes; empty otherwise."""


async def prune(
    saver: LeasedSaver,
    candidates: Sequence[Candidate],
    policy: Policy,
    *,
    dry: bool = True,
    expect: int | None = None,
) -> PrunePlan:
    """Say what would be removed, or remove it.

    Args:
        saver: of the file.
        candidates: the threads.
        policy: what stays.
        dry: only say.
        expect: the number of checkpoints that the operator agreed to; with another one nothing is removed.

    Raises:
        AdapterError: MHV-121 the number is another one now; MHV-430, 004.
    """
    path = saver.path
    plans = await asyncio.to_thread(make_plans, path, candidates, policy)
    count = sum(len(plan.places) for plan in plans)
    plan = PrunePlan(
        checkpoints=count,
        bytes=sum(plan.bytes for plan in plans),
        threads=sum(bool(plan.places) for plan in plans),
        kept=[plan.kept for plan in plans if plan.kept],
    )
    if dry:
        return plan
    if expect is not None and expect != count:
        raise AdapterError(
            ErrorCode.CHECKPOINT_MOVED,
            f"{count:,} checkpoints would be removed now, not {expect:,}.",
            "Nothing was removed; look again.",
            checkpoints=count,
        )
    removed: dict[str, int] = {}
    for item in plans:
        thread_id = item.candidate.thread_id
        for start in range(0, len(item.places), AT_ONCE):
            gone = await _remove(saver, item.candidate, item.places[start : start + AT_ONCE])
            removed[thread_id] = removed.get(thread_id, 0) + gone
    freed = await vacuum(saver) if any(removed.values()) else 0
    return plan.replace(checkpoints=sum(removed.values()), removed=removed, done=True, freed=freed)


async def delete_thread(saver: LeasedSaver, candidate: Candidate) -> int:
    """Remove all that is stored of a thread, marks included; the number of checkpoints.

    Raises:
        AdapterError: MHV-123 it is pinned, or at work.
    """

    def job(connection: sqlite3.Connection) -> int | str:
        kept = _kept(connection, candidate)
        if kept:
            return kept
        place = (candidate.thread_id,)
        connection.execute("DELETE FROM writes WHERE thread_id = ?", place)
        connection.execute("DELETE FROM mahavishnu_marks WHERE thread_id = ?", place)
        return connection.execute("DELETE FROM checkpoints WHERE thread_id = ?", place).rowcount

    found = await saver.write(candidate.thread_id, job)
    if isinstance(found, str):
        raise AdapterError(ErrorCode.THREAD_KEPT, found, "Nothing was removed.")
    await vacuum(saver)
    return int(found)


def make_plans(path: Path, candidates: Sequence[Candidate], policy: Policy) -> list[ThreadPlan]:
    """What goes of each thread (blocking)."""

    def look(connection: sqlite3.Connection) -> list[ThreadPlan]:
        return [_plan(connection, candidate, policy) for candidate in candidates]

    return read_file(path, look, [])


def _plan(connection: sqlite3.Connection, candidate: Candidate, policy: Policy) -> ThreadPlan:
    thread_id = candidate.thread_id
    kept = _kept(connection, candidate) or _not_thinned(connection, candidate)
    if kept:
        return ThreadPlan(candidate, kept=kept)
    roots = dict(connection.execute(_ROOTS, (thread_id,)).fetchall())
    tagged = {mark.checkpoint_id for mark in marks.of_thread(connection, thread_id)}
    border = time.time() - policy.older_than
    newest = list(roots)[: max(1, policy.keep_last)]
    going = {
        item for item in roots if item not in newest and item not in tagged and created_at(item) <= border
    }
    sizes: dict[Place, int] = {("", item): roots[item] for item in going}
    sizes |= _nested_going(connection, thread_id, set(roots) - going)
    for namespace, checkpoint_id, written in connection.execute(_WRITTEN, (thread_id,)):
        if (namespace, checkpoint_id) in sizes:
            sizes[namespace, checkpoint_id] += int(written or 0)
    return ThreadPlan(candidate, sorted(sizes), sum(sizes.values()))


def _nested_going(connection: sqlite3.Connection, thread_id: str, kept: set[str]) -> dict[Place, int]:
    """Checkpoints of subgraphs that belong to no root checkpoint which stays."""
    found: dict[Place, int] = {}
    seen = set[str]()
    for namespace, checkpoint_id, size, metadata in connection.execute(_NESTED, (thread_id,)):
        own = namespace.rpartition("|")[2]
        lasting = ":" not in own and namespace not in seen  # a subgraph with a memory of its own: its latest
        seen.add(namespace)
        parents: Any = read_metadata(metadata).get("parents")
        root = parents.get("") if isinstance(parents, dict) else None
        if root and root not in kept and not lasting:
            found[namespace, checkpoint_id] = int(size)
    return found


def _kept(connection: sqlite3.Connection, candidate: Candidate) -> str:
    """Why nothing at all of a thread may be removed now."""
    if marks.is_pinned(marks.of_thread(connection, candidate.thread_id)):
        return f"Thread {candidate.thread_id} is pinned."
    row = connection.execute(_LEASE, (candidate.thread_id,)).fetchone()
    if row and 0 <= candidate.lease < row[0]:
        return f"Thread {candidate.thread_id} has been taken up by a run."
    return ""


def _not_thinned(connection: sqlite3.Connection, candidate: Candidate) -> str:
    if connection.execute(_DELTA, (candidate.thread_id,)).fetchone():
        return (
            f"Thread {candidate.thread_id} stores only what changes (DeltaChannel): each needs those before."
        )
    if not candidate.ended and connection.execute(_ASKS, (candidate.thread_id,)).fetchone():
        return f"Thread {candidate.thread_id} waits for an answer."
    return ""


async def _remove(saver: LeasedSaver, candidate: Candidate, places: Sequence[Place]) -> int:
    thread_id = candidate.thread_id

    def job(connection: sqlite3.Connection) -> int:
        if _kept(connection, candidate):
            return 0
        safe = {mark.checkpoint_id for mark in marks.of_thread(connection, thread_id)}
        safe.add(str(connection.execute(_LATEST, (thread_id,)).fetchone()[0]))
        rows = [(thread_id, namespace, item) for namespace, item in places if item not in safe]
        _relink(connection, thread_id, {item for _, namespace, item in rows if not namespace})
        connection.executemany(_REMOVE.format("writes"), rows)
        return connection.executemany(_REMOVE.format("checkpoints"), rows).rowcount

    return int(await saver.write(thread_id, job))


def _relink(connection: sqlite3.Connection, thread_id: str, going: set[str]) -> None:
    """Give checkpoints whose parent goes the nearest one above that stays: branches stay told apart."""
    parents = dict(connection.execute(_PARENTS, (thread_id,)).fetchall())
    rows: list[tuple[str | None, str, str]] = []
    for item, parent in parents.items():
        if item not in going and parent in going:
            above = parents[parent]
            while above in going:
                above = parents[above]
            rows.append((above, thread_id, item))
    connection.executemany(_SET_PARENT, rows)


async def vacuum(saver: LeasedSaver) -> int:
    """Give free pages back to the disk, some at a time; by how many bytes the file became smaller.

    A file that was made without `auto_vacuum` keeps its size; its free pages are used again.
    """
    freed = 0
    for _ in range(_VACUUM_ROUNDS):
        step = int(await saver.write("", _vacuum_some))
        freed += step
        if not step:
            break
    return freed


def _vacuum_some(connection: sqlite3.Connection) -> int:
    if connection.execute("PRAGMA auto_vacuum").fetchone()[0] != 2:
        return 0
    before = connection.execute("PRAGMA page_count").fetchone()[0]
    free = connection.execute("PRAGMA freelist_count").fetchone()[0]
    # Python steps such a statement once, which frees one page; a script of them would end our transaction.
    for _ in range(min(free, _VACUUM_PAGES)):
        connection.execute("PRAGMA incremental_vacuum(1)")
    after = connection.execute("PRAGMA page_count").fetchone()[0]
    return int((before - after) * connection.execute("PRAGMA page_size").fetchone()[0])
