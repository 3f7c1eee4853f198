"""`Header`: one row that says where one is, how the engines are and what needs attention."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

from textual.strip import Strip
from textual.widget import Widget


@dataclasses.dataclass(frozen=True)
class EngineState:
    """One engine in the header. `state` is a `HostState` word; `seen_at` when it was last heard of."""

    name: str
    state: str
    seen_at: float | None = None


@dataclasses.dataclass(frozen=True)
class HeaderState:
    """All that the header shows."""

    context: str = ""
    engines: tuple[EngineState, ...] = ()
    running: int = 0
    failed: int = 0
    queued: int = 0
    waiting: int = 0
    stale_since: float | None = None
    """When the server was last heard, while it is not; None when all is well."""
    retry: int = 0
    notice: str = ""
    """A word such as `connecting …` or `starting the server…` in place of the engines."""
    readonly: bool = False


class Header(Widget):
    """The top row. `show` repaints only when something that is seen changed."""

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.time,
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.now = now
        self.ascii_only = ascii_only
        self.state = HeaderState()

    def show(self, state: HeaderState) -> None:
        """Show another state."""

    def render_line(self, y: int) -> Strip:
        """The row."""
        return Strip.blank(self.size.width)
