"""`BatchScreen`: one answer to many questions that are alike, once their number has been typed."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from mahavishnu_tui.models import Approval
from mahavishnu_tui.models.alike import told_apart
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.answering import AnswerPanel
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.claiming import claimed_by_others
from mahavishnu_tui.screens.dialog import Dialog, Said
from mahavishnu_tui.screens.hints import KeyHints
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.step_line import StepLine

if TYPE_CHECKING:
    from mahavishnu_tui.client.calls.approvals import BatchResult


class BatchScreen(Dialog[int]):
    """Dismissed with the number of questions that were answered.

    Args:
        session: the session.
        asked: the questions, as they are shown; all alike.
    """

    CSS_PATH = "batch.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="batch.leave"),
        Binding("tab", "app.focus_next", "Next", id="batch.next"),
        Binding("shift+tab", "app.focus_previous", "Previous", show=False, id="batch.previous"),
    ]

    def __init__(self, session: Session, asked: Sequence[Approval]) -> None:
        super().__init__()
        self.session = session
        self.asked = list(asked)
        self._sending = False
        self._answered = 0

    def compose(self) -> ComposeResult:
        """Which questions; then what the first of them asks, the count, a comment, the answers."""
        count = f"type {len(self.asked)} to confirm how many you mean"
        with Vertical(id="batch"):
            questions = "questions" if len(self.asked) > 1 else "question"
            yield Static(f"One answer to {len(self.asked)} {questions}", id="batch-title", markup=False)
            yield Static(self._facts(), id="batch-facts", markup=False)
            with VerticalScroll(id="batch-list"):
                lines = map(self._line, self.asked, told_apart(self.asked))
                yield Static("\n".join(lines), id="batch-lines", markup=False)
            yield AnswerPanel(
                StepLine(placeholder=count, compact=True, id="batch-count"),
                StepLine(placeholder="comment for the ledger (optional)", compact=True, id="batch-comment"),
                ascii_only=self.session.ascii,
            )
            yield Said()
        yield KeyHints()

    async def on_mount(self) -> None:
        """Show the first question; nothing acts before the operator has moved to it."""
        panel = self.query_one(AnswerPanel)
        await panel.ask(self.asked[0])
        panel.focus()

    def _facts(self) -> str:
        first = self.asked[0]
        node = f"{first.namespace}/{first.node}" if first.namespace else first.node
        others = claimed_by_others(self.asked, self.session.who, self.session.now())
        claimed = f"\nclaimed by {clean_line(', '.join(others))}: your answer goes over it" if others else ""
        return f"asked by {clean_line(first.workflow)}, node {clean_line(node)}; the first is shown{claimed}"

    def _line(self, item: Approval, said: str) -> str:
        return f"{clean_line(item.run_name, 30):<18} {clean_line(said, 200)}"

    @on(AnswerPanel.Closed)
    def _leave_panel(self) -> None:
        self.dismiss(self._answered)

    @on(AnswerPanel.Moved)
    @on(Input.Changed, "#batch-count")
    def _moved_on(self) -> None:
        if not self._sending:
            self._say("")

    @on(AnswerPanel.Refused)
    def _refused(self, event: AnswerPanel.Refused) -> None:
        self._say(event.why, "error")

    @on(AnswerPanel.Answered)
    def _send(self, event: AnswerPanel.Answered) -> None:
        if self._sending:
            return
        typed = self.query_one("#batch-count", Input)
        if typed.value.strip() != str(len(self.asked)):
            self._say(f"Type {len(self.asked)} first: so many questions get this answer.", "warning")
            typed.focus()
            return
        self._sending = True
        self.query_one(AnswerPanel).freeze(True)
        self._say("sending …")
        in_background(self, functools.partial(self._answer, event.value), "answers")

    async def _answer(self, value: Json) -> None:
        """Send; close when all were answered, else say which were not, and why."""
        comment = self.query_one("#batch-comment", Input).value
        try:
            results = await self.session.client.answer_many(
                self.asked, value=value, by=self.session.who, count=len(self.asked), comment=comment
            )
        except Exception as error:  # said here, kept in :errors; what was typed stays
            recorded = self.session.record(error)  # without its hint, which may be not to repeat it
            said = f"{recorded.code.value} {clean_line(recorded.message)}"
            self._say(f"{said} Sending the same again is safe.", "error")
            return
        finally:
            self._sending = False
            self.query_one(AnswerPanel).freeze(False)
        self._take(results)

    def _take(self, results: Sequence[BatchResult]) -> None:
        failed = {result.id: result.error for result in results if result.entry is None}
        self._answered = len(results) - len(failed)
        if not failed:
            self.dismiss(self._answered)
            return
        for error in failed.values():
            if error is not None:
                self.session.record(error)
        lines = []
        for item in self.asked:
            said = str(failed[item.id]) if item.id in failed else "✔ answered"
            lines.append(self._line(item, said))
        self.query_one("#batch-lines", Static).update("\n".join(lines))
        self._say(f"{self._answered} of {len(results)} answered; the others are above.", "warning")

    async def action_leave(self) -> None:
        """One step back: out of the editor, then out of the dialog. Not while answers are on their way."""
        if self._sending:
            self._say("the answers are on their way; wait for the server", "warning")
        elif not await self.query_one(AnswerPanel).leave():
            self._leave(bool(self.query_one("#batch-comment", Input).value.strip()), self._answered)
