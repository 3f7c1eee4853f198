"""Help to look at a widget in a running app."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget

WidgetT = TypeVar("WidgetT", bound=Widget)


class OneWidget(App[None]):
    """An app around one widget; keeps the messages that reach it."""

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget
        self.messages: list[Message] = []
        self.animation_level = "none"

    def compose(self) -> ComposeResult:
        yield self.widget

    def on_mount(self) -> None:
        self.widget.focus()

    async def on_event(self, event: Any) -> None:
        await super().on_event(event)

    async def _on_message(self, message: Message) -> None:
        if type(message).__module__.startswith("mahavishnu_tui"):
            self.messages.append(message)
        await super()._on_message(message)

    def sent(self, kind: type[Message]) -> list[Any]:
        return [message for message in self.messages if type(message) is kind]


@asynccontextmanager
async def shown(widget: Widget, size: tuple[int, int] = (80, 12)):
    app = OneWidget(widget)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot, app


def text(widget: Widget) -> list[str]:
    """What the widget shows, without trailing blanks."""
    return [widget.render_line(y).text.rstrip() for y in range(widget.size.height)]


def on_screen(app: App[None]) -> list[str]:
    """What the terminal shows, scrollbars and all."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


@contextmanager
def painted(widget: Widget) -> Iterator[set[int]]:
    """Collects the lines that are painted."""
    seen: set[int] = set()
    original: Callable[[int], Any] = widget.render_line

    def record(y: int) -> Any:
        seen.add(y)
        return original(y)

    widget.render_line = record  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        del widget.render_line


async def settle(pilot: Pilot[Any]) -> None:
    """Until everything sent so far is handled and painted."""
    await pilot.pause()
    await pilot.pause()
