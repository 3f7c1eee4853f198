from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

from mahavishnu_tui.server.options import PrefectOptions
from mahavishnu_tui.server.prefect.listening import News
from mahavishnu_tui.server.prefect.watcher import Watcher


class Late:
    """A server whose commits come after its events: a run reads as before, or is not there, a few times."""

    def __init__(self, stale: int, before: float) -> None:
        self.stale = stale
        self.before = before
        self.readings = 0

    async def refresh(self, run_ids: Any) -> dict[str, float]:
        self.readings += 1
        return dict.fromkeys(run_ids, self.before if self.readings <= self.stale else 7.0)


def watcher_of(mirror: Late) -> Watcher:
    connection = SimpleNamespace(api_url="http://127.0.0.1:1/api")
    link: Any = SimpleNamespace(embedded=False, connection=connection, mirror=mirror, source="s")
    store: Any = None
    quiet: Any = {"looking": lambda: True, "on_change": lambda: None, "on_path": lambda run_id: None}
    return Watcher(link, store, PrefectOptions(events=False), **quiet)


async def readings(stale: int, before: float = 5.0) -> int:
    mirror = Late(stale, before)
    watcher = watcher_of(mirror)
    watcher._hear(News(run_id="run", at=7.0))
    due = 0.0
    while told := watcher._dirty.get("run"):
        assert told.due >= due  # each wait is longer than the one before
        due = told.due
        watcher._dirty = {"run": dataclasses.replace(told, due=0.0)}
        await watcher._read(watcher._take_due())
    return mirror.readings


async def test_a_run_is_read_until_it_is_what_its_event_has_told_but_not_for_ever() -> None:
    assert await readings(stale=0) == 1
    assert await readings(stale=2) == 3
    assert await readings(stale=99) == 8


async def test_a_new_run_is_read_until_it_is_there() -> None:
    """Its event may come before it is committed; without a second reading the next look would find it."""
    assert await readings(stale=2, before=0.0) == 3


async def test_what_was_read_too_early_waits_and_what_is_told_meanwhile_does_not() -> None:
    watcher = watcher_of(Late(stale=1, before=0.0))
    watcher._hear(News(run_id="early", at=7.0))
    await watcher._read(watcher._take_due())
    watcher._dirty["early"] = dataclasses.replace(watcher._dirty["early"], due=float("inf"))
    watcher._hear(News(run_id="other", at=8.0))
    assert list(watcher._take_due()) == ["other"]
    assert list(watcher._dirty) == ["early"]


async def test_how_far_a_long_reading_has_come_is_told_until_it_is_done() -> None:
    told = list[str]()

    async def load(look: Any, between: Any) -> None:
        await between(1000)
        told.append(watcher.info.note)

    async def nothing(**_: Any) -> None: ...

    looks = SimpleNamespace(look=nothing)
    mirror = SimpleNamespace(look=nothing, load=load, read_questions=nothing, blame=looks, refresh=nothing)
    watcher = watcher_of(mirror)  # type: ignore[arg-type]
    parts = {"answers": SimpleNamespace(deliver=nothing), "acts": SimpleNamespace(settle=nothing)}
    catalog = SimpleNamespace(known=False, refresh=nothing)
    vars(watcher.link).update(parts, logs=SimpleNamespace(followed=()), catalog=catalog)
    vars(watcher.link).update(troubles=looks, silent=looks)
    watcher._greeted = True
    await watcher._turn()
    assert watcher._aside is not None
    await watcher._aside
    assert told == ["reading its runs: 1000 so far"]
    assert "so far" not in watcher.info.note
