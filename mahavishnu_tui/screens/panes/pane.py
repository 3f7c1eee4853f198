"""`Pane`: what the six have in common; `TablePane`: the five of them that are lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from mahavishnu_tui.client.mirror import EVERYTHING, Change
from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.models.filtering import NO_FILTER, Filter, parse_filter
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.layout import PaneName
from mahavishnu_tui.screens.refusing import writes
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.screens.surviving import Surviving
from mahavishnu_tui.widgets.table import Column, PlaceholderKind, Row, VirtualTable


class Pane(Surviving, Vertical):
    """One of the six. The dashboard tells it of changes only while it is seen."""

    class Counted(Message):
        """What `headline` says is different now."""

    PANE: ClassVar[PaneName]
    TITLE: ClassVar[str]
    KINDS: ClassVar[frozenset[str]] = frozenset()
    """The kinds of records that this pane shows."""
    ATTRIBUTES: ClassVar[frozenset[str]] = frozenset()
    """What `/` knows here besides plain text; empty where there is nothing to filter."""
    WRITES: ClassVar[frozenset[str]] = frozenset()
    """Actions that a read-only dashboard does not bind."""
    OF_RUNS: ClassVar[bool] = True
    """Whether keys are about a run here; else about what is under the cursor alone."""

    def __init__(self, session: Session) -> None:
        super().__init__(id=self.PANE, classes="pane")
        self.session = session
        self.filter: Filter = NO_FILTER
        self._dirty = True
        self._told = ""

    @property
    def target(self) -> Widget:
        """The widget that takes the focus for the pane."""
        raise NotImplementedError

    def note(self, changes: frozenset[Change], seen: bool) -> None:
        """Take note of changes; nothing is drawn while the pane is not seen."""
        if EVERYTHING in changes or any(kind in self.KINDS for kind, _ in changes):
            self._dirty = True
        if seen:
            self.sync()

    def sync(self) -> None:
        """Draw what changed since it was last seen."""
        if self._dirty and self.is_mounted:
            self._dirty = False
            self.draw()
            self.tell()

    def tell(self) -> None:
        """Say that `headline` is different, where it is."""
        told = self.headline()
        if told != self._told:
            self._told = told
            self.post_message(self.Counted())

    def draw(self) -> None:
        """Show what the mirror holds."""

    def invalidate(self, seen: bool = True) -> None:
        """Something beside the mirror changed: the link, the filter, the clock."""
        self._dirty = True
        if seen:
            self.sync()

    def counts(self) -> str:
        """How much there is, for the title: `12 of 20,431`."""
        return ""

    def found(self) -> str:
        """How much a filter lets through."""
        return self.counts()

    @property
    def filter_values(self) -> Mapping[str, Iterable[str]]:
        """What `/` knows here, each with those of its values that can be listed."""
        return dict.fromkeys(sorted(self.ATTRIBUTES), ())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Read-only leaves unbound what acts."""
        if self.session.readonly and action in writes(type(self)):
            return False
        return super().check_action(action, parameters)

    def hints(self, action: str) -> bool:
        """Whether the key of an action is worth a hint now."""
        return action != "prompt('/')" or bool(self.ATTRIBUTES)

    def hinted(self) -> Sequence[object]:
        """What `hints` depends on."""
        return ()

    def headline(self) -> str:
        """What the title says beside the name: the counts, or what is wrong with them."""
        return self.counts()

    def rest(self) -> str:
        """What the message row says between messages."""
        said = self.headline()
        return f"{self.TITLE.lower()}: {said}" if said else ""

    def set_filter(self, text: str) -> None:
        """Filter this view alone. Raises MahavishnuError (MHV-010) when the text makes no sense."""
        self.filter = parse_filter(text, self.ATTRIBUTES)
        self.invalidate()

    def lost_text(self) -> tuple[PlaceholderKind, str] | None:
        """What to say where rows would be, as long as nothing was ever heard; None once it was."""
        if self.session.mirror.epoch:
            return None
        link = self.session.link
        if link.state == "starting":
            return "loading", "starting the server…"
        if link.message and link.attempt > 1:
            return "error", f"{link.message} (:errors has all of it)"
        return "loading", "connecting …"


class Listed(NamedTuple):
    """A row, and what a filter can see of it."""

    row: Row
    attributes: Mapping[str, str]


