"""`JsonEditor`: a text area that says while one types whether it holds JSON."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static, TextArea

from mahavishnu_tui.models.record import Json
from mahavishnu_tui.widgets.json_text import parse, pretty


class JsonEditor(Vertical):
    """JSON input with a line of validity under it."""

    DEFAULT_CSS = """
    JsonEditor {
        height: auto;
        &> TextArea { height: 1fr; min-height: 3; background: $surface; padding: 0 1; }
        &> TextArea, &> TextArea:focus { border: none; }
        &> #verdict { height: 1; padding: 0 1; color: $text-success; }
        &> #verdict.-invalid { color: $text-error; }
    }
    """

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

    def __init__(
        self,
        value: Json = None,
        *,
        text: str | None = None,
        empty: str = "",
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """Start with `value`, pretty-printed, or with `text` as it is.

        Args:
            empty: what no text at all means, where that is allowed.
        """
        super().__init__(id=id, classes=classes)
        self._empty = empty
        self._area = TextArea(
            pretty(value) if text is None else text,
            soft_wrap=True,
            tab_behavior="focus",
            highlight_cursor_line=False,
        )
        self._verdict = Static(id="verdict", markup=False)
        self._parsed: tuple[Json, str] = parse(self._area.text)

    def compose(self) -> ComposeResult:
        """The text area and its verdict."""
        yield self._area
        yield self._verdict

    def on_mount(self) -> None:
        """Judge what it starts with."""
        self._judge()

    @property
    def text(self) -> str:
        """What was typed."""
        return self._area.text

    @property
    def error(self) -> str:
        """`line 3, column 8: expected ','`, or `""` when the text is valid JSON."""
        return parse(self._area.text)[1]

    @property
    def value(self) -> Json:
        """The parsed JSON. Raises ValueError with the text of `error` when it does not parse."""
        value, error = parse(self._area.text)
        if error:
            raise ValueError(error)
        return value

    def load(self, value: Json) -> None:
        """Replace the text by `value`, pretty-printed."""
        self._area.load_text(pretty(value))

    def focus(self, scroll_visible: bool = True) -> JsonEditor:
        """Focus the text area."""
        self._area.focus(scroll_visible)
        return self

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Judge the text after each change."""
        event.stop()
        self._judge()
        self.post_message(self.Changed(self, self._parsed[1]))

    def _judge(self) -> None:
        self._parsed = parse(self._area.text)
        error = self._parsed[1]
        if self._empty and not self._area.text.strip():
            self._verdict.set_class(False, "-invalid")
            self._verdict.update(Text(self._empty))
            return
        self._verdict.set_class(bool(error), "-invalid")
        self._verdict.update(Text(f"✘ {error}" if error else "✔ valid JSON"))
