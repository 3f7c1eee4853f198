"""Long answers: a run's story as server-sent events, and the result of a run once it rests."""

from __future__ import annotations

import functools
import logging
from collections.abc import AsyncIterator

from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.facade import wire
from mahavishnu_tui.server.facade.ids import run_uuid
from mahavishnu_tui.server.facade.orders import BY
from mahavishnu_tui.server.facade.telling import Cursor, Teller, Told
from mahavishnu_tui.server.facade.watching import Bell, Voices, result, see, states_since
from mahavishnu_tui.server.transitions import acts

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
"""Silence after which a line is sent that means nothing: it keeps connections and patience alive."""


async def story(
    core: Core, run_id: str, modes: frozenset[str], since: Cursor, *, opening: bool, cancels: bool
) -> AsyncIterator[bytes]:
    """Everything that happens to a run from `since` until it rests.

    Args:
        opening: begin with the `metadata` event.
        cancels: cancel the run when the client goes before that.
    """
    bell = core.feed.subscribe(Bell(run_id))
    assert isinstance(bell, Bell)
    rested = False
    try:
        seen = await see(core, run_id)
        teller = Teller(seen.run.thread_id, modes, since.for_run(seen.run))
        voices = Voices(core, run_id, since.line) if "custom" in modes else None
        if opening:
            about = {"run_id": run_uuid(run_id), "attempt": 1 + seen.run.recoveries}
            yield Told("metadata", about, since).encode()
        while not bell.dropped:
            # The run is read first: when it rests, everything that it stored is there to be read.
            # What was said by a run that had not begun when it was read waits: its states are not read yet.
            begun = bool(seen.run.lease)
            if voices is not None and begun:
                await voices.listen()
            states = await states_since(core, seen, teller.at.checkpoint_id) if begun else []
            said = await voices.until(states) if voices is not None and begun else []
            ahead = voices is not None and voices.ahead
            for told in teller.tell(states, said, rests=seen.rests, ahead=ahead):
                yield told.encode()
            if seen.rests:
                rested = True
                for told in teller.end(seen.run, seen.asked, states[-1] if states else None):
                    yield told.encode()
                return
            await bell.take(BEAT_SECONDS)
            before, seen = seen, await see(core, run_id)
            if seen == before:
                yield b": heartbeat\n\n"
    except MahavishnuError as error:
        log.info("stream of run %s: %s", run_id, error)
        rested = True
        yield Told("error", wire.error(error.to_json()), since).encode()
    finally:
        core.feed.leave(bell)
        core.seen_client()
        if cancels and not rested and not core.closed:
            _cancel_later(core, run_id)


async def outcome(core: Core, run_id: str, *, cancels: bool = False) -> AsyncIterator[bytes]:
    """The result of a run as JSON, once it rests; newlines meanwhile."""
    bell = core.feed.subscribe(Bell(run_id))
    rested = False
    try:
        seen = await see(core, run_id)
        while not seen.rests:
            await bell.take(BEAT_SECONDS)
            if bell.dropped:
                stopping = {"error": "MHV-002", "message": "The server is stopping; the run goes on with it."}
                yield codec.dumps({"__error__": stopping})
                return
            before, seen = seen, await see(core, run_id)
            if seen == before:
                yield b"\n"
        rested = True
        yield codec.dumps(await result(core, seen))
    except MahavishnuError as error:
        log.info("result of run %s: %s", run_id, error)
        rested = True
        yield codec.dumps({"__error__": wire.error(error.to_json())})
    finally:
        core.feed.leave(bell)
        core.seen_client()
        if cancels and not rested and not core.closed:
            _cancel_later(core, run_id)


async def cancel(core: Core, run_id: str) -> None:
    """Cancel a run; its host is told before this returns.

    Raises:
        MahavishnuError: MHV-101 it has ended.
    """
    run = await core.store.write(functools.partial(acts.cancel, run_id=run_id, by=BY, version=None))
    if run.status == "running":
        await core.dispatcher.cancel(run)
    core.dispatcher.wake()


def _cancel_later(core: Core, run_id: str) -> None:
    """The client has gone, and its request with it: cancel in a task of its own."""

    async def work() -> None:
        try:
            await cancel(core, run_id)
        except MahavishnuError as error:
            log.info("run %s is not cancelled: %s", run_id, error)

    core.in_background(work())
