"""What flow runs have logged: fetched when somebody asks, numbered as it arrives, kept for a while."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from mahavishnu_tui.engines.prefect.api import PAGE, PrefectApi
from mahavishnu_tui.engines.prefect.states import moment
from mahavishnu_tui.models.said import LEVELS, MAX_TEXT, SaidLevel, SaidLine, SaidPage
from mahavishnu_tui.models.text import clean
from mahavishnu_tui.server.prefect.mapping import text
from mahavishnu_tui.server.runlogs import Wanted

MOST_LINES = 20_000
"""Of one run."""
KEPT_RUNS = 8
FRESH_SECONDS = 1.0
WATCHED_SECONDS = 20.0
"""For how long a log is looked at for more after somebody has asked for it."""
_OVERLAP = 5.0
"""Seconds: lines come in bundles, and those of several processes not in the order in which they were said."""


class RunLog:
    """The lines of one run that are known."""

    def __init__(self) -> None:
        self.lines: list[SaidLine] = []
        self.asked_at = 0.0
        self.read_at = 0.0
        self._ids = set[str]()
        self._newest = 0.0
        self._lock = asyncio.Lock()

    async def read(self, api: PrefectApi, run_id: str, visit_of: Callable[[str], int]) -> bool:
        """Fetch what is new, whether there was any; raises PrefectError."""
        async with self._lock:
            if time.monotonic() - self.read_at < FRESH_SECONDS:
                return False
            before = len(self.lines)
            if not self.lines:
                await self._first(api, run_id, visit_of)
            else:
                await self._more(api, run_id, visit_of)
            self.read_at = time.monotonic()
            return len(self.lines) > before

    async def _first(self, api: PrefectApi, run_id: str, visit_of: Callable[[str], int]) -> None:
        """The newest lines: of a long log the beginning is left out."""
        found: list[dict[str, Any]] = []
        while len(found) < MOST_LINES:
            page = await api.logs.page(run_id, sort="TIMESTAMP_DESC", offset=len(found))
            found += page
            if len(page) < PAGE:
                break
        else:
            self.lines.append(
                SaidLine(1, 0.0, f"(older lines are not shown: Prefect has more than {MOST_LINES})")
            )
        for line in reversed(found):
            self._add(line, visit_of)

    async def _more(self, api: PrefectApi, run_id: str, visit_of: Callable[[str], int]) -> None:
        offset, since = 0, self._newest - _OVERLAP
        while len(self.lines) < 2 * MOST_LINES:
            page = await api.logs.page(run_id, since=since, offset=offset)
            for line in page:
                self._add(line, visit_of)
            if len(page) < PAGE:
                return
            offset += len(page)

    def _add(self, told: dict[str, Any], visit_of: Callable[[str], int]) -> None:
        key = str(told["id"])
        if key in self._ids:
            return
        self._ids.add(key)
        at = moment(told.get("timestamp")) or 0.0
        self._newest = max(self._newest, at)
        said = told.get("message")
        self.lines.append(
            SaidLine(
                number=len(self.lines) + 1,
                at=at,
                text=clean(said if isinstance(said, str) else "")[:MAX_TEXT],
                visit=visit_of(str(told.get("task_run_id") or "")),
                stream="log",
                level=level_of(told.get("level")),
                logger=text(told.get("name"), 100),
            )
        )


class Logs:
    """The logs of the runs that were asked for last.

    Args:
        on_more: called with a run's id and its newest line when a log that somebody follows has grown.
    """

    def __init__(self, on_more: Callable[[str, int], None]) -> None:
        self._on_more = on_more
        self._logs: OrderedDict[str, RunLog] = OrderedDict()

    async def page(
        self, api: PrefectApi, run_id: str, wanted: Wanted, visit_of: Callable[[str], int]
    ) -> SaidPage:
        """The wanted lines; raises PrefectError."""
        log = self._logs.setdefault(run_id, RunLog())
        self._logs.move_to_end(run_id)
        while len(self._logs) > KEPT_RUNS:
            self._logs.popitem(last=False)
        log.asked_at = time.monotonic()
        await log.read(api, run_id, visit_of)
        return _page(log.lines, wanted)

    @property
    def followed(self) -> list[str]:
        """Runs whose log was asked for a moment ago."""
        now = time.monotonic()
        return [key for key, log in self._logs.items() if now - log.asked_at < WATCHED_SECONDS]

    async def look(self, api: PrefectApi, run_id: str, visit_of: Callable[[str], int]) -> None:
        """See whether a log has grown; raises PrefectError."""
        log = self._logs.get(run_id)
        if log is not None and await log.read(api, run_id, visit_of):
            self._on_more(run_id, len(log.lines))

    def forget(self) -> None:
        """These were another server's."""
        self._logs.clear()


def level_of(value: Any) -> SaidLevel:
    """Python's number of a level as our word."""
    number = value if isinstance(value, int) else 20
    return LEVELS[min(4, max(0, number // 10 - 1))]


def _page(lines: list[SaidLine], wanted: Wanted) -> SaidPage:
    after = wanted.after
    if after is None:
        after = max(0, len(lines) - wanted.limit) if wanted.everything else 0
    found: list[SaidLine] = []
    last = after
    for line in lines[after:]:
        if len(found) >= wanted.limit and wanted.after is not None:
            return SaidPage(found, last, more=True)
        last = line.number
        if wanted.matches(line.to_json()):
            found.append(line)
    return SaidPage(found[-wanted.limit :] if wanted.limit else [], last)
