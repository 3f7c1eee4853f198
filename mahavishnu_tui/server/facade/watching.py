"""Waiting for a run to move, and reading what it has stored."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import logging
import sqlite3
from typing import Any

from mahavishnu_tui.models import Approval, ErrorCode, MahavishnuError, Project, Run, Workflow
from mahavishnu_tui.models.run import ACTIVE
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.facade import wire
from mahavishnu_tui.server.facade.telling import Said, seconds
from mahavishnu_tui.server.feed import Subscriber
from mahavishnu_tui.server.runlogs import Wanted, read
from mahavishnu_tui.server.store import approvals, runs, workflows
from mahavishnu_tui.server.store.tx import Line

log = logging.getLogger(__name__)

_PAGE = 100
_LINES = 1000


class Bell(Subscriber):
    """Rings when something is committed that mentions a key; it keeps nothing, and so never falls behind."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key.encode()

    def mark(self, run_id: str, last: int) -> None:
        """Ring, when our run has said something."""
        if not self.dropped and run_id.encode() == self._key:
            self._woken.set()

    def push(self, lines: list[Line]) -> None:
        """Ring, when one of the lines is of our key."""
        if not self.dropped and any(self._key in line.data for line in lines):
            self._woken.set()


@dataclasses.dataclass(frozen=True)
class Seen:
    """A run at one moment."""

    run: Run
    workflow: Workflow
    asked: list[Approval]
    values: Any
    truncated: bool

    @property
    def rests(self) -> bool:
        """Whether nothing more will come by itself."""
        return self.run.status not in ACTIVE


def look(conn: sqlite3.Connection, run_id: str) -> Seen:
    """A run as it is stored now; raises MHV-100."""
    run = runs.require(conn, run_id).run
    stored = runs.payload(conn, run.id)
    return Seen(
        run,
        workflows.require(conn, run.workflow_id),
        approvals.of_run(conn, run.id),
        codec.loads(stored["values"].data),
        stored["values_truncated"],
    )


async def see(core: Core, run_id: str) -> Seen:
    """`look`, on the reader thread."""
    return await core.store.read(functools.partial(look, run_id=run_id))


async def history(core: Core, workflow: Workflow, thread_id: str, **query: Any) -> dict[str, Any]:
    """States of a thread as its host reads them, see `history` in docs/protocols.md."""
    core.refuse_when_draining()
    if workflow.server:
        raise MahavishnuError(
            ErrorCode.REMOTE_NOT_OFFERED,
            f"Thread {thread_id!r} is on LangGraph server {workflow.server}, which tells its history itself.",
            "Ask that server.",
        )
    project = Project.from_json(workflow.project)
    _, reply = await core.supervisor.ask(project, "history", thread_id=thread_id, spec=workflow.spec, **query)
    found: dict[str, Any] = reply
    return found


async def states_since(core: Core, seen: Seen, checkpoint_id: str) -> list[dict[str, Any]]:
    """The states that a run has stored from a checkpoint on, oldest first."""
    query = {"run_id": seen.run.id, "since": checkpoint_id, "limit": _PAGE}
    found: list[dict[str, Any]] = []
    more = True
    while more:
        before = found[-1]["id"] if found else ""
        reply = await history(core, seen.workflow, seen.run.thread_id, before=before, **query)
        found += reply["states"]
        more = bool(reply["more"] and reply["states"])
    return found[::-1]


class Voices:
    """The custom events of a run, in step with its checkpoints: each after the checkpoint before it.

    Args:
        core: has the run's log.
        run_id: whose events.
        after: the line of the log after which they are wanted.
    """

    def __init__(self, core: Core, run_id: str, after: int) -> None:
        self._core = core
        self._run = run_id
        self._after = after
        self._heard: list[Said] = []

    @property
    def ahead(self) -> bool:
        """Whether more was heard than was told yet, and results that were read may come after it."""
        return bool(self._heard)

    async def listen(self) -> None:
        """Read what was said so far; the checkpoints that are read after this include those before it."""
        self._heard += await self._read()

    async def until(self, states: list[dict[str, Any]]) -> list[Said]:
        """What was said up to the newest of these states, and what had been heard before they were read."""
        newest = max((seconds(state["created_at"]) for state in states), default=0.0)
        late = await self._read()
        told = self._heard + [said for said in late if said.at < newest]
        self._heard = [said for said in late if said.at >= newest]
        return told

    async def _read(self) -> list[Said]:
        found, self._after = await _said_since(self._core, self._run, self._after)
        return found


async def _said_since(core: Core, run_id: str, after: int) -> tuple[list[Said], int]:
    """Custom events after a line of a run's log, and up to which line was looked."""
    found: list[Said] = []
    more = True
    while more:
        wanted = Wanted(after=after, limit=_LINES)
        page = await _log(core, run_id, wanted)
        found += [
            Said(line["number"], line.get("at", 0.0), _custom(line.get("text", "")))
            for line in page["lines"]
            if line.get("stream") == "custom"
        ]
        more, after = bool(page["more"] and page["last"] > after), page["last"]
    return found, after


async def last_said(core: Core, run_id: str) -> int:
    """The number of the newest line in a run's log."""
    return int((await _log(core, run_id, Wanted(limit=1)))["last"])


async def _log(core: Core, run_id: str, wanted: Wanted) -> dict[str, Any]:
    try:
        return await asyncio.to_thread(read, core.options.run_logs, run_id, wanted)
    except OSError as error:
        log.warning("the log of run %s cannot be read: %s", run_id, error)
        return {"lines": [], "last": wanted.after or 0, "more": False}


def _custom(text: str) -> Any:
    """The event itself; one that was too long to be kept whole stays text."""
    try:
        return codec.loads(text)
    except ValueError:
        return text


async def result(core: Core, seen: Seen) -> Any:
    """What a run that rests has come to, as `join` and `wait` answer."""
    if seen.run.status == "error":
        return {"__error__": wire.error(seen.run.error or {})}
    values = seen.values
    if seen.truncated:
        states = (await history(core, seen.workflow, seen.run.thread_id, live=True))["states"]
        values = states[0]["values"] if states else values
    asked = [wire.interrupt(item) for item in wire.pending(seen.asked)]
    if asked and seen.run.status == "interrupted":
        return {**(values if isinstance(values, dict) else {}), "__interrupt__": asked}
    return values
