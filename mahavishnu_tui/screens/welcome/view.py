"""`Welcome`: stands in the runs pane until there is a run."""

from __future__ import annotations

import asyncio
import os
import textwrap
from pathlib import Path
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from mahavishnu_tui.client.mirror import EVERYTHING, Change
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.projects.surroundings import Surroundings
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.session import Session, follow
from mahavishnu_tui.screens.surviving import Surviving
from mahavishnu_tui.screens.welcome.doing import do_step
from mahavishnu_tui.screens.welcome.lines import found_lines, headline
from mahavishnu_tui.screens.welcome.steps import Seen, Step, choose_steps
from mahavishnu_tui.settings.paths import here
from mahavishnu_tui.widgets.table import Cell, Column, Row, VirtualTable

COLUMNS: Final = (
    Column("step", "WHAT NEXT: enter does it", 34, min_width=24, flex=1),
    Column("about", "", 40, min_width=10, flex=2, priority=1),
)
NAME: Final = 10
"""Cells of the names before what was found."""
KINDS: Final = ("prefect", "workflow")


class Welcome(Surviving, Vertical):
    """Looks around once, in the background; says what it found, and offers what fits.

    Args:
        session: the session.
    """

    DEFAULT_CSS = """
    Welcome { padding: 0 1; }
    Welcome > #welcome-found { height: auto; margin-bottom: 1; }
    """

    def __init__(self, session: Session) -> None:
        super().__init__(id="welcome")
        self.session = session
        self.steps = VirtualTable(COLUMNS, ascii_only=session.ascii, id="welcome-steps")
        self._around: Surroundings | None = None
        self._looked = False
        self._readonly = session.readonly
        self._nearby = ""
        self._offered: dict[str, Step] = {}

    def compose(self) -> ComposeResult:
        """What was found, and the steps."""
        yield Static(id="welcome-found", markup=False)
        yield self.steps

    def on_mount(self) -> None:
        """Show what is known at once, and look for the rest."""
        follow(self.session.changes, self, self._changed)
        follow(self.screen.bindings_updated_signal, self, self._bound)
        self.show()
        self.look()

    def look(self) -> None:
        """Look around, again."""
        in_background(self, self._look, "welcome", exclusive=True)

    async def _look(self) -> None:
        from mahavishnu_tui.client.probing import NEARBY, prefect_answers
        from mahavishnu_tui.projects import surroundings

        try:
            self._around = await asyncio.to_thread(surroundings.look_around, here(), Path.home())
            self._looked = True
            self.show()
            info = self.session.mirror.prefect
            if info is not None and info.mode != "off" and not info.url:
                self._nearby = NEARBY if await prefect_answers() else ""
                self.show()
        except Exception as error:  # what is known is shown all the same; the reason is in :errors
            self.session.record(error)
            self._looked = True
            self.show()

    def _changed(self, changes: frozenset[Change]) -> None:
        if EVERYTHING in changes or any(kind in KINDS for kind, _ in changes):
            self.show()

    def _bound(self, _: object) -> None:
        """A production context that is unlocked offers more."""
        if self._readonly != self.session.readonly:
            self.show()

    @property
    def seen(self) -> Seen:
        """All that is known."""
        mirror = self.session.mirror
        named = os.environ.get("PREFECT_API_URL", "").rstrip("/")
        alone = mirror.prefect is not None and mirror.prefect.mode == "auto" and not mirror.prefect.url
        return Seen(
            self._around,
            self._looked,
            mirror.prefect,
            len(mirror.workflows),
            self._nearby if alone else "",
            clean_line(named, 200) if alone else "",
            self.session.readonly,
            f"process {mirror.server.pid}, context {self.session.options.context}" if mirror.server else "",
        )

    def show(self) -> None:
        """Draw it anew."""
        if not self.children:
            return  # it was taken away before it was there: its context was left
        seen = self.seen
        self._readonly = seen.readonly
        facts = self.session.connection.facts if self.session.connection is not None else {}
        parts: list[Content | tuple[str, str]] = [(f"Welcome. {headline(seen.prefect)}\n", "bold")]
        room = max(20, self.size.width - NAME)
        for name, text in found_lines(seen, facts.get("settings", "all at their defaults"), Path.home()):
            wrapped = f"\n{' ' * NAME}".join(textwrap.wrap(text, room)) or ""
            parts += [(f"\n{name:<{NAME}}", "$text-muted"), (wrapped, "")]
        self.query_one("#welcome-found", Static).update(Content.assemble(*parts))
        # None before it is known what is here: the cursor would stay on one that is no longer the first.
        steps = choose_steps(seen) if self._looked else []
        self._offered = {f"{step.kind} {step.subject}": step for step in steps}
        self.steps.set_rows(
            Row(key, (clean_line(step.title, 80), Cell(clean_line(step.about, 120), "muted")))
            for key, step in self._offered.items()
        )
        self._fit()

    def on_resize(self) -> None:
        """Lines are broken anew; the steps stay in sight."""
        self.show()

    def _fit(self) -> None:
        """The steps are always in sight; what was found gives way."""
        needed = len(self._offered) + 1
        self.steps.styles.height = needed
        self.query_one("#welcome-found").styles.max_height = max(1, self.size.height - needed - 1)

    @on(VirtualTable.CursorMoved)
    def _moved(self, event: VirtualTable.CursorMoved) -> None:
        event.stop()

    @on(VirtualTable.Activated)
    def _chosen(self, event: VirtualTable.Activated) -> None:
        event.stop()
        step = self._offered.get(event.key)
        if step is not None:
            do_step(self, step, self._around)
