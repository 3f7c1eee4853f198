"""`JsonEditor`: a text area that says while one types whether it holds JSON."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static, TextArea

from mahavishnu_tui.models.record import Json


class JsonEditor(Vertical):
    """JSON input with a line of validity under it."""

    class Changed(Message):
        """The text changed; `error` is `""` when it is valid JSON."""

        def __init__(self, editor: JsonEditor, error: str) -> None:
            super().__init__()
            self.editor = editor
            self.error = error

        @property
        def control(self) -> JsonEditor:
            """The editor that sent it."""
            return self.editor

    def __init__(self, value: Json = None, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._initial = value

    def compose(self) -> ComposeResult:
        """The text area and its verdict."""
        yield TextArea()
        yield Static(markup=False)

    @property
    def text(self) -> str:
        """What was typed."""
        return ""

    @property
    def error(self) -> str:
        """`line 3, column 8: expected ','`, or `""` when the text is valid JSON."""
        return ""

    @property
    def value(self) -> Json:
        """The parsed JSON. Raises ValueError with the text of `error` when it does not parse."""
        return None

    def load(self, value: Json) -> None:
        """Replace the text by `value`, pretty-printed."""
