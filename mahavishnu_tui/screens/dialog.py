"""`Dialog`: a modal screen that says in its frame on which context it acts."""

from __future__ import annotations

from typing import ClassVar, Final, TypeVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from mahavishnu_tui.models.text import clean, clean_line
from mahavishnu_tui.screens.surviving import Surviving
from mahavishnu_tui.screens.unlocking import Unlocking

Result = TypeVar("Result")
LOSES: Final = "esc again leaves; what was typed is not kept"


class Said(Static):
    """What a dialog says of what was typed or sent."""

    DEFAULT_CSS = """
    Said { height: auto; max-height: 4; }
    Said.-error { color: $text-error; }
    Said.-warning { color: $text-warning; }
    Said.-success { color: $text-success; }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)

    def say(self, text: str, severity: str) -> None:
        """Say something else."""
        self.set_classes(f"-{severity}")
        self.update(clean(text))


class Dialog(Surviving, ModalScreen[Result]):
    """Its box is a `Vertical` with a frame, in which a context is said that the settings name.

    What holds a `Said` may use `_say` and `_leave`.
    """

    # On a small terminal what has the focus is scrolled into sight: no button is pressed that is not seen.
    DEFAULT_CSS = """
    Dialog > Vertical { overflow-y: auto; scrollbar-size: 1 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "app.help", "Help", show=False, id="dialog.help"),
    ]
    _warned = False

    def _say(self, text: str, severity: str = "info") -> None:
        self.query_one(Said).say(text, severity)

    def _leave(self, typed: bool, result: Result) -> None:
        """Dismissed with `result`; what was `typed` is lost then, so that it takes a second escape."""
        leave, self._warned = self._warned or not typed, typed
        if leave:
            self.dismiss(result)
        else:
            self._say(LOSES, "warning")

    @on(events.Mount)
    def _name_context(self) -> None:
        app = self.app
        if not isinstance(app, Unlocking) or not app.session.context.listed:
            return
        context = app.session.context
        name = clean_line(context.name, 64)
        said = (f" PROD {name} ", "bold $text-error") if context.production else (f" {name} ", "")
        self.query_children(Vertical).first().border_title = Content.assemble(said)
