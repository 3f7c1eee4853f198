"""`EditScreen`: other values for a thread's state, with what its reducers make of them shown first."""

from __future__ import annotations

import dataclasses
import functools
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Button, Input, Static, TextArea

from mahavishnu_tui.models import Checkpoint, Run
from mahavishnu_tui.models.checkpoint import EditPreview
from mahavishnu_tui.models.diff import StateDiff
from mahavishnu_tui.models.edit import StateEdit
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.dialog import Dialog, Said
from mahavishnu_tui.screens.diffing import DIFF_COLUMNS, diff_rows, diff_words
from mahavishnu_tui.screens.hints import KeyHints
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.button_row import ButtonRow
from mahavishnu_tui.widgets.json_editor import JsonEditor
from mahavishnu_tui.widgets.table import VirtualTable

EMPTY: Final = "{\n  \n}"
"""What the editor begins with."""


class EditScreen(Dialog[str]):
    """Dismissed with the sentence that says it is done; with an empty text when nothing was.

    Args:
        session: the session.
        run: whose state.
        checkpoint: where the edit starts.
    """

    CSS_PATH = "editing.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Go back", id="edit.leave"),
        Binding("ctrl+t", "preview", "Preview", priority=True, id="edit.preview"),
    ]

    def __init__(self, session: Session, run: Run, checkpoint: Checkpoint) -> None:
        super().__init__()
        self.session = session
        self._run = run
        self._checkpoint = checkpoint
        self._previewed: tuple[StateEdit, EditPreview] | None = None

    def compose(self) -> ComposeResult:
        """Values, node, what they make, buttons."""
        name, step = clean_line(self._run.name), self._checkpoint.step
        with Vertical(id="edit"):
            yield Static(f"Edit the state of {name} at step {step}", id="edit-title", markup=False)
            yield Static("Keys to write, as JSON. They go through the graph's reducers.", classes="label")
            yield JsonEditor(text=EMPTY, id="edit-values")
            yield Input(
                placeholder="as node: empty means the one that wrote last", compact=True, id="edit-node"
            )
            yield VirtualTable(DIFF_COLUMNS, ascii_only=self.session.ascii, id="edit-diff")
            yield Said()
            with ButtonRow(id="edit-buttons"):
                yield Button("Preview ^t", id="preview", compact=True)
                yield Button("Make this edit", id="make", variant="error", compact=True, disabled=True)
                yield Button("Go back", id="leave", compact=True)
        yield KeyHints()

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one("#edit-diff", VirtualTable).set_placeholder(
            "empty", "ctrl+t shows what the reducers make of it; nothing is written before you agree."
        )
        self.query_one(TextArea).move_cursor((1, 2))
        self.query_one(JsonEditor).focus()

    @on(JsonEditor.Changed)
    @on(Input.Changed)
    def _changed(self) -> None:
        self._offer(None)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        {"preview": self.action_preview, "make": self._make, "leave": self.action_leave}[
            event.button.id or ""
        ]()

    def action_leave(self) -> None:
        """Change nothing."""
        values, node = self.query_one(JsonEditor).text, self.query_one(Input).value
        self._leave(values != EMPTY or bool(node.strip()), "")

    def action_preview(self) -> None:
        """Ask what these values would make."""
        try:
            values = self.query_one(JsonEditor).value
        except ValueError as error:
            self._say(f"The values are not JSON: {error}.", "error")
            return
        order = StateEdit(values, self.query_one(Input).value.strip(), self._checkpoint.id)
        self._say("asking …")
        in_background(self, functools.partial(self._preview, order), "edit", exclusive=True)

    async def _preview(self, order: StateEdit) -> None:
        try:
            preview = await self.session.client.preview_edit(self._run.id, order)
        except Exception as error:  # said in the dialog, kept in :errors
            self._offer(None)
            self._say(clean_line(self.session.record(error)), "error")
            return
        found = StateDiff.from_json(preview.diff)
        table = self.query_one("#edit-diff", VirtualTable)
        table.set_placeholder("empty", "The reducers make nothing else of it: the state stays as it is.")
        table.set_rows(diff_rows(found, self.session.ascii))
        self._offer((dataclasses.replace(order, seen=preview.latest_id), preview))
        nodes = clean_line(", ".join(preview.next), 120) or "nothing: the thread has ended"
        lines = [f"as {preview.as_node}: {diff_words(found)}. Resumed, it runs {nodes}."]
        lines += [f"Drops an open question: {line}" for line in preview.drops]
        lines += preview.warnings
        self._say("\n".join(lines), "warning" if preview.drops or preview.warnings else "info")

    def _offer(self, previewed: tuple[StateEdit, EditPreview] | None) -> None:
        """Only what was shown can be made."""
        if previewed is None and self._previewed is None:
            return
        self._previewed = previewed
        self.query_one("#make", Button).disabled = previewed is None
        if previewed is None:
            self._say("Changed since the preview: look again (ctrl+t).")

    def _make(self) -> None:
        if self._previewed is not None:
            self.query_one("#make", Button).disabled = True
            self._say("making it …")
            in_background(self, functools.partial(self._apply, self._previewed[0]), "edit", exclusive=True)

    async def _apply(self, order: StateEdit) -> None:
        try:
            made = await self.session.client.edit_state(
                self._run.id, order, self.session.who, self._run.version
            )
        except Exception as error:  # said in the dialog, kept in :errors
            self._offer(None)
            self._say(clean_line(self.session.record(error)), "error")
            return
        if made.checkpoint_id:
            self.dismiss(f"{made.run.name}: state edited; it is {made.run.status}")
        else:
            self.dismiss(f"{made.run.name}: the edit waits for a slot")