class TablePane(Pane):
    """A pane that is a list; subclasses say which rows."""

    COLUMNS: ClassVar[tuple[Column, ...]]
    EMPTY: ClassVar[str] = ""
    """One sentence and the key that fills the list."""
    MARKS: ClassVar[bool] = False
    """Whether rows can be marked: there is an act that takes many."""
    SORTS: ClassVar[bool] = True
    """Whether rows can be put in another order: none belongs under another."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.table = VirtualTable(
            self.COLUMNS,
            ascii_only=session.ascii,
            markable=self.MARKS,
            sortable=self.SORTS,
            id=f"{self.PANE}-table",
        )
        self.shown = 0
        self.total = 0
        self._tick: Timer | None = None

    def compose(self) -> ComposeResult:
        """The table alone."""
        yield self.table

    def on_mount(self) -> None:
        """Say at once that nothing is known yet."""
        self.table.set_placeholder("loading", "connecting …")

    def set_filter(self, text: str) -> None:
        """Filter; where the cursor's row is filtered out, begin at the top again."""
        before = self.cursor
        super().set_filter(text)
        if self.cursor != before:
            self.table.action_first()

    @property
    def target(self) -> Widget:
        """The table."""
        return self.table

    @property
    def cursor(self) -> str:
        """The key of the row under the cursor; empty when there is none."""
        return self.table.cursor_key

    def listed(self) -> list[Listed]:
        """Every row, in order."""
        raise NotImplementedError

    def problem(self) -> tuple[PlaceholderKind, str] | None:
        """Why there are no rows, when it is not simply that there are none."""
        return None

    def draw(self) -> None:
        """Filter, show, and say why when there is nothing to show."""
        everything = self.listed()
        rows = [item.row for item in everything if not self.filter or self.filter.matches(item.attributes)]
        self.total, self.shown = len(everything), len(rows)
        self.table.stale = self.session.link.state == "lost"
        self.table.set_placeholder(*self._placeholder())
        hidden = {item.row.key for item in everything} if self.filter and self.table.marks_said else ()
        self.table.set_rows(rows, hidden)
        self._plan()

    def _placeholder(self) -> tuple[PlaceholderKind, str]:
        absent = self.lost_text() or self.problem()
        if absent is not None:
            return absent
        if self.total and self.filter:
            return "filtered", self.filter.nothing(self.found())
        return "empty", self.EMPTY

    def counts(self) -> str:
        """`12 of 20,431` under a filter, else the number."""
        if self.filter:
            return f"{self.found()} · filter {clean_line(self.filter.text, 60)}"
        return f"{self.total:,}" if self.total else ""

    def found(self) -> str:
        """`12 of 20,431`."""
        return f"{self.shown:,} of {self.total:,}"

    def hints(self, action: str) -> bool:
        """There is nothing to filter where there are no rows."""
        if action == "prompt('/')" and not (self.total or self.filter):
            return False
        return super().hints(action)

    def hinted(self) -> Sequence[object]:
        """Whether there are rows, or are marks."""
        return bool(self.total or self.filter), bool(self.cursor), bool(self.table.marks_said)

    def headline(self) -> str:
        """An error, where rows that were there before hide it; else counts, marks and the order of rows."""
        problem = self.problem()
        if problem is not None and problem[0] == "error":
            return problem[1]
        return " · ".join(filter(None, (self.counts(), self.table.marks_said, self.table.sort_said)))

    @on(VirtualTable.Sorted)
    @on(VirtualTable.MarksChanged)
    def _sorted_or_marked(self) -> None:
        self.tell()

    def until_step(self) -> float | None:
        """Seconds until an age shown here reads differently; None when nothing changes by itself."""
        return None

    def _plan(self) -> None:
        """Draw again when an age changes: never earlier, and not at all when nothing runs or waits."""
        if self._tick is not None:
            self._tick.stop()
            self._tick = None
        delay = self.until_step()
        if delay is not None:
            self._tick = self.set_timer(max(0.2, delay, self.session.clock.until_step()), self._stepped)

    def _stepped(self) -> None:
        self._tick = None
        moving = self.session.link.live and not self.session.clock.frozen
        self.invalidate(seen=self.display and moving)

    def failed(self, error: MahavishnuError) -> tuple[PlaceholderKind, str]:
        """An error in the place of rows: one line; `:errors` has the rest."""
        return "error", f"{error.code.value} {clean_line(error.message)} (:errors has all of it)"
