"""`AnswerPanel`: what a question asks, the answers that it allows, and the editors for them."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button, Static, TextArea

from mahavishnu_tui import schemas
from mahavishnu_tui.models import Approval, ErrorCode, replies
from mahavishnu_tui.models.problem import Problem
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.replies import Decision
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.answering.draft import Draft
from mahavishnu_tui.screens.answering.words import Words
from mahavishnu_tui.screens.answers import Choice, Editor, choices, decisions, prefill
from mahavishnu_tui.widgets.button_row import ButtonRow
from mahavishnu_tui.widgets.form import MISSING, SchemaForm
from mahavishnu_tui.widgets.json_editor import JsonEditor
from mahavishnu_tui.widgets.state_tree import StateTree

_LEAST = 4
"""Rows of an editor at least."""
CUT = "cut off: this is too large to be shown in full"
_ROOMY = 24
"""Rows from which on description, question and editor have room side by side."""


class AnswerPanel(Vertical):
    """Posts `Answered` once, when the operator has said all that the question asks; sends nothing itself.

    A question about several actions is gone through in order, and summed up before it is answered.
    """

    DEFAULT_CSS = """
    AnswerPanel {
        height: 1fr;
        & #answer-title { text-style: bold; height: auto; max-height: 3; margin-bottom: 1; }
        & #answer-words { height: auto; max-height: 5; margin-bottom: 1; scrollbar-size: 1 1; }
        & #answer-words Static { height: auto; }
        & #answer-words.-empty { display: none; }
        &.-short #answer-words { max-height: 3; }
        &.-crowded #answer-words, &.-short.-editing .answer--aside { display: none; }
        & #answer-foot { dock: bottom; height: auto; }
        & #answer-words:focus { background: $boost; }
        & #answer-payload { height: 1fr; min-height: 2; }
        &.-short.-editing #answer-payload { height: 3; }
        &.-tiny .answer--aside { display: none; }
        &.-tiny #answer-title { max-height: 2; margin-bottom: 0; }
        & .answer--editor { display: none; height: 2fr; min-height: 4; }
        & #answer-text, & #answer-text:focus { border: none; padding: 0 1; background: $boost; }
        & #answer-buttons { height: 1; margin-top: 1; }
        & #answer-buttons Button { margin-right: 2; background: $panel; min-width: 8; }
        & #answer-buttons Button:focus { background: $accent; color: $background; text-style: bold; }
    }
    """

    class Answered(Message):
        """The answer is made; `value` is what the graph would get."""

        def __init__(self, value: Json) -> None:
            super().__init__()
            self.value = value

    class Refused(Message):
        """What was typed cannot be an answer; `why` says it with its code."""

        def __init__(self, why: str) -> None:
            super().__init__()
            self.why = why

    class Moved(Message):
        """Something else is typed or looked at: what was said about the last attempt is old."""

    class Closed(Message):
        """The operator wants to leave without an answer."""

    def __init__(self, *between: Widget, ascii_only: bool = False) -> None:
        """`between` are widgets of the owner that come before the buttons, such as a comment.

        One with the class `answer--aside` gives way to an editor where there is little room.
        """
        super().__init__()
        self._between = between
        self._ascii = ascii_only
        self._draft: Draft | None = None
        self._choice: Choice | None = None
        self._typed_for: dict[Editor, object] = {}
        """What each editor was opened for: its text is kept for as long as that is the same."""

    def compose(self) -> ComposeResult:
        """What is asked, an editor, the buttons."""
        yield Static(id="answer-title", markup=False)
        yield Words(id="answer-words")
        yield StateTree(ascii_only=self._ascii, open_texts=True, id="answer-payload")
        yield JsonEditor(id="answer-json", classes="answer--editor")
        yield TextArea(id="answer-text", classes="answer--editor")
        yield SchemaForm({}, id="answer-form", classes="answer--editor")
        with Vertical(id="answer-foot"):
            yield from self._between
            yield ButtonRow(id="answer-buttons")

    def on_resize(self) -> None:
        """What must be seen to answer is seen on 24 rows too, and the question itself always."""
        self.set_class(self.size.height < _ROOMY, "-short")
        self.set_class(self.size.height < _ROOMY // 2, "-tiny")
        self.call_after_refresh(self._fit_words)

    def _fit_words(self) -> None:
        """While one edits on few rows, the description has those that the editor leaves."""
        words = self.query_one(Words)
        spare = None
        if self._choice is not None and self.has_class("-short", "-editing"):
            spare = max(0, self._spare(self.query_one(f"#answer-{self._choice.editor}")))
        self.set_class(spare == 0, "-crowded")
        words.styles.max_height = spare or None

    def _spare(self, editor: Widget) -> int:
        """Rows between title and foot that neither what is looked at nor the editor needs."""
        title, tree = self.query_one("#answer-title"), self.query_one(StateTree)
        between = self.query_one("#answer-foot").region.y - title.region.bottom
        return between - 2 - tree.display * tree.outer_size.height - max(_LEAST, _rows_of(editor))

    # -- showing

    async def ask(self, approval: Approval) -> None:
        """Show a question from its start; one that is not open has no answers."""
        self._draft = Draft(approval)
        self._typed_for.clear()
        await self._show()

    def focus(self, scroll_visible: bool = True) -> AnswerPanel:
        """Go to what is asked: nothing acts there."""
        # Not `focus()`, which comes later than the keys that are typed meanwhile.
        self.screen.set_focus(self.query_one(StateTree), scroll_visible)
        return self

    async def _show(self) -> None:
        """Draw the present step."""
        draft = self._draft
        if draft is None:
            return
        self._choice = None
        self._edit("")
        self.query_one("#answer-title", Static).update(clean_line(draft.title, 400))
        self.query_one(Words).show(draft.words)
        self._look_at(draft)
        await self._buttons(self._offered(draft))

    def _look_at(self, draft: Draft) -> None:
        tree, shown = self.query_one(StateTree), draft.shown
        if shown is None and not draft.approval.truncated:
            tree.clear("The question says no more than that.")
        else:
            tree.show(shown, note=CUT if draft.approval.truncated else "")

    def _offered(self, draft: Draft) -> list[tuple[str, str]]:
        """Id and label of every button of the present step."""
        if draft.approval.status != "pending":
            return [("close", "Close")]
        if draft.summing_up:
            return [("send-all", f"Send {len(draft.actions)}"), ("back", "Back"), ("close", "Close")]
        found = [(f"answer-{choice.id}", choice.label) for choice in self._choices(draft)]
        if draft.for_all and draft.at == 0:
            found.append(("approve-all", f"Approve all {len(draft.actions)}"))
        return [*found, *([("back", "Back")] if draft.at else []), ("close", "Close")]

    def _choices(self, draft: Draft) -> list[Choice]:
        return decisions(draft.approval, draft.action) if draft.action else choices(draft.approval)

    async def _buttons(self, offered: Sequence[tuple[str, str]]) -> None:
        row = self.query_one("#answer-buttons", ButtonRow)
        await row.remove_children()
        await row.mount_all([Button(label, id=name, compact=True) for name, label in offered])

    def _edit(self, editor: Editor) -> None:
        """Show one of the editors, or none."""
        for name in ("json", "text", "form"):
            self.query_one(f"#answer-{name}").display = editor == name
        self.set_class(bool(editor), "-editing")
        if not editor:
            self._fit_words()
        deciding = self._draft is not None and self._draft.action is not None
        self.query_one(StateTree).display = not (deciding and editor in ("json", "form"))

    def blame(self, found: list[Problem]) -> None:
        """Say at the fields of the form what the server found wrong with the answer."""
        self.query_one(SchemaForm).blame(found)

    def freeze(self, frozen: bool) -> None:
        """While an answer is on its way no button works."""
        for button in self.query(Button):
            button.disabled = frozen

    # -- answering

    @on(Button.Pressed)
    async def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        draft, name = self._draft, event.button.id or ""
        if draft is None or name == "close":
            self.post_message(self.Closed())
        elif name == "back":
            await self.leave()
        elif name == "send":
            await self._send_edited(draft)
        elif name == "send-all":
            self.post_message(self.Answered(draft.value()))
        elif name == "approve-all":
            draft.approve_all()
            await self._next()
        else:
            choice = next(item for item in self._choices(draft) if f"answer-{item.id}" == name)
            await self._choose(draft, choice)

    async def _choose(self, draft: Draft, choice: Choice) -> None:
        if choice.editor:
            await self._open(draft, choice)
        elif choice.verb:
            await self._decide(draft, Decision(choice.verb))
        else:
            self.post_message(self.Answered(choice.value))

    async def _decide(self, draft: Draft, decision: Decision) -> None:
        if draft.decide(decision):
            self.post_message(self.Answered(draft.value()))
        else:
            await self._next()

    async def _next(self) -> None:
        """Show the step that one is at now, the focus on what does nothing before the buttons change."""
        self._edit("")
        self.focus()
        await self._show()

    async def leave(self) -> bool:
        """One step back: out of the editor, or to the action before; False at the start."""
        if self._choice is None and (self._draft is None or self._draft.at == 0):
            return False
        if self._choice is None and self._draft is not None:
            self._draft.at -= 1
        self.post_message(self.Moved())
        await self._next()
        return True

    # -- editing

    @on(SchemaForm.Changed)
    @on(JsonEditor.Changed)
    @on(TextArea.Changed)
    def _edited(self) -> None:
        self.post_message(self.Moved())

    async def _open(self, draft: Draft, choice: Choice) -> None:
        """Open the editor of a choice; what was typed into it for the same one is still there."""
        self._choice = choice
        self._edit(choice.editor)
        await self._buttons([("send", "Send" if len(draft.actions) < 2 else "Next"), ("back", "Back")])
        key = (draft.at, choice.id)
        fresh = self._typed_for.get(choice.editor) != key
        self._typed_for[choice.editor] = key
        args = draft.action.args if draft.action else None
        if choice.editor == "text":
            area = self.query_one("#answer-text", TextArea)
            area.placeholder = "why (optional)" if choice.verb == "reject" else "what to answer"
            if fresh:
                area.load_text("")
            area.focus()
        elif choice.editor == "json":
            editor = self.query_one(JsonEditor)
            if fresh:
                editor.load(prefill(draft.approval) if draft.action is None else args)
            editor.focus()
        else:
            form = self.query_one(SchemaForm)
            schema = draft.action.args_schema if draft.action else draft.approval.schema
            if fresh:
                await form.load(schema or {}, MISSING if draft.action is None else args)
            form.focus()
        self.call_after_refresh(self._fit_words)

    async def _send_edited(self, draft: Draft) -> None:
        choice = self._choice
        if choice is None:
            return
        try:
            typed = self._typed(choice)
        except ValueError as error:
            self.post_message(self.Refused(str(error)))
            return
        if choice.verb == "edit":
            await self._decide(draft, Decision("edit", args=typed))
        elif choice.verb:
            await self._decide(draft, Decision(choice.verb, message=str(typed)))
        else:
            self._answer(draft.approval, typed)

    def _typed(self, choice: Choice) -> Json:
        """What stands in the editor. Raises ValueError with a sentence that says why it cannot be used."""
        if choice.editor == "text":
            text = self.query_one("#answer-text", TextArea).text
            if choice.verb == "respond" and not text.strip():
                raise ValueError(f"{ErrorCode.ANSWER_INVALID.value} Type the answer first.")
            return text
        if choice.editor == "form":
            form = self.query_one(SchemaForm)
            wrong = form.reveal()
            if wrong:
                raise ValueError(f"{ErrorCode.ANSWER_INVALID.value} {wrong[0].sentence()}")
            return form.value
        try:
            value = self.query_one(JsonEditor).value
        except ValueError as error:
            raise ValueError(f"{ErrorCode.BAD_INPUT.value} The answer is not JSON: {error}") from None
        if choice.verb == "edit" and not isinstance(value, dict):
            raise ValueError(f"{ErrorCode.ANSWER_INVALID.value} Arguments must be a JSON object.")
        return value

    def _answer(self, approval: Approval, value: Json) -> None:
        """Answer with a value that was typed, if it can be one."""
        wrong = replies.problems(approval.kind, approval.value, approval.schema, value)
        wrong = wrong or (schemas.problems(value, approval.schema) if approval.schema else [])
        if wrong:
            self.post_message(self.Refused(f"{ErrorCode.ANSWER_INVALID.value} {wrong[0].sentence()}"))
        else:
            self.post_message(self.Answered(value))


def _rows_of(editor: Widget) -> int:
    """How many rows all that stands in an editor takes."""
    if isinstance(editor, SchemaForm):
        return sum(row.outer_size.height for row in editor.children)
    if isinstance(editor, TextArea):
        return editor.wrapped_document.height
    return editor.query_one(TextArea).wrapped_document.height + 1  # and the line that says whether it is JSON
