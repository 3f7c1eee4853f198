"""`ContextsScreen`: every context, and whether its server answers; `enter` switches to it."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.context import Context
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.base import OperatorScreen
from mahavishnu_tui.screens.session import DashboardOptions, Session
from mahavishnu_tui.widgets.status import Tone, age
from mahavishnu_tui.widgets.table import Cell, Column, Row, VirtualTable

if TYPE_CHECKING:
    from mahavishnu_tui.screens.switching import Switcher

COLUMNS: Final = (
    Column("name", "CONTEXT", 16, min_width=12, flex=1),
    Column("state", "STATE", 20, min_width=15),
    Column("runs", "RUNNING", 7, align="right", priority=3),
    Column("asks", "NEED YOU", 8, align="right", priority=1),
    Column("guard", "GUARD", 10),
    Column("colour", "COLOUR", 8, priority=4),
    Column("about", "DESCRIPTION", 26, min_width=18, flex=2, priority=2),
)
LONGEST: Final = 40
"""Cells of a name at most; shorter ones are shown whole, since that is what one types."""
PATIENCE: Final = 1.5
"""Seconds that a server is given."""
LOOK: Final = 5.0
"""Seconds between two looks."""


@dataclasses.dataclass(frozen=True)
class Found:
    """What was found where a context's server would be."""

    state: str = "looking …"
    tone: Tone = "muted"
    running: int | None = None
    waiting: int | None = None


class ContextsScreen(OperatorScreen):
    """Looks at each, all at once, and waits for none."""

    CSS_PATH = "document.tcss"

    def __init__(self, session: Session, switcher: Switcher) -> None:
        super().__init__(session)
        self.table = VirtualTable(COLUMNS, ascii_only=session.ascii, id="contexts-table")
        self._switcher = switcher
        self._found: dict[str, Found] = {}
        self._asking: set[str] = set()

    def compose_body(self) -> ComposeResult:
        """A title and the table."""
        yield Static("contexts", id="document-title", markup=False)
        yield self.table

    def on_mount(self) -> None:
        """List them, the cursor on the one that is shown, and look."""
        super().on_mount()
        self.draw()
        self.table.move_to(self.session.options.context)
        self.table.focus()
        self.look()
        self.set_interval(LOOK, self.look)
        in_background(self, self._renew, "settings")

    async def _renew(self) -> None:
        """The settings may name others by now."""
        await self._switcher.renew()
        self.look()
        self.draw()

    def look(self) -> None:
        """Look at the servers, unless an answer is still awaited."""
        for name in self._switcher.names():
            if name not in self._asking and self.is_current:
                self._asking.add(name)
                in_background(self, functools.partial(self._look, name), f"look-{name}")

    async def _look(self, name: str) -> None:
        visited = self._switcher.sessions.get(name)
        try:
            if visited is not None and visited.connection is not None:
                socket = visited.connection.client.socket
            else:
                socket = await asyncio.to_thread(_socket, self._switcher.options(name))
            self._found[name] = await probe(socket)
        except Exception as error:  # said in its row, kept in :errors
            self._found[name] = Found(self.session.record(error).code.value, "error")
        finally:
            self._asking.discard(name)
        self.draw()

    def draw(self) -> None:
        """A row for each."""
        contexts = self._switcher.contexts()
        self.query_one("#document-title", Static).update(f"contexts · {len(contexts)}")
        self.table.set_columns(columns(context.name for context in contexts))
        self.table.set_rows([self._row(context) for context in contexts])

    def _row(self, context: Context) -> Row:
        here = context.name == self.session.options.context
        found = self._found.get(context.name, Found())
        visited = self._switcher.sessions.get(context.name)
        state = found.state
        if visited is not None and found.tone == "warning" and visited.link.since:
            state = f"{state} {age(self.session.clock.exact() - visited.link.since)}"
        guard = "PROD" if context.production else "read-only" if context.readonly else ""
        if context.production and visited is not None and visited.guard.unlocked:
            guard = "PROD open"
        sign = ">" if self.session.ascii else "▸"
        return Row(
            context.name,
            (
                Cell(f"{sign if here else ' '} {clean_line(context.name, 64)}", "bold" if here else ""),
                Cell(state, found.tone),
                "" if found.running is None else str(found.running),
                Cell(str(found.waiting), "warning") if found.waiting else "",
                Cell(guard, "error" if context.production else "warning"),
                context.colour or "",
                Cell(clean_line(context.description, 200), "muted"),
            ),
        )

    @on(VirtualTable.Activated)
    def _enter(self, event: VirtualTable.Activated) -> None:
        event.stop()
        name = event.key
        if name == self.session.options.context:
            self.dismiss()
        elif name:
            self._switcher.go(name)

    def action_refresh_now(self) -> None:
        """Look again at once."""
        in_background(self, self._renew, "settings")
        self.flash("asked again")


def columns(names: Iterable[str]) -> tuple[Column, ...]:
    """The columns, that of the names as wide as the longest one."""
    longest = max((cell_len(clean_line(name)) for name in names), default=0)
    width = min(max(COLUMNS[0].least, longest + 2), LONGEST)
    return dataclasses.replace(COLUMNS[0], width=width, min_width=width), *COLUMNS[1:]


def _socket(options: DashboardOptions) -> str:
    from mahavishnu_tui.screens.connection import paths_of

    return str(paths_of(options).socket)


async def probe(socket: str) -> Found:
    """Whether a server answers there, and how busy it is. Starts none."""
    from mahavishnu_tui.client.api import ServerClient

    async with ServerClient(socket, timeout=PATIENCE) as client:
        try:
            info = await client.server()
            waiting = len(await client.needs())
        except MahavishnuError as error:
            if error.code is ErrorCode.SERVER_UNREACHABLE:
                return Found("not started", "muted")
            return Found("does not answer", "warning")
    return Found("answers" if info.state == "ready" else info.state, "success", info.running, waiting)
