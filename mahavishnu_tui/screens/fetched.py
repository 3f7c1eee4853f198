"""`Fetched`: a list that does not come with the stream and is asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from textual.widget import Widget

from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.session import Session

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient

Item = TypeVar("Item")

PAUSE: Final = 1.0
"""Seconds between two looks at the same list."""


class Fetched(Generic[Item]):
    """One request at a time, and not more often than once in `PAUSE` seconds.

    Args:
        host: the widget whose workers and timers are used.
        session: where the client comes from.
        ask: the call.
        changed: called once there is an answer, or an error.
    """

    def __init__(
        self,
        host: Widget,
        session: Session,
        ask: Callable[[ServerClient], Awaitable[list[Item]]],
        changed: Callable[[], None],
    ) -> None:
        self._host = host
        self._session = session
        self._call = ask
        self._changed = changed
        self.items: list[Item] = []
        self.error: MahavishnuError | None = None
        """Why it is not there, or not renewed."""
        self.known = False
        """Whether it was there once."""
        self._asking = False
        self._planned = False

    def want(self) -> None:
        """Ask again, soon."""
        if not self._planned:
            self._planned = True
            self._host.set_timer(PAUSE if self.known else 0.01, self._start)

    def _start(self) -> None:
        self._planned = False
        if self._asking:
            self.want()  # what is on its way may be older than the change
        elif self._session.connection is not None and self._session.link.live:
            self._asking = True
            in_background(self._host, self._fetch, "fetched")

    async def _fetch(self) -> None:
        try:
            self.items = await self._call(self._session.client)
            self.error, self.known = None, True
        except Exception as error:  # whatever it is: it is shown in place of the list and kept in :errors
            self.error = self._session.record(error)
        finally:
            self._asking = False
        self._changed()
