"""`Archive`: the runs that the server has beyond the mirror: how many, and the older ones page by page."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from textual.timer import Timer
from textual.widget import Widget

from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.session import Session

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import RunCount
    from mahavishnu_tui.models import Run

SETTLE: Final = 0.25
"""Seconds that a filter is left alone before the server is asked about it."""
AGAIN: Final = 5.0
"""Seconds between two counts of runs that are not all in the mirror."""
PAGE: Final = 200


class Archive:
    """Asks one thing at a time; a filter that changes meanwhile is taken up when the reply is in.

    Args:
        host: the widget whose workers and timers are used.
        session: where mirror and client come from.
        changed: called when there is more to show, with whether the operator asked for it.
    """

    def __init__(self, host: Widget, session: Session, changed: Callable[[bool], None]) -> None:
        self._host = host
        self._session = session
        self._changed = changed
        self.search = ""
        self.count: RunCount | None = None
        """Of all runs, with `search`; None until the server has said so."""
        self.known_total = 0
        """How many runs the server had when it last said so."""
        self.loading = False
        """Whether a page is on its way."""
        self._found: dict[str, Run] = {}
        self._before: float | None = None
        self._exhausted = False
        self._wants_page = False
        self._busy = False
        self._counted_at = 0.0
        self._timer: Timer | None = None

    @property
    def ended(self) -> bool:
        """Whether there is nothing older."""
        return self._exhausted

    @property
    def whole(self) -> bool:
        """Whether the mirror has all runs, so that it can be counted here."""
        return self.count is None or self.count.total <= len(self._session.mirror.runs)

    @property
    def asking(self) -> bool:
        """Whether there are more runs than are known here, and how many match is not known yet."""
        return self.count is None and self.known_total > len(self._session.mirror.runs)

    def runs(self) -> dict[str, Run]:
        """What is known: the mirror, and what was fetched for this filter."""
        mirror = self._session.mirror.runs
        return {**self._found, **mirror} if self._found else mirror

    def look(self, search: str) -> None:
        """Another filter."""
        if search != self.search:
            self.search = search
            self._start_over()
            self._later(SETTLE)

    def renew(self) -> None:
        """The server is back, or is another one."""
        self._start_over()
        self._later(0.01)

    def forget(self, run_id: str) -> None:
        """A run is gone where it lived."""
        self._found.pop(run_id, None)
        self._session.drop(run_id)

    def recount(self) -> None:
        """Runs have changed: where the server has more of them than the mirror, count again."""
        if not self.whole and self._timer is None:
            self._later(max(SETTLE, AGAIN - (time.monotonic() - self._counted_at)))

    def more(self) -> None:
        """The cursor has reached the end."""
        if (self.count is None or not self.whole) and not self._exhausted and not self.loading:
            self._wants_page = True
            self._later(0.01)

    def _start_over(self) -> None:
        self.count, self._found = None, {}
        self._before, self._exhausted, self._wants_page = None, False, False

    def _later(self, delay: float) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._host.set_timer(delay, self._start)

    def _start(self) -> None:
        self._timer = None
        if not self._busy and self._session.connection is not None and self._session.link.live:
            self._busy = True
            in_background(self._host, self._ask, "archive")

    async def _ask(self) -> None:
        search = self.search
        asked = bool(search) or self._wants_page
        client = self._session.client
        try:
            count = await client.count_runs(search)
            self._counted_at = time.monotonic()
            self.known_total = count.total
            if search == self.search:
                self.count = count
                await self._page(search)
        except Exception as error:  # what is known is shown all the same; the reason is in :errors
            self._session.record(error)
        finally:
            self._busy = self.loading = False
        self._changed(asked)
        if search != self.search and self._timer is None:
            self._later(SETTLE)

    async def _page(self, search: str) -> None:
        """The next page: when it is wanted, and the first one of a filter."""
        if self.whole or self._exhausted or not (self._wants_page or (search and self._before is None)):
            return
        self._wants_page, self.loading = False, True
        before = self._before
        if before is None and not search:
            before = self._session.mirror.runs_since or None
        found = await self._session.client.runs(search=search, before=before, limit=PAGE)
        if search != self.search:
            return
        self._session.keep(found)
        self._found.update((run.id, run) for run in found)
        self._exhausted = len(found) < PAGE
        if found:
            self._before = found[-1].created_at
