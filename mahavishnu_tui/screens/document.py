"""`DocumentScreen`: one value as a tree, or one text, on a screen of its own."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean, clean_line
from mahavishnu_tui.screens.refusing import Refusing
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.log_view import LogView
from mahavishnu_tui.widgets.state_tree import StateTree


class DocumentScreen(Refusing):
    """Shows `text` where it is given, else `value`.

    Args:
        session: the session.
        title: one line over it.
        value: any JSON.
        text: any text; what could disturb a terminal is taken out.
    """

    CSS_PATH = "document.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy_all", "Copy", id="document.copy"),
        Binding("ctrl+s", "save", "Save", show=False, id="document.save"),
    ]

    def __init__(self, session: Session, title: str, *, value: Json = None, text: str | None = None) -> None:
        super().__init__(session)
        self._heading = clean_line(title)
        self._value = value
        self._text = text

    def compose_body(self) -> ComposeResult:
        """The title, and the text or the tree."""
        yield Static(self._heading, id="document-title", markup=False)
        yield (
            StateTree(ascii_only=self.session.ascii, id="document")
            if self._text is None
            else LogView(id="document")
        )

    def crumb(self) -> str:
        """What the title says beside the name of what it is about."""
        return self._heading.rpartition(" · ")[2] if type(self) is DocumentScreen else super().crumb()

    def on_mount(self) -> None:
        """Fill it."""
        super().on_mount()
        view = self.query_one("#document")
        if isinstance(view, StateTree):
            view.show(self._value)
        else:
            self.show_text(self._text or "")
        view.focus()

    def show_text(self, text: str) -> None:
        """Show another text, from its beginning."""
        self._text = text
        view = self.query_one("#document", LogView)
        view.follow, view.wrap, view.wrap_words = False, True, True
        view.set_lines(clean(text).splitlines())

    def action_copy_all(self) -> None:
        """Copy all of it."""
        self.copy(self._whole())

    def action_save(self) -> None:
        """Write all of it to a file of the operator's own."""
        self.save(self._whole() + "\n")

    def _whole(self) -> str:
        if self._text is not None:
            return self._text
        import json

        return json.dumps(self._value, indent=2, ensure_ascii=False, default=str)
