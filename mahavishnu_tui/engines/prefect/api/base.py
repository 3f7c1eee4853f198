"""What every group of calls is made with."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote

from mahavishnu_tui.engines.prefect import errors
from mahavishnu_tui.engines.prefect.api.transport import Transport
from mahavishnu_tui.engines.prefect.errors import About

PAGE = 200
"""The most that Prefect gives at once."""
BULK = 50
"""The most runs that one bulk call takes."""

Json = dict[str, Any]
Filter = Mapping[str, Any]
"""What one noun is selected by, as in Prefect's API: `{"state": {"type": {"any_": ["RUNNING"]}}}`."""


@dataclasses.dataclass(frozen=True)
class Select:
    """Filters, by noun. Prefect ignores a noun that a call does not know, and then gives everything."""

    flows: Filter | None = None
    flow_runs: Filter | None = None
    task_runs: Filter | None = None
    deployments: Filter | None = None
    work_pools: Filter | None = None
    work_pool_queues: Filter | None = None

    def body(self, *known: str) -> Json:
        """The part of a call's body that selects.

        Args:
            known: the nouns that the call knows.

        Raises:
            ValueError: a noun is given that it does not know.
        """
        given = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if getattr(self, field.name) is not None
        }
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise ValueError(f"this call cannot select by {', '.join(unknown)}")
        return given


EVERYTHING = Select()


@dataclasses.dataclass(frozen=True)
class Page:
    """One page of many."""

    items: list[Json]
    page: int
    pages: int
    count: int
    """How many there are on all pages."""


class Calls:
    """A group of the API's calls. Every method raises `PrefectError` when its call fails."""

    def __init__(self, wire: Transport) -> None:
        self._wire = wire

    def _object(self, about: About, found: Any, *needed: str) -> Json:
        """An answer that must be an object with these keys."""
        if not isinstance(found, dict) or any(found.get(key) is None for key in needed):
            raise errors.odd(self._wire.connection.api_url, about, "is not what Prefect's API gives")
        return found

    def _objects(self, about: About, found: Any, *needed: str) -> list[Json]:
        """An answer that must be a list of objects with these keys."""
        if not isinstance(found, list):
            raise errors.odd(self._wire.connection.api_url, about, "is not what Prefect's API gives")
        return [self._object(about, item, *needed) for item in found]

    def _number(self, about: About, found: Any) -> int:
        if not isinstance(found, int):
            raise errors.odd(self._wire.connection.api_url, about, "is not a number")
        return found

    async def _page(self, about: About, path: str, body: Json) -> Page:
        found = self._object(about, await self._wire.read(path, about, body), "results")
        items = self._objects(about, found["results"], "id")
        return Page(
            items, int(found.get("page") or 1), int(found.get("pages") or 0), int(found.get("count") or 0)
        )

    async def _everything(self, about: About, path: str, body: Json, most: int) -> AsyncIterator[Json]:
        """Page after page, by offset; a thing that moves between two pages is given once."""
        seen: set[str] = set()
        offset = 0
        while offset < most:
            limit = min(PAGE, most - offset)
            page = self._objects(
                about, await self._wire.read(path, about, {**body, "limit": limit, "offset": offset}), "id"
            )
            for item in page:
                if item["id"] not in seen:
                    seen.add(item["id"])
                    yield item
            if len(page) < limit:
                return
            offset += limit


def part(text: object) -> str:
    """One segment of a URL path. Dots are encoded too: `..` would climb."""
    return quote(str(text), safe="").replace(".", "%2E")
