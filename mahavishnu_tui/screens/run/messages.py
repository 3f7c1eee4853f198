"""The messages of a run's state as a conversation."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from mahavishnu_tui.models import Run, StateView
from mahavishnu_tui.models.messages import Conversation, conversations
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.conversation import conversation_lines
from mahavishnu_tui.screens.run.at_checkpoint import CheckpointTab
from mahavishnu_tui.screens.run.tab import RunView
from mahavishnu_tui.widgets.log_view import LogView


class MessagesTab(CheckpointTab):
    """Who said what, which tools were called with what, and what it used."""

    NAME: ClassVar[str] = "messages"
    TITLE: ClassVar[str] = "Messages"
    SHORT: ClassVar[str] = "Msgs"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("z", "fold", "Fold/unfold", id="messages.fold")]

    def __init__(self, view: RunView) -> None:
        self.log_view = LogView(id="messages")
        super().__init__(view, self.log_view)
        self.log_view.wrap = self.log_view.wrap_words = True
        self.folded = True
        self._found: list[Conversation] = []

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self.log_view.clear("loading …")

    def stamp(self, run: Run) -> str:
        """Also when an answer, or anything else, has changed the run within a step."""
        return f"{run.step}.{run.version}"

    def show_state(self, view: StateView) -> None:
        """What it holds of messages."""
        self._found = conversations(view.values)
        self._show()

    def _show(self) -> None:
        lines = conversation_lines(
            self._found, self.session.taste.prices, folded=self.folded, ascii_only=self.session.ascii
        )
        if lines:
            self.log_view.show([text for text, _ in lines], [tone for _, tone in lines])
        else:
            self.log_view.clear("This state holds no messages.")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without messages there is nothing to fold."""
        if action == "fold" and self.log_view.empty:
            return False
        return super().check_action(action, parameters)

    def action_fold(self) -> None:
        """Show long messages whole, or their beginnings."""
        self.folded = not self.folded
        self._show()

    def failed(self, sentence: str) -> None:
        """In place of the text."""
        self.log_view.clear(sentence)

    def rest(self) -> str:
        """Which checkpoint."""
        return f"messages at {clean_line(self.view.checkpoint_id)}"

    def copied_text(self) -> str:
        """The conversation as it is shown."""
        return self.log_view.text()
