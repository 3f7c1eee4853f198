"""The stream of changes: a snapshot or what was missed, then everything as it happens."""

from __future__ import annotations

import functools
import sqlite3
import time
from collections.abc import AsyncIterator
from itertools import starmap
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.feed import Subscriber
from mahavishnu_tui.server.routes.body import query_number
from mahavishnu_tui.server.store import approvals, events, every_run, needs, workflows

BEAT_SECONDS = 2.0


async def stream(request: Request) -> Response:
    """`GET /v1/stream`."""
    core: Core = request.app.state.core
    after = query_number(request, "after", 0, 2**53)
    epoch = request.query_params.get("epoch", "")
    return StreamingResponse(_lines(core, after, epoch), media_type="application/x-ndjson")


async def _lines(core: Core, after: int, epoch: str) -> AsyncIterator[bytes]:
    """Chunks of lines, for ever: until the client goes, falls too far behind, or the server ends."""
    # Listening begins before the first read, so that nothing can fall between the two.
    subscriber = core.feed.subscribe()
    try:
        ours = epoch == core.store.epoch
        seq = after
        if not ours or not await core.store.read(functools.partial(events.is_kept, after=after)):
            snapshot = await core.store.read(functools.partial(_snapshot, core))
            seq = int(snapshot["seq"])
            yield codec.dumps(snapshot) + b"\n"
        while page := await core.store.read(functools.partial(events.page, after=seq)):
            seq = page[-1].seq
            yield b"".join(line.data for line in page)
        async for chunk in _live(core, subscriber, seq):
            yield chunk
    except MahavishnuError as error:
        if error.code is not ErrorCode.SERVER_UNREACHABLE:
            raise
        # The server has ended between two reads, and so does the stream: its head has gone out already.
    finally:
        core.feed.leave(subscriber)
        core.seen_client()


async def _live(core: Core, subscriber: Subscriber, seq: int) -> AsyncIterator[bytes]:
    """What is committed from now on, without what was read already; beats in between."""
    yield _beat(core, seq)
    beaten = time.monotonic()
    while not subscriber.dropped:
        lines = [line for line in await subscriber.take(BEAT_SECONDS) if line.seq > seq]
        marks, subscriber.marks = subscriber.marks, {}
        paths, subscriber.paths = subscriber.paths, set()
        seq = lines[-1].seq if lines else seq
        told = [*(line.data for line in lines), *starmap(_mark, marks.items()), *map(_path, paths)]
        # However much there is to tell: what only beats carry must not grow old.
        if not subscriber.dropped and time.monotonic() - beaten >= BEAT_SECONDS:
            told.append(_beat(core, seq))
            beaten = time.monotonic()
        if told:
            yield b"".join(told)


def _snapshot(core: Core, conn: sqlite3.Connection) -> dict[str, Any]:
    info = core.info(conn)
    return {
        "type": "snapshot",
        "epoch": info.epoch,
        "seq": info.seq,
        "server": info.to_json(),
        "runs": every_run.snapshot(conn, time.time()),
        "counts": every_run.counts(conn),
        "approvals": approvals.search(conn, statuses=["pending", "answered"], run_id="", limit=10_000),
        "workflows": workflows.every(conn),
        "hosts": [record.to_json() for record in core.supervisor.records()],
        "prefect": core.prefect.info.to_json(),
        "needs": needs.every(conn),
    }


def _mark(run_id: str, last: int) -> bytes:
    return codec.dumps({"type": "log", "run_id": run_id, "last": last}) + b"\n"


def _path(run_id: str) -> bytes:
    return codec.dumps({"type": "path", "run_id": run_id}) + b"\n"


def _beat(core: Core, seq: int) -> bytes:
    # The note is about a disk that takes no writes, and so no events either.
    beat = {"type": "beat", "seq": seq, "note": core.note, "prefect_at": core.prefect.info.seen_at}
    return codec.dumps(beat) + b"\n"


ROUTES = [Route("/v1/stream", stream)]
