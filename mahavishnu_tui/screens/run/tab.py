"""`RunTab`: what the tabs of an opened run have in common, and `RunView`: what they look at together."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget

from mahavishnu_tui.client.mirror import Change
from mahavishnu_tui.models import Checkpoint, NodeVisit, Run
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.following import Followed, Following
from mahavishnu_tui.screens.panes.pane import Pane
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.screens.surviving import Surviving


@dataclasses.dataclass
class RunView:
    """The opened run, and the checkpoint that is looked at."""

    session: Session
    run_id: str
    following: Following
    checkpoint_id: str = "latest"
    """`latest` follows the run."""

    @property
    def run(self) -> Run | None:
        """The run as last heard; None when it is not known any more."""
        return self.session.run(self.run_id)

    def visits(self) -> list[NodeVisit]:
        """Its path, in order."""
        return self.following.visits()

    def show_state_after(self, node: str, until: int = 0) -> bool:
        """Look at the checkpoint stored after the newest visit of a node; whether there is one.

        Args:
            node: its path.
            until: look at no visit after the one of this number; 0 for all of them.
        """
        visits = [visit for visit in self.visits() if visit.path == node]
        steps = [visit.step for visit in visits if not until or visit.number <= until]
        checkpoints = self.following.now.checkpoints or ()
        found = [item for item in checkpoints if steps and item.step == steps[-1] and not item.namespace]
        if found:
            self.checkpoint_id = found[0].id
        return bool(found)


class RunTab(Surviving, Container):
    """One tab. The screen calls `draw` while it is shown and something changed; nothing is asked before."""

    class Changed(Message):
        """What the tab says in the title or in the message row is different now."""

    NAME: ClassVar[str]
    TITLE: ClassVar[str]
    SHORT: ClassVar[str] = ""
    """The title where the strip of tabs has little room; empty for the title itself."""

    def __init__(self, view: RunView, *content: Widget) -> None:
        super().__init__(id=f"tab-{self.NAME}", classes="run-tab")
        self.view = view
        self.session = view.session
        self._content = content
        self._busy = False

    def compose(self) -> ComposeResult:
        """What fills the tab."""
        yield from self._content

    @property
    def target(self) -> Widget:
        """The widget that takes the focus for the tab."""
        first = self._content[0]
        return first.target if isinstance(first, Pane) else first

    def draw(self) -> None:
        """Show what is known, and ask for what is not."""

    def followed(self, followed: Followed) -> None:
        """More of the run was loaded; `draw` comes after it, when the tab is shown."""

    def note(self, changes: frozenset[Change], visits: list[NodeVisit]) -> None:
        """Records changed, `visits` of this run among them; `draw` comes after it, when the tab is shown."""

    def forget(self) -> None:
        """The server is back: what was asked has to be asked again."""

    def badge(self) -> str:
        """What stands beside the title in the strip of tabs."""
        return ""

    def hints(self, action: str) -> bool:
        """Whether the key of an action is worth a hint now."""
        return True

    def rest(self) -> str:
        """What the message row says between messages."""
        return ""

    @property
    def selected_checkpoint(self) -> Checkpoint | None:
        """The checkpoint under the cursor, where the tab has one."""
        return None

    def copied_text(self) -> str:
        """What `c` copies here; empty for the run's id."""
        return ""

    def failed(self, sentence: str) -> None:
        """What was asked for cannot be had: say it in place of it."""

    def ask(self, work: Callable[[], Awaitable[None]]) -> None:
        """Ask one thing at a time, in the background; a second request meanwhile is dropped."""
        if not self._busy:
            self._busy = True
            in_background(self, functools.partial(self._ask, work), self.NAME)

    async def _ask(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception as error:  # shown in the tab, kept in :errors
            self.failed(f"{clean_line(self.session.record(error))} (:errors has all of it)")
        finally:
            self._busy = False
