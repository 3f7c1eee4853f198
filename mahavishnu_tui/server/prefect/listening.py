"""Hears what Prefect tells by itself. Events are news that there is something to read, and no more."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import random
import re
import time
from collections.abc import Callable

from mahavishnu_tui.engines.prefect.config import PrefectConnection
from mahavishnu_tui.engines.prefect.errors import PrefectError
from mahavishnu_tui.engines.prefect.events import EventStream, PrefectEvent
from mahavishnu_tui.engines.prefect.states import TERMINAL
from mahavishnu_tui.server.prefect.mapping import text

log = logging.getLogger(__name__)

_LONGEST_WAIT = 60.0
_NOT_OFFERED_WAIT = 600.0
"""Before a server is asked again that has no such socket, or does not let us hear it."""
_SUFFIX = re.compile(r"-[0-9a-f]{1,8}$")
"""What Prefect adds to a task's name, for each call another one."""
_REMEMBERED = 60.0
_ALIVE = 600.0
"""Three of Prefect's heartbeats."""


@dataclasses.dataclass(frozen=True)
class News:
    """What was heard."""

    run_id: str = ""
    """A flow run that has changed."""
    at: float = 0.0
    """When that was, by Prefect's clock."""
    path_of: str = ""
    """A flow run whose task runs have changed."""
    task_run_id: str = ""
    """The one of them that has got a state, at that time."""
    catalog: bool = False
    """Deployments, pools, queues or workers have changed."""
    connection: bool = False
    """It listens again, or no longer."""


class Listener:
    """Listens for as long as it is open; when the connection breaks, it connects anew.

    Args:
        connection: where.
        hear: called with what was heard.
    """

    def __init__(self, connection: PrefectConnection, hear: Callable[[News], None]) -> None:
        self._connection = connection
        self._hear = hear
        self._stream: EventStream | None = None
        self._task: asyncio.Task[None] | None = None
        self._heard: dict[str, float] = {}
        self.beats: dict[str, float] = {}
        """When flow runs were last heard of to be alive, in seconds since the epoch."""
        self._at_work: dict[str, dict[str, str]] = {}
        self.moved = set[str]()
        """Flow runs of which other tasks are at work than before."""
        self.up = False
        self.note = ""
        """Why nothing is heard."""

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._listen(), name="events of Prefect")

    async def close(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def heard(self, run_id: str) -> bool:
        """Whether a flow run was heard of in the last minute."""
        return time.monotonic() - self._heard.get(run_id, -_REMEMBERED) < _REMEMBERED

    def alive(self, run_id: str) -> bool:
        """Whether a flow run, or one of its tasks, has told anything in the last ten minutes."""
        return time.time() - self.beats.get(run_id, 0.0) < _ALIVE

    async def connect_anew(self) -> None:
        """It seems to be deaf: things change of which it tells nothing."""
        log.warning("Prefect's events tell nothing of what has changed: connecting anew")
        if self._stream is not None:
            await self._stream.close()

    async def _listen(self) -> None:
        failures = 0
        while True:
            try:
                async with EventStream(self._connection) as self._stream:
                    self._is_up(True, "")
                    failures = 0
                    async for event in self._stream:
                        self._take(event)
            except PrefectError as error:
                failures += 1
                self._is_up(False, error.message)
                deaf = error.kind in ("not_offered", "auth")
                wait = _NOT_OFFERED_WAIT if deaf else min(2.0 ** (failures - 1), _LONGEST_WAIT)
            except Exception:
                log.exception("Prefect's events could not be read")
                failures += 1
                self._is_up(False, "its events cannot be read")
                wait = min(2.0 ** (failures - 1), _LONGEST_WAIT)
            else:
                self._is_up(False, "the connection for events was closed")
                wait = 1.0
            await asyncio.sleep(wait * random.uniform(0.75, 1.25))  # noqa: S311 # nosec B311

    def _is_up(self, up: bool, note: str) -> None:
        changed, self.up, self.note = self.up != up, up, note
        if changed:
            log.info("Prefect's events: %s", "listening" if up else note)
            self._hear(News(connection=True))

    def _take(self, event: PrefectEvent) -> None:
        run_id = event.flow_run_id
        if run_id:
            self.beats[run_id] = time.time()
        if event.noun == "flow-run":
            if not event.name.endswith(".heartbeat"):
                if event.state_type in TERMINAL:
                    self._at_work.pop(run_id, None)
                self._remember(run_id)
                self._hear(News(run_id=run_id, at=event.at))
        elif event.noun == "task-run":
            self._place(run_id, event)
            self._hear(
                News(path_of=run_id, task_run_id=event.subject if event.state_type else "", at=event.at)
            )
        else:
            self._hear(News(catalog=True))

    def tasks_of(self, run_id: str) -> list[str]:
        """The tasks of a flow run that are at work, as far as events have told."""
        return sorted(self._at_work.get(run_id, {}).values())

    def _place(self, run_id: str, event: PrefectEvent) -> None:
        tasks = self._at_work.setdefault(run_id, {})
        if event.state_type == "RUNNING":
            tasks[event.subject] = text(_SUFFIX.sub("", event.title)) or "task"
        else:
            tasks.pop(event.subject, None)
        if not tasks:
            self._at_work.pop(run_id, None)
        self.moved.add(run_id)

    def _remember(self, run_id: str) -> None:
        now = time.monotonic()
        self._heard[run_id] = now
        if len(self._heard) > 2000:
            self._heard = {key: at for key, at in self._heard.items() if now - at < _REMEMBERED}
        if len(self.beats) > 20_000:
            newest = sorted(self.beats.items(), key=lambda item: item[1])[-10_000:]
            self.beats = dict(newest)
