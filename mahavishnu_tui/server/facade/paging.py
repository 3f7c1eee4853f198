"""Pages of lists, as their searches ask for them and answer."""

from __future__ import annotations

import dataclasses
from typing import Any

from starlette.responses import Response

from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.facade.refusals import unprocessable
from mahavishnu_tui.server.routes.body import Body

MOST = 1000
_FURTHEST = 2**53


@dataclasses.dataclass(frozen=True)
class Page:
    """Which part of a list, in which order, and what of each."""

    limit: int
    offset: int
    sort_by: str
    ascending: bool
    select: list[str]

    @classmethod
    def of(cls, body: Body, sorts: tuple[str, ...], default: str) -> Page:
        """Read the fields of a search; raises 422."""
        sort_by = body.text("sort_by", default)
        order = body.text("sort_order", "desc").lower()
        if sort_by not in sorts:
            raise unprocessable(f"`sort_by` must be one of {', '.join(sorts)}.")
        if order not in ("asc", "desc"):
            raise unprocessable("`sort_order` must be asc or desc.")
        limit = whole(body, "limit", 10, MOST)
        return cls(limit, whole(body, "offset", 0, _FURTHEST), sort_by, order == "asc", body.words("select"))

    def answer(self, shown: list[Any], total: int) -> Response:
        """The page, with the headers that lead to the next one."""
        response = json_response(shown)
        response.headers["x-pagination-total"] = str(total)
        if self.offset + len(shown) < total:
            response.headers["x-pagination-next"] = str(self.offset + len(shown))
        return response


def whole(body: Body, name: str, default: int, most: int) -> int:
    """A whole number that is not negative, at most `most`; raises 422."""
    value = body.number(name, default) if body.has(name) else default
    if not isinstance(value, int):
        raise unprocessable(f"`{name}` must be a whole number.")
    return min(value, most)
