"""`CompareScreen`: a run beside the last success of its workflow, or beside one that is named."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Run
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.base import OperatorScreen
from mahavishnu_tui.screens.comparing import COLUMNS, Comparison, compare, comparison_rows
from mahavishnu_tui.screens.rows import clock
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.table import VirtualTable


class CompareScreen(OperatorScreen):
    """The differences first; `enter` opens the state after a node, `ctrl+r` compares anew.

    Args:
        session: the session.
        run: the run.
        other: name or id of the other one; empty for the last success of the same workflow.
    """

    CSS = """
    #compare-title { height: 1; padding: 0 1; text-style: bold; }
    #compare-lines { height: auto; max-height: 4; padding: 0 1; color: $text-muted; }
    #compare { height: 1fr; }
    """

    def __init__(self, session: Session, run: Run, other: str = "") -> None:
        super().__init__(session)
        self.run = run
        self.other = other
        self.found: Comparison | None = None
        self.table = VirtualTable(COLUMNS, ascii_only=session.ascii, id="compare")

    def compose_body(self) -> ComposeResult:
        """Which runs, what is to be said of them, the nodes."""
        yield Static(clean_line(f"{self.run.name} compared"), id="compare-title", markup=False)
        yield Static(id="compare-lines", markup=False)
        yield self.table

    def on_mount(self) -> None:
        """Ask for both paths."""
        super().on_mount()
        self.table.set_placeholder("loading", "loading …")
        self.table.focus()
        in_background(self, self._load, "compare")

    def action_refresh_now(self) -> None:
        """Compare anew: a run may have gone on."""
        super().action_refresh_now()
        in_background(self, self._load, "compare")

    async def _load(self) -> None:
        try:
            found = await self._ask()
        except Exception as error:  # shown in place of the table, kept in :errors
            recorded = self.session.record(error)
            said = f"{recorded.code.value} {recorded.message} {recorded.hint}"
            self.table.set_placeholder("error", clean_line(said))
            return
        self.found = found
        at = clock(self.session.now())
        names = f"{found.here.name} beside {found.there.name} · {found.here.workflow}"
        self.query_one("#compare-title", Static).update(clean_line(f"{names} · as of {at}"))
        self.query_one("#compare-lines", Static).update("\n".join(found.lines))
        self.table.set_placeholder("empty", "Neither of them has come to a node yet.")
        self.table.set_rows(comparison_rows(found, self.session.ascii))
        self.flash_row.set_rest(f"{found.differing} of {len(found.nodes)} nodes differ")

    async def _ask(self) -> Comparison:
        client = self.session.client
        here = self.session.run(self.run.id) or self.run
        there = (await client.run(self.other)).run if self.other else await self._last_success(here)
        visits, others = await client.visits(here.id), await client.visits(there.id)
        return compare(here, visits, there, others, self.session.now())

    async def _last_success(self, here: Run) -> Run:
        done = await self.session.client.runs(status=["success"], workflow=here.workflow_id, limit=2)
        found = next((run for run in done if run.id != here.id), None)
        if found is None:
            raise MahavishnuError(
                ErrorCode.RUN_UNKNOWN,
                f"No other run of {here.workflow} has succeeded yet.",
                "Name the run to compare with: `:compare NAME`.",
            )
        return found

    @on(VirtualTable.Activated)
    def _open(self, event: VirtualTable.Activated) -> None:
        from mahavishnu_tui.screens.run import RunScreen

        found = self.found
        if found is None:
            return
        node = next(item for item in found.nodes if item.path == event.key)
        run = found.here if node.here is not None else found.there
        self.app.push_screen(RunScreen(self.session, run.id, "state", node=node.path))
