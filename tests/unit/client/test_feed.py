import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from mahavishnu_tui.client import feed as feed_module
from mahavishnu_tui.client.feed import LONGEST_DELAY, Feed, Update, backoff
from mahavishnu_tui.client.mirror import EVERYTHING, Mirror
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from tests.unit.client.test_mirror import event, run, server, snapshot

Session = list[list[dict[str, Any]] | BaseException]
GONE = MahavishnuError(ErrorCode.SERVER_UNREACHABLE, "Nobody.")


class Script:
    """A server's life: one session after the other, then none answers."""

    def __init__(self, *sessions: Session) -> None:
        self.sessions = list(sessions)
        self.asked: list[tuple[int, str]] = []

    async def stream_chunks(self, after: int, epoch: str) -> AsyncIterator[list[dict[str, Any]]]:
        self.asked.append((after, epoch))
        if not self.sessions:
            raise GONE
        for chunk in self.sessions.pop(0):
            if isinstance(chunk, BaseException):
                raise chunk
            yield chunk


async def collect(feed: Feed, enough: Callable[[list[Update]], bool]) -> list[Update]:
    seen: list[Update] = []
    updates = feed.__aiter__()
    async with asyncio.timeout(20):
        async for update in updates:
            seen.append(update)
            if enough(seen):
                break
    await updates.aclose()
    return seen


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "FIRST_DELAY", 0.001)
    monkeypatch.setattr(feed_module, "LONGEST_DELAY", 0.01)


async def test_it_connects_applies_and_says_so() -> None:
    mirror = Mirror()
    script = Script(
        [[], [snapshot(3, runs=[run("a")])], [event(4, "run", run("b")), event(5, "run", run("a"))]]
    )
    feed = Feed(script, mirror)
    seen = await collect(feed, lambda updates: len(updates) == 3)
    assert [update.state for update in seen] == ["connecting", "live", "live"]
    assert seen[1].changes == {EVERYTHING}
    assert seen[2].changes == {("run", "a"), ("run", "b")}
    assert set(mirror.runs) == {"a", "b"}
    assert feed.heard_at is not None


async def test_it_resumes_where_it_was() -> None:
    mirror = Mirror()
    script = Script(
        [[], [snapshot(3)], [event(4, "run", run("a"))], GONE],
        [[], [event(5, "run", run("b"))]],
    )
    seen = await collect(Feed(script, mirror), lambda updates: mirror.seq == 5)
    assert script.asked == [(0, ""), (4, "e")]
    assert "lost" in [update.state for update in seen]
    # Accepted again is news by itself: until the next event there may be none for hours.
    assert seen[-2] == Update("live")
    assert seen[-1].changes == {("run", "b")}


async def test_a_beat_alone_is_not_worth_a_word() -> None:
    beat: dict[str, Any] = {"type": "beat", "seq": 0}
    script = Script([[], [snapshot()], [beat], [beat], [event(1, "run", run("a"))]])
    seen = await collect(Feed(script, Mirror()), lambda updates: bool(updates[-1].changes - {EVERYTHING}))
    assert len(seen) == 3


async def test_it_tries_for_ever_and_counts() -> None:
    seen = await collect(Feed(Script(), Mirror()), lambda updates: updates[-1].attempt == 6)
    assert [update.attempt for update in seen] == list(range(7))
    assert {update.state for update in seen} == {"connecting"}
    assert all(update.error is GONE for update in seen[1:])
    assert all(0 < update.retry_in <= 0.01 for update in seen[1:])


@pytest.mark.parametrize(
    "line",
    [
        {"type": "event"},
        {"type": "snapshot", "epoch": "e"},
        event(1, "run", {"id": "x"}),
        {**snapshot(), "server": {}},
    ],
)
async def test_nonsense_from_the_server_is_an_error_not_an_end(line: dict[str, Any]) -> None:
    seen = await collect(Feed(Script([[], [line]]), Mirror()), lambda updates: updates[-1].error is not None)
    assert seen[-1].error is not None
    assert seen[-1].error.code is ErrorCode.INTERNAL


async def test_a_closed_stream_is_a_loss() -> None:
    seen = await collect(Feed(Script([[], [snapshot()]]), Mirror()), lambda updates: updates[-1].attempt == 1)
    assert seen[-1].state == "lost"
    assert seen[-1].error is not None


async def test_it_starts_a_server_when_nobody_answers() -> None:
    script = Script()
    starts: list[int] = []

    async def start() -> None:
        starts.append(1)
        script.sessions.append([[], [snapshot()]])

    feed = Feed(script, Mirror(), start_server=start)
    seen = await collect(feed, lambda updates: updates[-1].state == "live")
    assert [update.starting for update in seen] == [False, True, False]
    assert starts == [1]


async def test_a_server_that_cannot_start_is_not_tried_all_the_time() -> None:
    why = MahavishnuError(ErrorCode.DATABASE_CORRUPT, "engine.db is damaged.")
    starts: list[int] = []

    async def start() -> None:
        starts.append(1)
        raise why

    feed = Feed(Script(), Mirror(), start_server=start)
    seen = await collect(feed, lambda updates: updates[-1].attempt == 8)
    assert starts == [1]
    assert why in [update.error for update in seen]

    feed.retry_now()
    await collect(feed, lambda updates: updates[-1].attempt == 2)
    assert starts == [1, 1]


async def test_only_absence_starts_a_server() -> None:
    refused = MahavishnuError(ErrorCode.TIMEOUT, "Busy.")

    async def start() -> None:
        raise AssertionError("started")

    script = Script([refused], [refused], [[], [snapshot()]])
    await collect(Feed(script, Mirror(), start_server=start), lambda updates: updates[-1].state == "live")


async def test_a_server_that_was_stopped_in_order_is_left_alone_for_a_while() -> None:
    async def start() -> None:
        raise AssertionError("started")

    mirror = Mirror()
    script = Script([[], [snapshot()], [event(1, "server", server("draining"))]])
    await collect(Feed(script, mirror, start_server=start), lambda updates: updates[-1].attempt == 3)


async def test_a_wait_can_be_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "FIRST_DELAY", 3600.0)
    monkeypatch.setattr(feed_module, "LONGEST_DELAY", 3600.0)
    script = Script()
    feed = Feed(script, Mirror())

    def enough(updates: list[Update]) -> bool:
        if updates[-1].retry_in:
            script.sessions.append([[], [snapshot()]])
            asyncio.get_running_loop().call_later(0.01, feed.retry_now)
        return updates[-1].state == "live"

    await collect(feed, enough)


def test_delays_grow_to_a_limit_with_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    delays = [[backoff(attempt) for _ in range(50)] for attempt in (1, 3, 10, 10_000)]
    assert all(0.1 <= delay <= 0.2 for delay in delays[0])
    assert all(0.4 <= delay <= 0.8 for delay in delays[1])
    assert all(LONGEST_DELAY / 2 <= delay <= LONGEST_DELAY for delay in delays[2] + delays[3])
    assert len(set(delays[0])) > 1
