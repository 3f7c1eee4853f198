"""`ListedTab`: a tab that is a table of what is asked for, anew with every change of the run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from mahavishnu_tui.client.mirror import EVERYTHING, Change
from mahavishnu_tui.models import NodeVisit
from mahavishnu_tui.screens.run.tab import RunTab, RunView
from mahavishnu_tui.widgets.table import Column, Row, VirtualTable


class ListedTab(RunTab):
    """Asks while it is shown, and only then."""

    COLUMNS: ClassVar[Sequence[Column]]
    EMPTY: ClassVar[str]
    """One sentence."""

    def __init__(self, view: RunView) -> None:
        self.table = VirtualTable(self.COLUMNS, ascii_only=view.session.ascii, sortable=True, id=self.NAME)
        super().__init__(view, self.table)
        self._stale = True

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self.table.set_placeholder("loading", "loading …")

    def note(self, changes: frozenset[Change], visits: list[NodeVisit]) -> None:
        """Something of the run has changed."""
        own = {EVERYTHING, ("run", self.view.run_id), ("path", self.view.run_id)}
        self._stale = self._stale or bool(own & changes)

    def forget(self) -> None:
        """Ask again."""
        self._stale = True

    def draw(self) -> None:
        """Ask for what is new, once it is looked at."""
        self.table.stale = self.session.link.state == "lost"
        if self._stale and self.session.link.live:
            self.ask(self._load)

    async def _load(self) -> None:
        self._stale = False
        rows = list(await self.fetch())
        self.table.set_placeholder("empty", self.EMPTY)
        self.table.set_rows(rows)
        self.post_message(self.Changed())

    async def fetch(self) -> Iterable[Row]:
        """The rows. Raises MahavishnuError."""
        raise NotImplementedError

    def failed(self, sentence: str) -> None:
        """In place of the rows; what is shown stays."""
        self.table.set_placeholder("error", sentence)
