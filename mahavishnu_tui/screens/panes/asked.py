"""`AskedPane`: a pane of a list that does not come with the stream."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, cast

from mahavishnu_tui.client.mirror import EVERYTHING, Change
from mahavishnu_tui.screens.fetched import Fetched
from mahavishnu_tui.screens.panes.pane import TablePane
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.table import PlaceholderKind

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.screens.run_acts import RunActs

Item = TypeVar("Item")


class AskedPane(TablePane, Generic[Item]):
    """Fetched when it is seen, and when a change says that it may differ."""

    CATALOG: ClassVar[frozenset[str]] = frozenset()
    """The lists of the catalog that it is made of."""
    OF_RUNS = False

    def __init__(self, session: Session, ask: Callable[[ServerClient], Awaitable[list[Item]]]) -> None:
        super().__init__(session)
        self.fetched: Fetched[Item] = Fetched(self, session, ask, self._answered)
        self._old = False
        """Whether something has changed since it was asked for: also while nobody saw it."""

    def note(self, changes: frozenset[Change], seen: bool) -> None:
        """Ask again while it is looked at; what changed before that is asked for as soon as it is."""
        super().note(changes, seen)
        self._old = self._old or self._concerns(changes)
        if seen and (self._old or not self.fetched.known):
            self._old = False
            self.fetched.want()

    def _concerns(self, changes: frozenset[Change]) -> bool:
        return EVERYTHING in changes or any(
            key in self.CATALOG if kind == "catalog" else kind in self.KINDS for kind, key in changes
        )

    def _answered(self) -> None:
        self.invalidate(seen=bool(self.display))
        self.refresh_bindings()  # what the keys act on may be there now, or no longer

    def problem(self) -> tuple[PlaceholderKind, str] | None:
        """The error, or that it is not there yet."""
        if self.fetched.error is not None:
            return self.failed(self.fetched.error)
        return None if self.fetched.known else ("loading", "loading …")

    def enter(self) -> None:
        """What `enter` does to the row under the cursor."""
        raise NotImplementedError

    @property
    def operator(self) -> RunActs:
        """The screen, which says what became of an act."""
        return cast("RunActs", self.screen)
