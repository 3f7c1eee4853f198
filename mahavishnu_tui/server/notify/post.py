"""One target's post: takes from the outbox what is due, has it sent, and waits longer while that fails."""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Callable, Iterable

from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.models.notification import NotificationTarget, SendResult
from mahavishnu_tui.server.notify.planning import Planner
from mahavishnu_tui.server.notify.sender import Sender
from mahavishnu_tui.server.notify.words import Letter, Writer
from mahavishnu_tui.server.options import NotifyOptions, NotifyTarget
from mahavishnu_tui.server.store import Store, Tx, outbox
from mahavishnu_tui.server.store.outbox import Message

log = logging.getLogger(__name__)

FAILING_AFTER = 3
"""Tries in a row that failed, after which operators are told."""
WAITS = (5.0, 20.0, 60.0, 180.0, 600.0, 1800.0, 3600.0)
"""Seconds before the next try, by how many failed in a row; the last one for all further ones."""
_LOOK_SECONDS = 60.0
_PAUSE = 0.5


class Post:
    """One target: a slow one delays no other.

    Args:
        name: of the target.
        target: its address.
        store: holds the outbox.
        options: the rate.
        planner: says what may go out.
        sender: sends.
        writer: writes the letters.
        told: called with the needs that were told of.
        on_change: called when the target begins or ceases to fail.
        clock: the time.
    """

    def __init__(
        self,
        name: str,
        target: NotifyTarget,
        store: Store,
        options: NotifyOptions,
        planner: Planner,
        sender: Sender,
        writer: Writer,
        told: Callable[[Iterable[str]], None],
        on_change: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self.record = NotificationTarget(name, target.service)
        self._target = target
        self._store = store
        self._options = options
        self._planner = planner
        self._sender = sender
        self._writer = writer
        self._told = told
        self._on_change = on_change
        self._clock = clock
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Work from now on."""
        self._task = asyncio.create_task(self._work(), name=f"post of {self.record.name}")

    def wake(self) -> None:
        """Something may be due."""
        self._woken.set()

    async def close(self) -> None:
        """Work no longer; what is being sent goes back into the outbox."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def test(self, letter: Letter) -> SendResult:
        """Send something now, past outbox and rate."""
        began = time.monotonic()
        why = await self._sender.send(self._target.url, letter)
        await self._note(why)
        return SendResult(self.record.name, not why, why, round(time.monotonic() - began, 3))

    async def _work(self) -> None:
        wrong = await self._sender.check(self._target.url)
        if wrong:
            log.error("notifications: target %s: %s", self.record.name, wrong)
            self._set(self.record.replace(state="failing", error=wrong, since=self._clock()))
        while True:
            try:
                await self._wait()
                await self._send_due()
            except MahavishnuError as error:
                log.warning("notifications to %s wait: %s", self.record.name, error)
                await asyncio.sleep(_LOOK_SECONDS)
            except Exception:
                log.exception("notifications to %s: going on", self.record.name)
                await asyncio.sleep(_LOOK_SECONDS)

    async def _wait(self) -> None:
        """Until something may go out."""
        while True:
            self._woken.clear()
            ask = functools.partial(
                outbox.next_turn,
                target=self.record.name,
                now=self._clock(),
                per_minute=self._options.per_minute,
            )
            turn = await self._store.read(ask)
            if turn is not None:
                turn = max(turn, self.record.retry_at or 0.0)
            delay = _LOOK_SECONDS if turn is None else turn - self._clock()
            if delay <= 0:
                return
            try:
                async with asyncio.timeout(min(delay, _LOOK_SECONDS)):
                    await self._woken.wait()
                await asyncio.sleep(_PAUSE)  # what comes together may go together
            except TimeoutError:
                continue

    async def _send_due(self) -> None:
        taking = functools.partial(
            self._planner.take,
            target=self.record.name,
            now=self._clock(),
            per_minute=self._options.per_minute if self.record.state == "ready" else 1,
            digest=self._options.digest,
        )
        messages = await self._store.write(taking)
        for place, message in enumerate(messages):
            try:
                why = await self._sender.send(self._target.url, self._letter(message))
            except BaseException:
                # Cancelled: whether this one went out nobody can know.
                undo = functools.partial(_undo, doubted=message, untried=messages[place + 1 :])
                await asyncio.shield(self._store.write(undo))
                raise
            await self._settle(message, why)
            if why:
                await self._store.write(functools.partial(_undo, untried=messages[place + 1 :]))
                return

    def _letter(self, message: Message) -> Letter:
        return self._writer.letter(message.rows, details=self._target.details, now=self._clock())

    async def _settle(self, message: Message, why: str) -> None:
        if why:
            await self._store.write(functools.partial(outbox.failed, message=message.id, why=why))
        else:
            sent = functools.partial(outbox.sent, message=message.id, now=self._clock())
            self._told(await self._store.write(sent))
        await self._note(why)

    async def _note(self, why: str) -> None:
        """How the last try went; operators are told once that it fails, and once that it does not."""
        now, record = self._clock(), self.record
        if not why:
            if record.failures:
                log.info("notifications to %s go out again", record.name)
            self._set(NotificationTarget(record.name, record.service, sent_at=now))
            return
        failures = record.failures + 1
        if failures == 1:
            log.warning("notifications to %s fail: %s", record.name, why)
        self._set(
            record.replace(
                state="failing" if failures >= FAILING_AFTER else record.state,
                failures=failures,
                error=why,
                since=record.since or now,
                retry_at=now + WAITS[min(failures, len(WAITS)) - 1],
            )
        )

    def _set(self, record: NotificationTarget) -> None:
        changed = record.state != self.record.state
        self.record = record
        if changed:
            self._on_change()


def _undo(tx: Tx, untried: Iterable[Message], doubted: Message | None = None) -> None:
    if doubted is not None:
        outbox.put_back(tx, doubted.id)
    for message in untried:
        outbox.release(tx, message.id)
