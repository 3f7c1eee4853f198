"""`ProblemsScreen`: runs that will not come right by themselves, each with the cure that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType

from mahavishnu_tui.models import Run
from mahavishnu_tui.models.filtering import several
from mahavishnu_tui.models.prefect import Trouble
from mahavishnu_tui.models.run import RunStatus
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens import catalog_rows
from mahavishnu_tui.screens.actions import Action, MenuScreen
from mahavishnu_tui.screens.bulk import BulkAct, BulkScreen
from mahavishnu_tui.screens.catalog.listing import ListScreen
from mahavishnu_tui.screens.panes.pane import Listed
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient

_WORDS: Final = {
    "zombie": ("zombie", "zombies"),
    "cancelling": ("stuck cancelling", "stuck cancelling"),
    "pending": ("stuck pending", "stuck pending"),
    "late": ("late", "late"),
}
_CURES: Final = {
    "crash": (
        "set to Crashed",
        "Prefect takes them for ended; a process that still lives goes on.",
        "Set {} to Crashed?",
    ),
    "force-cancel": (
        "set to Cancelled",
        "Nobody waits any longer for their processes.",
        "Set {} to Cancelled?",
    ),
    "reschedule": (
        "put back",
        "They are scheduled for now: the next worker that asks takes them.",
        "Reschedule {}?",
    ),
    "skip": ("deleted", "They are deleted and never start; runs to come stay.", "Skip {}?"),
}
"""Of each cure what it has done, what it will do, and how that is asked."""
_STATUSES: Final[dict[str, tuple[RunStatus, str]]] = {
    "zombie": ("running", ""),
    "cancelling": ("running", "Cancelling"),
    "pending": ("queued", "Pending"),
    "late": ("queued", "Late"),
}


class ProblemsScreen(ListScreen[Trouble]):
    """The oldest first; `space` marks, `C` cures what is marked, once their number has been typed."""

    HEADING = "problems"
    COLUMNS = catalog_rows.TROUBLE_COLUMNS
    ATTRIBUTES = frozenset({"kind", "run", "workflow", "cure", "pool"})
    WRITES: ClassVar[frozenset[str]] = frozenset({"cure", "mark_alike"})
    CATALOG: ClassVar[frozenset[str]] = frozenset({"troubles"})
    EMPTY = "No problems: no flow run is stuck, late or without a heartbeat."
    MARKS = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("C", "cure", "Cure", id="problems.cure"),
        Binding("a", "mark_alike", "Mark all alike", id="problems.mark_alike"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session, _ask)

    def key_of(self, item: Trouble) -> str:
        """The run's id."""
        return item.run_id

    def listed(self) -> list[Listed]:
        """Every trouble."""
        now = self.session.now()
        return [
            Listed(
                catalog_rows.trouble_row(item, now, self.session.ascii),
                {
                    "text": " ".join(
                        (item.kind, item.run_name, item.workflow, item.why, item.pool, item.run_id)
                    ),
                    "kind": item.kind,
                    "run": several(item.run_name, item.run_id),
                    "workflow": item.workflow,
                    "cure": item.cure,
                    "pool": item.pool,
                    "age": str(now - item.since),
                },
            )
            for item in self.fetched.items
        ]

    def said(self) -> str:
        """How many of each kind."""
        counts = [(sum(item.kind == kind for item in self.fetched.items), kind) for kind in _WORDS]
        return " · ".join(f"{count:,} {_WORDS[kind][count != 1]}" for count, kind in counts if count)

    # -- acts

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a row there is nothing to cure."""
        if action in self.WRITES and self.current is None:
            return False
        return super().check_action(action, parameters)

    @on(VirtualTable.CursorMoved)
    def _moved(self) -> None:
        """What the column may have no room for."""
        self.flash_row.set_rest(clean_line(self.current.why) if self.current is not None else "")

    def action_open(self) -> None:
        """The run under the cursor."""
        if self.current is None:
            return
        if self.session.run(self.current.run_id) is None:
            self.flash("This run is too old to be known here; y shows what is wrong with it.", "warning")
            return
        from mahavishnu_tui.screens.run import open_run

        self.app.push_screen(open_run(self.session, self.current.run_id, "states"))

    def action_mark_alike(self) -> None:
        """Mark every run that is shown and has the trouble under the cursor."""
        current = self.current
        if current is None:
            return
        self.table.clear_marks()
        shown = {row.key for row in self.table.rows}
        for item in self.fetched.items:
            if item.kind == current.kind and item.cure == current.cure and item.run_id in shown:
                self.table.toggle_mark(item.run_id)

    def action_cure(self) -> None:
        """Cure what is marked, else what is under the cursor, after asking."""
        marked = set(self.table.marked)
        chosen = [item for item in self.fetched.items if item.run_id in marked]
        if not chosen and self.current is not None:
            chosen = [self.current]
        cures = sorted({item.cure for item in chosen})
        if len(cures) > 1:
            self.flash(f"These need different cures ({', '.join(cures)}): mark those of one kind.", "warning")
            return
        if not chosen:
            return
        words = catalog_rows.CURES[cures[0]]
        done, warning, ask = _CURES[cures[0]]
        act = BulkAct(cures[0], words, done, warning, lambda run: True, destructive=True, ask=ask)
        self.app.push_screen(BulkScreen(self.session, act, map(_as_run, chosen)), self._cured)

    def _cured(self, count: int | None) -> None:
        if count:
            self.table.clear_marks()
            self.flash(f"{count:,} run{'' if count == 1 else 's'} cured", "success")
            self.fetched.want()

    def action_actions(self) -> None:
        """The menu of the trouble under the cursor."""
        current = self.current
        if current is None:
            return
        found = []
        if not self.session.readonly:
            some = f"{len(self.table.marked):,} marked" if self.table.marked else "this run"
            label = f"cure {some}: {catalog_rows.CURES[current.cure]} …"
            found = [
                Action("cure", label, "C", destructive=True),
                Action("mark_alike", f"mark all that are {current.kind}", "a"),
            ]
        found += [
            Action("open", "the run itself"),
            Action("raw", "raw JSON", "y"),
            Action("copy_key", "copy the run's id", "c"),
        ]
        self.app.push_screen(MenuScreen(f"{current.run_name} · {current.kind}", found), self.menu_chosen)


def _as_run(item: Trouble) -> Run:
    """The run as it was when it was found: the cure is for that version of it."""
    status, state = _STATUSES[item.kind]
    return Run(
        id=item.run_id,
        name=item.run_name,
        thread_id="",
        workflow_id="",
        workflow=item.workflow,
        status=status,
        created_at=item.since,
        engine="prefect",
        version=item.version,
        state=state,
    )


async def _ask(client: ServerClient) -> list[Trouble]:
    return await client.troubles()
