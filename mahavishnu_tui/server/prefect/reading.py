"""Flow runs page by page: the first pages of several selections together, the others one after the other."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from mahavishnu_tui.engines.prefect.api import PAGE, PrefectApi, Select
from mahavishnu_tui.engines.prefect.states import TERMINAL, UNFINISHED, iso

MOST_ENDED = 50_000
MOST_LATE = 2000
MOST_COMING = 1000
COMING_SECONDS = 24 * 3600.0
"""How far ahead scheduled runs are mirrored."""


class Selection(NamedTuple):
    """Flow runs, in an order."""

    select: Select
    sort: str
    most: int
    """How many are read; a multiple of a page."""


AT_WORK = Selection(
    Select(flow_runs={"state": {"type": {"any_": [kind for kind in UNFINISHED if kind != "SCHEDULED"]}}}),
    "START_TIME_DESC",
    MOST_ENDED,
)


@dataclasses.dataclass(frozen=True)
class Reading:
    """A selection of which the first page was read."""

    api: PrefectApi
    of: Selection
    first: list[dict[str, Any]]

    @classmethod
    async def begin(cls, api: PrefectApi, of: Selection) -> Reading:
        """Read the first page; raises PrefectError, as `pages` does."""
        return cls(api, of, await api.flow_runs.filter(of.select, sort=of.sort))

    async def pages(self) -> AsyncIterator[list[dict[str, Any]]]:
        """All of it. A run that moves while it is read may come twice."""
        page, offset = self.first, 0
        while page:
            yield page
            offset += PAGE
            if len(page) < PAGE or offset >= self.of.most:
                return
            page = await self.api.flow_runs.filter(self.of.select, sort=self.of.sort, offset=offset)


@dataclasses.dataclass(frozen=True)
class Look:
    """What a comparison of mirror and server begins with: the answers that need not wait for each other."""

    at: float
    """When it was asked, by Prefect's clock."""
    known: dict[str, str]
    """The runs that had not ended as far as the mirror knew: the ids of their states, by their own."""
    unfinished: list[Reading]
    ended: Reading
    """What has ended, within the window or lately."""
    number: int
    """How many have ended within the window, by Prefect's own count."""

    @property
    def flow_ids(self) -> set[str]:
        """The flows of all that was read."""
        pages = [reading.first for reading in (*self.unfinished, self.ended)]
        return {str(item.get("flow_id") or "") for page in pages for item in page}


def late(now: float) -> Selection:
    """What was to begin by now and has not."""
    return Selection(_scheduled(before=now), "EXPECTED_START_TIME_DESC", MOST_LATE)


def coming(now: float) -> Selection:
    """What is to begin before long."""
    select = _scheduled(after=now, before=now + COMING_SECONDS)
    return Selection(select, "EXPECTED_START_TIME_ASC", MOST_COMING)


def ended_since(since: float) -> Select:
    """What has ended since then."""
    return Select(
        flow_runs={"end_time": {"after_": iso(since)}, "state": {"type": {"any_": sorted(TERMINAL)}}}
    )


def within(since: float) -> Selection:
    """All that has ended since then, for a whole reading."""
    return Selection(ended_since(since), "END_TIME_DESC", MOST_ENDED)


def lately(since: float) -> Selection:
    """What has got an end since then, whatever it is now."""
    return Selection(Select(flow_runs={"end_time": {"after_": iso(since)}}), "END_TIME_DESC", MOST_ENDED)


def _scheduled(*, before: float, after: float | None = None) -> Select:
    between = {"before_": iso(before)} | ({"after_": iso(after)} if after is not None else {})
    return Select(flow_runs={"state": {"type": {"any_": ["SCHEDULED"]}}, "expected_start_time": between})
