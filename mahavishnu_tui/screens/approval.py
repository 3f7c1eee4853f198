"""`ApprovalScreen`: one question in full, and the answers it allows."""

from __future__ import annotations

import functools
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from mahavishnu_tui.client.mirror import Change
from mahavishnu_tui.models import Approval, ErrorCode, GraphShape, LedgerEntry, MahavishnuError
from mahavishnu_tui.models.problem import Problem
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.answering import AnswerPanel
from mahavishnu_tui.screens.answers import what_next
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.claiming import anyway_screen, claim_text, claimed_by_others, deadline_text
from mahavishnu_tui.screens.dialog import Dialog, Said
from mahavishnu_tui.screens.hints import KeyHints
from mahavishnu_tui.screens.rows import waits
from mahavishnu_tui.screens.session import Session, follow
from mahavishnu_tui.screens.times import Times
from mahavishnu_tui.widgets.status import approval_mark
from mahavishnu_tui.widgets.step_line import StepLine

COMMENT = "comment for the ledger (optional)"
UNCERTAIN = "Whether your answer arrived is not known; sending the same again is safe."
_UNCERTAIN = (ErrorCode.TIMEOUT, ErrorCode.SERVER_UNREACHABLE)
"""After these the server may have taken the answer all the same."""
RACE = "The question is read again before it is sent; of two operators at once Prefect takes one."
_STALE = (ErrorCode.QUESTION_CHANGED, ErrorCode.ALREADY_ANSWERED)


def expiry_text(value: Json, times: Times) -> str:
    """Until when the engine itself waits for an answer, where it says so."""
    at = value.get("expires_at") if isinstance(value, dict) else None
    return f"asked until {times.clock(at)}" if isinstance(at, float | int) else ""


