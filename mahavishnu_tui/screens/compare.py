"""`CompareScreen`: a run beside the last success of its workflow, or beside any other, of whatever engine."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from mahavishnu_tui.client.calls.runs import RunDetail
from mahavishnu_tui.models import ErrorCode, MahavishnuError, Run
from mahavishnu_tui.models.diff import StateDiff, path_text, summarise
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.base import OperatorScreen
from mahavishnu_tui.screens.compared_facts import FACT_COLUMNS, Fact, fact_rows, facts
from mahavishnu_tui.screens.comparing import COLUMNS, Comparison, compare, comparison_rows
from mahavishnu_tui.screens.diffing import diff_rows, diff_words
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.table import Column, Row, VirtualTable
from mahavishnu_tui.widgets.tabs import PaneStrip, PaneTab

TABS: Final = ("path", "input", "state", "facts")
_CHANGES: Final = (
    Column("kind", "CHANGE", 9),
    Column("path", "PATH", 20, min_width=10, flex=2),
    Column("before", "THE OTHER", 16, min_width=8, flex=2),
    Column("after", "THIS RUN", 16, min_width=8, flex=3),
)
_COLUMNS: Final = {"path": COLUMNS, "input": _CHANGES, "state": _CHANGES, "facts": FACT_COLUMNS}


@dataclasses.dataclass(frozen=True)
class Beside:
    """Two runs, compared in every way that there is."""

    path: Comparison
    input: StateDiff
    """From the other run to this one."""
    facts: tuple[Fact, ...]
    state: StateDiff | None = None
    """Of the final states; None where there are none."""
    no_state: str = ""
    """Why."""


class CompareScreen(OperatorScreen):
    """The differences first, in four tabs; `enter` opens what is under the cursor, `ctrl+r` compares anew.

    Args:
        session: the session.
        run: the run.
        other: name or id of the other one; empty for the last success of the same workflow or deployment.
    """

    CSS = """
    #compare-title { height: 1; padding: 0 1; text-style: bold; }
    #compare-lines { height: auto; max-height: 4; padding: 0 1; color: $text-muted; }
    #compare { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket", "step_tab(1)", "Next tab", key_display="[ ]", id="compare.next_tab"),
        Binding("left_square_bracket", "step_tab(-1)", "Previous tab", show=False, id="compare.previous_tab"),
        *(
            Binding(str(n), f"tab('{name}')", name.capitalize(), show=False, id=f"compare.tab_{name}")
            for n, name in enumerate(TABS, 1)
        ),
    ]

    def __init__(self, session: Session, run: Run, other: str = "") -> None:
        super().__init__(session)
        self.run = run
        self.other = other
        self.tab = "path"
        self.found: Beside | None = None
        self.strip = PaneStrip(id="compare-tabs")
        self.table = VirtualTable(COLUMNS, ascii_only=session.ascii, sortable=True, id="compare")

    def compose_body(self) -> ComposeResult:
        """Which runs, what is to be said of them, what differs."""
        yield Static(clean_line(f"{self.run.name} compared"), id="compare-title", markup=False)
        yield Static(id="compare-lines", markup=False)
        yield self.strip
        yield self.table

    def on_mount(self) -> None:
        """Ask for all of it."""
        super().on_mount()
        self.table.set_placeholder("loading", "loading …")
        self._show_tabs()
        self.table.focus()
        in_background(self, self._load, "compare", exclusive=True)

    def action_refresh_now(self) -> None:
        """Compare anew: a run may have gone on."""
        super().action_refresh_now()
        in_background(self, self._load, "compare", exclusive=True)

    # -- loading

    async def _load(self) -> None:
        try:
            found = await self._ask()
        except Exception as error:  # shown in place of the table, kept in :errors
            recorded = self.session.record(error)
            said = f"{recorded.code.value} {recorded.message} {recorded.hint}"
            self.table.set_placeholder("error", clean_line(said))
            return
        self.found = found
        at, path = self.session.times.still.clock(self.session.now()), found.path
        names = f"{path.here.name} beside {path.there.name} · {path.here.workflow}"
        self.query_one("#compare-title", Static).update(clean_line(f"{names} · as of {at}"))
        self.query_one("#compare-lines", Static).update("\n".join(path.lines))
        self.draw()

    async def _ask(self) -> Beside:
        client = self.session.client
        here = await client.run(self.run.id)
        there = await client.run(self.other or (await self._last_success(here.run)).id)
        visits, others = await client.visits(here.run.id), await client.visits(there.run.id)
        state, why = await self._states(here, there)
        now = self.session.now()
        return Beside(
            path=compare(here.run, visits, there.run, others, now),
            input=summarise(_object(there.input), _object(here.input)),
            facts=facts(here, there, self.session.mirror.workflows, self.session.times),
            state=state,
            no_state=why,
        )

    async def _states(self, here: RunDetail, there: RunDetail) -> tuple[StateDiff | None, str]:
        """The final states, or those so far; a host that cannot tell them does not keep the rest away."""
        if "prefect" in (here.run.engine, there.run.engine):
            return None, "Flow runs keep no state: their artifacts and results are in their own tabs."
        values = [detail.values for detail in (there, here)]
        if all(value is not None for value in values) and not (
            here.values_truncated or there.values_truncated
        ):
            return summarise(*values), ""
        try:
            compared = await self.session.client.diff(here.run.id, "latest", "latest", there.run.id)
        except MahavishnuError as error:
            return None, f"{error.code.value} {error.message}"
        return compared.diff, ""

    async def _last_success(self, here: Run) -> Run:
        done = await self.session.client.runs(status=["success"], workflow=here.workflow_id, limit=50)
        others = [run for run in done if run.id != here.id]
        alike = [run for run in others if run.deployment_id == here.deployment_id]
        found = next(iter([*alike, *others]), None)
        if found is None:
            raise MahavishnuError(
                ErrorCode.RUN_UNKNOWN,
                f"No other run of {here.workflow} has succeeded yet.",
                "Name the run to compare with: `:compare NAME`.",
            )
        return found

    # -- what is shown

    def action_tab(self, name: str) -> None:
        """Show a tab."""
        self.tab = name
        self.draw()

    def action_step_tab(self, by: int) -> None:
        """The next or previous tab."""
        self.action_tab(TABS[(TABS.index(self.tab) + by) % len(TABS)])

    def draw(self) -> None:
        """The rows of the shown tab, and how much differs."""
        self._show_tabs()
        found = self.found
        if found is None:
            return
        self.table.set_columns(_COLUMNS[self.tab])
        rows, said, empty = self._content(found)
        self.table.set_placeholder("absent" if self.tab == "state" and not found.state else "empty", empty)
        self.table.set_rows(rows)
        self.table.action_first()
        self.flash_row.set_rest(said)

    def _content(self, found: Beside) -> tuple[list[Row], str, str]:
        ascii_only = self.session.ascii
        if self.tab == "path":
            said = differing_text(found.path.differing, len(found.path.nodes), "node")
            return comparison_rows(found.path, ascii_only), said, "Neither of them has come to a node yet."
        if self.tab == "facts":
            differ = sum(fact.differs for fact in found.facts)
            return (
                fact_rows(found.facts),
                differing_text(differ, len(found.facts), "fact"),
                "Nothing is known of them.",
            )
        changes = found.input if self.tab == "input" else found.state
        if changes is None:
            return [], "", found.no_state
        equal = (
            "Both were given the same." if self.tab == "input" else "Nothing differs: the states are equal."
        )
        rows = diff_rows(changes, ascii_only) if changes.total else []
        return rows, f"{self.tab}: {diff_words(changes)}", equal

    def _show_tabs(self) -> None:
        badges = dict.fromkeys(TABS, "")
        found = self.found
        if found is not None:
            counts = {
                "path": found.path.differing,
                "input": found.input.total,
                "state": found.state.total if found.state else 0,
                "facts": sum(fact.differs for fact in found.facts),
            }
            badges = {name: str(count) if count else "" for name, count in counts.items()}
        tabs = [PaneTab(name, name.capitalize(), str(n), badges[name]) for n, name in enumerate(TABS, 1)]
        self.strip.show(tabs, self.tab)

    @on(PaneStrip.Selected)
    def _tab_clicked(self, event: PaneStrip.Selected) -> None:
        self.action_tab(event.tab)

    # -- going in

    @on(VirtualTable.Activated)
    def _open(self, event: VirtualTable.Activated) -> None:
        found = self.found
        if found is None:
            return
        if self.tab == "path":
            self._open_node(found.path, event.key)
        elif self.tab == "facts":
            fact = next(item for item in found.facts if item.name == event.key)
            self._show(fact.name, {"this run": fact.here, "the other": fact.there})
        else:
            changes = found.input if self.tab == "input" else found.state
            if changes is not None and event.key.isdigit():
                change = changes.listed[int(event.key)]
                path = path_text(change.path)
                self._show(path, {"path": path, "this run": change.after, "the other": change.before})

    def _open_node(self, path: Comparison, key: str) -> None:
        from mahavishnu_tui.screens.run import open_run

        node = next(item for item in path.nodes if item.path == key)
        run = path.here if node.here is not None else path.there
        self.app.push_screen(open_run(self.session, run.id, "state", node=node.path))

    def _show(self, title: str, value: object) -> None:
        from mahavishnu_tui.screens.document import DocumentScreen

        self.app.push_screen(DocumentScreen(self.session, clean_line(title, 80), value=value))


def differing_text(count: int, total: int, noun: str) -> str:
    """`2 of 3 nodes differ`."""
    if total == 1:
        return f"the only {noun} {'differs' if count else 'is the same'}"
    return f"{count:,} of {total:,} {noun}s differ{'s' if count == 1 else ''}"


def _object(value: object) -> object:
    """Nothing given is an empty object, so that what only one was given is told key by key."""
    return {} if value is None else value
