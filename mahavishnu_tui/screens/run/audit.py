"""Who did what to the run."""

from __future__ import annotations

from typing import ClassVar

from textual import on

from mahavishnu_tui.client.mirror import EVERYTHING, Change
from mahavishnu_tui.models import Act, LedgerEntry, NodeVisit
from mahavishnu_tui.models.text import counted
from mahavishnu_tui.screens.audit_rows import AUDIT_COLUMNS, act_row, proof
from mahavishnu_tui.screens.document import DocumentScreen
from mahavishnu_tui.screens.run.tab import RunTab, RunView
from mahavishnu_tui.widgets.table import VirtualTable


class AuditTab(RunTab):
    """A row per act, in order; `enter` on an answer shows its proof."""

    NAME: ClassVar[str] = "audit"
    TITLE: ClassVar[str] = "Audit"

    def __init__(self, view: RunView) -> None:
        self.table = VirtualTable(AUDIT_COLUMNS, ascii_only=view.session.ascii, sortable=True, id="audit")
        super().__init__(view, self.table)
        self._acts: list[Act] = []
        self._entries: dict[int, LedgerEntry] = {}
        self._stale = True

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self.table.set_placeholder("loading", "loading …")

    def note(self, changes: frozenset[Change], visits: list[NodeVisit]) -> None:
        """Something was done to the run, or an answer was taken up."""
        concerned = {EVERYTHING, ("act", self.view.run_id), ("run", self.view.run_id)}
        self._stale = self._stale or bool(concerned & changes)

    def draw(self) -> None:
        """Ask for what is new, once it is looked at."""
        self.table.stale = self.session.link.state == "lost"
        if self._stale and self.session.link.live:
            self.ask(self._load)

    async def _load(self) -> None:
        self._stale = False
        client = self.session.client
        last = self._acts[-1].seq if self._acts else 0
        more = await client.acts(self.view.run_id, last)
        self._acts = [*self._acts, *(act for act in more if act.seq > last)]
        self._entries = {entry.seq: entry for entry in await client.ledger(5000, run=self.view.run_id)}
        self.table.set_placeholder("empty", "Nothing was done to this run by anybody.")
        times = self.session.times
        self.table.set_rows(act_row(act, self._entries, times) for act in self._acts)
        self.post_message(self.Changed())

    def forget(self) -> None:
        """Ask again for all of it: it may be another server."""
        self._acts, self._stale = [], True

    def failed(self, sentence: str) -> None:
        """In place of the rows; what is shown stays."""
        self._stale = True
        self.table.set_placeholder("error", sentence)

    @on(VirtualTable.Activated)
    def _open(self, event: VirtualTable.Activated) -> None:
        event.stop()
        act = next((act for act in self._acts if str(act.seq) == event.key), None)
        entry = self._entries.get(int(act.details.get("ledger") or 0)) if act else None
        if entry is not None:
            title = f"{entry.run_name} · answer #{entry.seq}"
            told = proof(entry, self.session.times.still)
            self.app.push_screen(DocumentScreen(self.session, title, value=told))
        elif act is not None:
            title = f"{act.what} by {act.by}"
            self.app.push_screen(DocumentScreen(self.session, title, value=act.to_json()))

    def rest(self) -> str:
        """How much was done."""
        return f"audit: {counted(len(self._acts), 'act')}; enter shows one in full" if self._acts else ""
