"""What one server tells people: plans when something is needed or over, and has the posts send it."""

from __future__ import annotations

import asyncio
import datetime
import functools
import logging
import time
import zoneinfo
from collections.abc import Callable, Iterable
from typing import Any

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Need
from mahavishnu_tui.models.notification import NotificationTarget, SendResult
from mahavishnu_tui.server.notify.planning import Planner
from mahavishnu_tui.server.notify.post import Post
from mahavishnu_tui.server.notify.sender import Sender
from mahavishnu_tui.server.notify.words import Writer
from mahavishnu_tui.server.options import NotifyOptions
from mahavishnu_tui.server.store import Store, outbox

log = logging.getLogger(__name__)

_LOOK_SECONDS = 15.0
"""Between two looks at runs that were taken up again after somebody was told of their failure."""
_GATHER = 0.2
_TRIM_SECONDS = 3600.0


class Notifier:
    """Rules, outbox and posts. Without rules it does nothing.

    Args:
        store: holds needs and outbox.
        options: the settings.
        on_change: called when a target begins or ceases to fail.
        clock: the time; a test gives its own.
    """

    def __init__(
        self,
        store: Store,
        options: NotifyOptions,
        on_change: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._options = options
        self._clock = clock
        self._planner = Planner(options, _zone(options.timezone))
        self._writer = Writer(options.context, options.dashboard)
        sender = Sender(options.timeout_seconds)
        self._posts = {
            name: Post(
                name,
                target,
                store,
                options,
                self._planner,
                sender,
                self._writer,
                self._changed,
                on_change,
                clock,
            )
            for name, target in options.targets.items()
        }
        self._keys = set[str]()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._trimmed = time.monotonic()

    @property
    def note(self) -> str:
        """Which targets cannot be reached; empty while all can."""
        failing = [record for record in self.targets() if record.state == "failing"]
        if not failing:
            return ""
        first = failing[0]
        more = f" (and {len(failing) - 1} more)" if len(failing) > 1 else ""
        code = ErrorCode.NOTIFY_FAILED.value
        return f"{code} Notifications to {first.name}{more} fail: {first.error}."

    def targets(self) -> list[NotificationTarget]:
        """How the targets are, by name."""
        return [self._posts[name].record for name in sorted(self._posts)]

    def setup(self) -> dict[str, Any]:
        """What is in force, without addresses."""
        return {
            "targets": [record.to_json() for record in self.targets()],
            "rules": [rule.to_json() for rule in self._options.rules],
            "per_minute": self._options.per_minute,
            "digest": self._options.digest,
        }

    async def start(self) -> None:
        """Take up what the last server left; raises MHV-004, MHV-005, MHV-006."""
        again = await self._store.write(functools.partial(self._planner.begin, now=self._clock()))
        if again:
            log.info(
                "%d notifications were being sent when the last server ended; they are sent again", again
            )
        if not self._options.targets:
            return
        for post in self._posts.values():
            post.start()
        self._task = asyncio.create_task(self._work(), name="notifications")

    def hear(self, need: Need, appeared: bool) -> None:
        """A need appeared, changed or went."""
        self._changed([need.key])

    async def test(self, name: str, by: str) -> SendResult:
        """Send a test to a target; raises MHV-460."""
        post = self._posts.get(name)
        if post is None:
            known = ", ".join(self._posts) or "none at all"
            raise MahavishnuError(
                ErrorCode.NOTIFY_TARGET,
                f"The server knows no target {name!r} for notifications.",
                f"It knows {known}. It reads its settings when it starts: stop it, then start it.",
            )
        return await post.test(self._writer.test(by))

    async def close(self) -> None:
        """Send nothing more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.gather(*(post.close() for post in self._posts.values()))

    def _changed(self, keys: Iterable[str]) -> None:
        if self._options.targets:
            self._keys.update(keys)
            self._woken.set()

    async def _work(self) -> None:
        while True:
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._woken.wait()
                await asyncio.sleep(_GATHER)
            except TimeoutError:
                pass
            try:
                await self._plan()
            except MahavishnuError as error:
                log.warning("notifications cannot be planned yet: %s", error)
            except Exception:
                log.exception("notifications could not be planned")

    async def _plan(self) -> None:
        self._woken.clear()
        keys, self._keys = self._keys, set()
        if len(keys) or await self._store.read(outbox.is_closing):
            try:
                await self._store.write(functools.partial(self._planner.plan, keys=keys, now=self._clock()))
            except MahavishnuError:
                self._keys |= keys
                raise
            for post in self._posts.values():
                post.wake()
        if time.monotonic() - self._trimmed > _TRIM_SECONDS:
            self._trimmed = time.monotonic()
            await self._store.write(functools.partial(outbox.trim, now=self._clock()))


def _zone(name: str) -> datetime.tzinfo | None:
    return zoneinfo.ZoneInfo(name) if name else None
