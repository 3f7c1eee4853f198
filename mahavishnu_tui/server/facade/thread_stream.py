"""The stream of a thread: the stories of its runs, one after the other, for as long as somebody listens."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from mahavishnu_tui.models import Run
from mahavishnu_tui.models.run import ACTIVE, FINISHED
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.facade.ids import run_uuid
from mahavishnu_tui.server.facade.streams import BEAT_SECONDS, story
from mahavishnu_tui.server.facade.telling import AGAIN, Cursor
from mahavishnu_tui.server.facade.threads import require
from mahavishnu_tui.server.facade.watching import Bell
from mahavishnu_tui.server.store import agent, runs

_RUNS = 50
"""The newest runs of a thread are followed."""
_MODES = frozenset({"values", "updates", "custom"})


class _Progress:
    """Up to where the runs of a thread have been told."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[int, Cursor]] = {}

    def note(self, row: runs.RunRow) -> None:
        """A run rests, and all of it is told."""
        self._told[row.run.id] = (row.run.version, Cursor(row.work.stored, AGAIN))

    def begin(self, row: runs.RunRow, last: Cursor | None) -> None:
        """Somebody begins to listen: after `last`, or now."""
        stored = row.work.stored
        if last is not None and last.checkpoint_id and stored >= last.checkpoint_id:
            self._told[row.run.id] = (0, last)
        elif last is None or last.checkpoint_id:
            version = 0 if row.run.status in ACTIVE else row.run.version
            self._told[row.run.id] = (version, Cursor(stored, AGAIN) if stored else Cursor())

    def next(self, rows: list[runs.RunRow]) -> tuple[Run, Cursor] | None:
        """The oldest run of which there is something to tell, and from where on."""
        holder = next((row.run.id for row in rows if row.run.status not in FINISHED), "")
        for row in rows:
            version, since = self._told.get(row.run.id, (0, Cursor()))
            if version != row.run.version and (row.run.status != "queued" or row.run.id == holder):
                return row.run, since
        return None


async def follow(core: Core, thread_id: str, last: Cursor | None) -> AsyncIterator[bytes]:
    """The stories of a thread's runs from `last` on, or from now on, until the client goes."""
    bell = core.feed.subscribe(Bell(thread_id))
    progress = _Progress()
    try:
        for row in await core.store.read(functools.partial(_rows, thread_id=thread_id)):
            progress.begin(row, last)
        yield b": listening\n\n"
        while not bell.dropped:
            found = progress.next(await core.store.read(functools.partial(_rows, thread_id=thread_id)))
            if found is None:
                await bell.take(BEAT_SECONDS)
                yield b": heartbeat\n\n"
                continue
            run, since = found
            async for part in story(core, run.id, _MODES, since, opening=True, cancels=False):
                yield part
            row = await core.store.read(functools.partial(runs.require, run_id=run.id))
            progress.note(row)
            done = codec.dumps({"status": "run_done", "run_id": run_uuid(run.id)})
            yield b"event: metadata\ndata: %s\n\n" % done
    finally:
        core.feed.leave(bell)
        core.seen_client()


def _rows(conn: sqlite3.Connection, thread_id: str) -> list[runs.RunRow]:
    """The newest runs of a thread, oldest first."""
    found = agent.runs_of(conn, thread_id, [], _RUNS, 0)
    return [runs.require(conn, run.id) for run in reversed(found)]


async def stream(request: Request) -> Response:
    """`GET /threads/{id}/stream`."""
    core: Core = request.app.state.core
    thread = await core.store.read(lambda conn: require(conn, request.path_params["thread"]))
    last = request.headers.get("last-event-id")
    told = follow(core, thread.id, None if last is None else Cursor.read(last))
    headers = {"cache-control": "no-store"}
    return StreamingResponse(told, media_type="text/event-stream", headers=headers)


ROUTES = [Route("/threads/{thread}/stream", stream)]
