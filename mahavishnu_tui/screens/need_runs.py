"""`NeedRuns`: the runs of needs, of which those that are too old for the mirror are asked for."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterable

from mahavishnu_tui.models import MahavishnuError, Need, Run
from mahavishnu_tui.screens.background import in_background, in_background_opening
from mahavishnu_tui.screens.run_acts import RunActs
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.table import VirtualTable

AT_ONCE = 8
"""Runs that are asked for together: the server asks Prefect for its own."""
_KINDS = ("failure", "paused")


class NeedRuns(RunActs):
    """A table of needs, and acts on the runs of those that are marked."""

    table: VirtualTable
    _left_out = ""

    @property
    def marked_needs(self) -> list[Need]:
        """The marked needs that are failed or paused runs."""
        known = self.session.mirror.needs or {}
        return [known[key] for key in self.table.marked if key in known and known[key].kind in _KINDS]

    @property
    def marked_runs(self) -> list[Run]:
        """Their runs, as far as they are known here; see `with_marked`."""
        return [run for need in self.marked_needs if (run := self.session.run(need.run_id)) is not None]

    @property
    def left_out(self) -> str:
        """Which marked runs could not be had, and why."""
        return self._left_out

    def action_unmark(self) -> None:
        """Take all marks away."""
        self.table.clear_marks()

    def action_retry(self) -> None:
        """Take the marked runs up again."""
        self.with_marked(super().action_retry)

    def action_pause(self) -> None:
        """Let a paused run go on, or the marked ones."""
        self.with_marked(super().action_pause)

    def action_actions(self) -> None:
        """The menu of all that can be done with the marked runs, else with the one under the cursor."""
        self.with_marked(super().action_actions)

    def action_compare(self, other: str = "") -> None:
        """Show the two marked runs beside each other; else the one under the cursor and another."""
        self.with_marked(functools.partial(super().action_compare, other))

    def with_marked(self, then: Callable[[], None]) -> None:
        """Do something with the marked runs, after asking for those that are too old for the mirror."""
        self._left_out = ""
        missing = [need.run_id for need in self.marked_needs if self.session.run(need.run_id) is None]
        if not missing:
            then()
        else:
            in_background_opening(self, functools.partial(self._fetch_marked, missing, then), "fetch")

    async def _fetch_marked(self, missing: list[str], then: Callable[[], None]) -> None:
        failed = await fetch_runs(self.session, missing)
        if failed:
            marked = len(self.marked_needs)
            self._left_out = f"{len(failed):,} of the {marked:,} marked left out: {failed[0]}"
            self.flash(self._left_out, "error")
        if self.marked_runs:
            then()

    def with_run(self, run_id: str, then: Callable[[Run], None]) -> None:
        """Do something with a run, which may have to be asked for first."""
        known = self.session.run(run_id)
        if known is not None:
            then(known)
        else:
            in_background(self, functools.partial(self._fetch, run_id, then), "fetch")

    async def _fetch(self, run_id: str, then: Callable[[Run], None]) -> None:
        for error in await fetch_runs(self.session, [run_id]):
            self.flash_error(error)
            return
        run = self.session.run(run_id)
        if run is not None:
            then(run)


async def fetch_runs(session: Session, run_ids: Iterable[str]) -> list[MahavishnuError]:
    """Have the session know these runs; why not, for each that could not be had (kept in `:errors`)."""
    room = asyncio.Semaphore(AT_ONCE)
    failed = list[MahavishnuError]()

    async def fetch(run_id: str) -> None:
        try:
            async with room:
                session.keep([(await session.client.run(run_id)).run])
        except Exception as error:  # one that cannot be had keeps none of the others back
            failed.append(session.record(error))

    await asyncio.gather(*map(fetch, run_ids))
    return failed