class ApprovalScreen(Dialog[LedgerEntry | None]):
    """Dismissed with the ledger entry once the server has acknowledged the answer, else with None.

    The focus starts on the payload: nothing acts before the operator has moved to it.
    """

    CSS_PATH = "approval.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="approval.leave"),
        Binding("tab", "app.focus_next", "Next", id="approval.next"),
        Binding("shift+tab", "app.focus_previous", "Previous", show=False, id="approval.previous"),
    ]

    def __init__(self, session: Session, approval: Approval) -> None:
        super().__init__()
        self.session = session
        self.approval = approval
        self._sending = False
        self._told = ""

    def compose(self) -> ComposeResult:
        """Who asks, what, what comes after, a comment, the answers."""
        with Vertical(id="approval"):
            yield Static(id="approval-head", markup=False)
            yield AnswerPanel(
                Static(id="approval-next", classes="answer--aside", markup=False),
                StepLine(placeholder=COMMENT, compact=True, id="approval-comment"),
                ascii_only=self.session.ascii,
            )
            yield Said()
        yield KeyHints()

    async def on_mount(self) -> None:
        """Show the question, the focus on its payload."""
        await self._show()
        follow(self.session.changes, self, self._changed)
        self.set_interval(1, self._show_head)
        self.query_one(AnswerPanel).focus()
        if self.approval.holder(self.session.now()) == self.session.who:
            in_background(self, self._renew, "claim")

    async def _renew(self) -> None:
        """Who looks at a question that they have claimed keeps it."""
        try:
            await self.session.client.claim(self.approval, self.session.who)
        except Exception as error:  # a claim that lapses keeps nobody from answering
            self.session.record(error)

    # -- showing

    async def _show(self) -> None:
        """Draw `self.approval` as it is now."""
        self._show_head()
        row = self.query_one("#approval-next", Static)
        row.update(self._next_text() if self.approval.status == "pending" else "")
        await self.query_one(AnswerPanel).ask(self.approval)

    def _show_head(self) -> None:
        """Who asks, since when and until when, who is on it: true for as long as the dialog is open."""
        known = self._as_known()
        approval = known if (known.hash, known.status) == (self.approval.hash, "pending") else self.approval
        text = self._head(approval)
        if text != self._told:
            self._told = text
            self.query_one("#approval-head", Static).update(text)

    def _head(self, approval: Approval) -> str:
        mark = approval_mark(approval.status)
        node = f"{approval.namespace}/{approval.node}" if approval.namespace else approval.node
        times = self.session.times.still
        parts = [
            # Not longer: node and deadline have to be seen beside them on a small terminal.
            f"{mark.sign(self.session.ascii)} {clean_line(approval.run_name, 30)}",
            clean_line(approval.workflow, 26),
            f"node {node}",
            f"asked {times.clock(approval.asked_at)}",
            *(self._waiting(approval, times) if approval.status == "pending" else []),
        ]
        return clean_line(" · ".join(filter(None, parts)))

    def _waiting(self, approval: Approval, times: Times) -> list[str]:
        """What holds only for as long as nobody has answered."""
        wait = waits(approval, Times(now=times.now)).text
        return [
            f"{wait}, {deadline_text(approval, times)}" if approval.deadline else f"waits {wait}",
            expiry_text(approval.value, times),
            f"escalated {approval.escalated}×" if approval.escalated else "",
            claim_text(approval, self.session.who, self.session.now()),
        ]

    def _next_text(self) -> str:
        run = self.session.run(self.approval.run_id)
        workflow = self.session.workflow_of(run) if run else None
        shape = GraphShape.from_json(workflow.shape) if workflow and workflow.shape else None
        lines = [f"next   {what_next(self.approval, shape)}"]
        if run is not None and run.engine == "prefect":
            lines = [f"next   {clean_line(run.name)} takes your answer at its next poll. {RACE}"]
        lines.append(f"as     {self.session.who} · this question {self.approval.hash[:12]}")
        return "\n".join(lines)

    def _changed(self, changes: frozenset[Change]) -> None:
        """Somebody else answered, or the run went on without an answer."""
        key = self.approval.id
        if self._sending or not any(change in (("approval", key), ("*", "*")) for change in changes):
            return
        self._show_head()
        now = self.session.mirror.approvals.get(key)
        if now is None or now.status != "pending" or now.hash != self.approval.hash:
            in_background(self, functools.partial(self._reload, ""), "approval", exclusive=True)

    # -- answering

    @on(AnswerPanel.Closed)
    def _leave_panel(self) -> None:
        self.dismiss(None)

    @on(AnswerPanel.Moved)
    def _moved_on(self) -> None:
        if not self._sending:
            self._say("")

    @on(AnswerPanel.Refused)
    def _refused(self, event: AnswerPanel.Refused) -> None:
        self._say(event.why, "error")

    @on(AnswerPanel.Answered)
    def _answered(self, event: AnswerPanel.Answered) -> None:
        self._send(event.value)

    def _as_known(self) -> Approval:
        """The question as the server last told of it: somebody may have claimed it since."""
        return self.session.mirror.approvals.get(self.approval.id, self.approval)

    def _send(self, value: Json, over_claim: bool = False) -> None:
        if self._sending:
            return
        now = self.session.now()
        others = claimed_by_others([self._as_known()], self.session.who, now)
        if others and not over_claim:
            asking = anyway_screen(self._as_known(), others[0], now)
            self.app.push_screen(asking, lambda yes: self._send(value, over_claim=True) if yes else None)
            return
        self._sending = True
        self.query_one(AnswerPanel).freeze(True)
        self._say("sending …")
        in_background(self, functools.partial(self._answer, value), "answer")

    async def _answer(self, value: Json) -> None:
        """Send the answer with the hash that was shown; close only once it is acknowledged."""
        asked = self.approval
        comment = self.query_one("#approval-comment", Input).value
        try:
            entry = await self.session.client.answer(
                asked.id, hash=asked.hash, value=value, by=self.session.who, comment=comment
            )
        except Exception as error:  # said here, kept in :errors; what was typed stays
            recorded = self.session.record(error)
            self._sending = False
            self.query_one(AnswerPanel).freeze(False)
            said = f"{recorded} Nothing was answered; what you typed is still here."
            if recorded.code in _UNCERTAIN:  # its hint is for acts that are not to be repeated
                said = f"{recorded.code.value} {recorded.message} {UNCERTAIN}"
            self._say(said, "error")
            self.query_one(AnswerPanel).blame(Problem.told(recorded.details))
            if recorded.code in _STALE:
                await self._reload(str(recorded))
            return
        self.dismiss(entry)

    async def _reload(self, why: str) -> None:
        """Ask for the question as it is now and show that."""
        try:
            found = await self.session.client.approvals("", run=self.approval.run_id)
        except MahavishnuError as error:
            self._say(str(self.session.record(error)), "error")
            return
        before = self.approval
        now = next((item for item in found if item.id == before.id), None)
        self.approval = now or before.replace(status="superseded")
        await self._show()
        if self.approval.status == "pending":
            if self.approval.hash != before.hash:
                self._say(
                    f"{why} The question has changed: read it again before you answer.".strip(), "warning"
                )
            return
        self._say(f"{why} {self._how_it_ended()}".strip(), "warning")

    def _how_it_ended(self) -> str:
        """Why the question is no longer open."""
        approval = self.approval
        if approval.status == "superseded":
            late = approval.deadline is not None and approval.deadline <= self.session.now()
            if late and approval.on_timeout == "fail":
                return "Nobody answered by the deadline: the run has failed."
            return "The run went on without an answer to this question."
        by = f" by {approval.answered_by}" if approval.answered_by else ""
        return f"This question was answered{by} at {self.session.times.still.clock(approval.answered_at)}."

    async def action_leave(self) -> None:
        """One step back: out of the editor, then out of the dialog. Not while an answer is on its way."""
        if self._sending:
            self._say("the answer is on its way; wait for the server", "warning")
        elif not await self.query_one(AnswerPanel).leave():
            self._leave(bool(self.query_one("#approval-comment", Input).value.strip()), None)
