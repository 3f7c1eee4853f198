"""`Dialog`: a modal screen that says in its frame on which context it acts."""

from __future__ import annotations

from typing import ClassVar, Final, TypeVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.surviving import Surviving
from mahavishnu_tui.screens.unlocking import Unlocking

Result = TypeVar("Result")
LOSES: Final = "esc again leaves; what was typed is not kept"


class Dialog(Surviving, ModalScreen[Result]):
    """Its box is a `Vertical` with a frame. A context that the settings name is said in it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "app.help", "Help", show=False, id="dialog.help"),
    ]
    _warned = False

    def may_leave(self, typed: bool) -> bool:
        """Whether escape leaves now: what was typed is lost then, so that it takes a second one."""
        leave, self._warned = self._warned or not typed, typed
        return leave

    @on(events.Mount)
    def _name_context(self) -> None:
        app = self.app
        if not isinstance(app, Unlocking) or not app.session.context.listed:
            return
        context = app.session.context
        name = clean_line(context.name, 64)
        said = (f" PROD {name} ", "bold $text-error") if context.production else (f" {name} ", "")
        self.query_children(Vertical).first().border_title = Content.assemble(said)
