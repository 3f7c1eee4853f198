"""`Filtered`: a list on a screen of its own, filtered with `/`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.models.filtering import NO_FILTER, Filter, doubt_of, parse_filter
from mahavishnu_tui.screens.prompt import Prompt, PromptKind
from mahavishnu_tui.screens.refusing import Refusing
from mahavishnu_tui.screens.session import Session


class Filtered(Refusing):
    """An operator screen that shows what its filter lets through."""

    ATTRIBUTES: ClassVar[frozenset[str]]
    """What `/` knows besides plain text."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.filter: Filter = NO_FILTER

    def draw(self) -> None:
        """Show what the filter lets through."""
        raise NotImplementedError

    @property
    def filter_values(self) -> Mapping[str, Iterable[str]]:
        """The attributes; none of their values can be listed."""
        return dict.fromkeys(sorted(self.ATTRIBUTES), ())

    def prompted(self, kind: PromptKind, line: str) -> str:
        """Of a filter that makes no sense why; how much is let through stands in the title."""
        doubt = doubt_of(line, self.ATTRIBUTES) if kind == "/" else ""
        return doubt or super().prompted(kind, line)

    def action_prompt(self, kind: PromptKind) -> None:
        """Type a command or a filter."""
        self.open_prompt(kind, self.filter.text if kind == "/" else "")

    def filter_typed(self, event: Prompt.Typed) -> None:
        """Filter while it is typed."""
        self.look_for("" if event.left else event.text, say=event.done)

    def look_for(self, text: str, say: bool = True) -> None:
        """Filter; a text that makes no sense (yet) leaves the last good one."""
        try:
            self.filter = parse_filter(text, self.ATTRIBUTES)
        except MahavishnuError as error:
            if say:
                self.flash_error(error)
            return
        self.draw()

    def action_back(self) -> None:
        """One step back: the filter, then the screen."""
        if self.filter:
            self.filter = NO_FILTER
            self.draw()
        else:
            super().action_back()
