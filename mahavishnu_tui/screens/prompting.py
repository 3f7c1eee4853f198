"""`Prompting`: the `/` filters of a screen that has panes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.models.filtering import doubt_of
from mahavishnu_tui.screens.checkpoint_acts import CheckpointActs
from mahavishnu_tui.screens.completing import words_after
from mahavishnu_tui.screens.panes.pane import Pane, TablePane
from mahavishnu_tui.screens.prompt import Prompt, PromptKind


class Prompting(CheckpointActs):
    """A screen whose prompt also filters the active pane."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "prompt('/')", "Filter", id="prompt.filter"),
    ]

    @property
    def active_pane(self) -> Pane:
        """The pane that is filtered."""
        raise NotImplementedError

    def show_titles(self) -> None:
        """The counts changed."""
        raise NotImplementedError

    def hints(self, action: str) -> bool:
        """Keys that do nothing in the active pane now get no hint; `x` may be about its row, and no run's."""
        pane = self.active_pane
        if action == "actions" and not pane.OF_RUNS:
            return isinstance(pane, TablePane) and bool(pane.cursor)
        return pane.hints(action) and super().hints(action)

    def hinted(self) -> Sequence[object]:
        """What the active pane shows counts too."""
        return self.active_pane.PANE, *self.active_pane.hinted(), *super().hinted()

    def action_prompt(self, kind: PromptKind) -> None:
        """Type a command or a filter."""
        self.open_prompt(kind, self.active_pane.filter.text if kind == "/" else "")

    @property
    def filter_values(self) -> Mapping[str, Iterable[str]]:
        """Those of the active pane."""
        return self.active_pane.filter_values

    def prompted(self, kind: PromptKind, line: str) -> str:
        """Of a filter how much it lets through, or why it makes no sense."""
        pane = self.active_pane
        if kind == ":" or not line or not pane.ATTRIBUTES:
            return super().prompted(kind, line)
        options = self._options(kind, line) if line.endswith(":") else []
        return doubt_of(line, pane.ATTRIBUTES) or words_after(line, options) or pane.found()

    def filter_typed(self, event: Prompt.Typed) -> None:
        """Filter while it is typed."""
        if self.active_pane.ATTRIBUTES:
            self.filter_pane("" if event.left else event.text, say=event.done)
        else:
            super().filter_typed(event)

    def filter_pane(self, text: str, say: bool = True) -> None:
        """Filter the active pane; a text that makes no sense (yet) leaves the last good one."""
        try:
            self.active_pane.set_filter(text)
        except MahavishnuError as error:
            if say:
                self.flash_error(error)
            return
        self.show_titles()

    def look_for(self, text: str) -> None:
        """Filter the active pane."""
        if self.active_pane.ATTRIBUTES:
            self.filter_pane(text)
        else:
            super().look_for(text)

    def action_workflows(self) -> None:
        """The workflows are shown where they can be launched."""
        self.action_launch()
