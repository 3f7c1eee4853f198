"""Pane 4: questions that wait for a human."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType

from mahavishnu_tui.models.alike import unlike
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens import rows
from mahavishnu_tui.screens.layout import PaneName
from mahavishnu_tui.screens.panes.pane import Listed, TablePane
from mahavishnu_tui.screens.prefect_words import prefect_unread
from mahavishnu_tui.widgets.table import PlaceholderKind

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.models import Approval
    from mahavishnu_tui.screens.base import OperatorScreen


class ApprovalsPane(TablePane):
    """The inbox: what is escalated first, then by deadline, then the oldest question."""

    PANE: ClassVar[PaneName] = "approvals"
    TITLE = "Approvals"
    KINDS = frozenset({"approval"})
    WRITES = frozenset({"answer_marked", "claim"})
    ATTRIBUTES = rows.APPROVAL_ATTRIBUTES
    COLUMNS = rows.APPROVAL_COLUMNS
    MARKS = True
    EMPTY = "Nothing waits for you. Questions of running graphs appear here; a answers them."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("A", "answer_marked", "Answer marked", id="approvals.answer_marked"),
        Binding("C", "claim", "Claim", id="approvals.claim"),
    ]

    @property
    def current(self) -> Approval | None:
        """The question under the cursor."""
        return self.session.mirror.approvals.get(self.cursor)

    def listed(self) -> list[Listed]:
        """Questions that are pending, and those whose answer the graph has not taken up yet."""
        now, times = self.session.now(), self.session.times
        return [
            Listed(
                rows.approval_row(approval, times, self.session.ascii),
                rows.approval_attributes(approval, now) if self.filter else {},
            )
            for approval in rows.order_approvals(self.session.mirror.approvals.values())
        ]

    def problem(self) -> tuple[PlaceholderKind, str] | None:
        """A Prefect that was never read may have questions too."""
        return prefect_unread(self.session, "No graph waits for you")

    def counts(self) -> str:
        """How many wait."""
        return super().counts() if self.filter else str(len(self.session.pending()) or "")

    def until_step(self) -> float | None:
        """Minutes, while something waits; the end of a claim."""
        now = self.session.now()
        pending = self.session.pending()
        if self.session.times.fixed:
            delays = [step for approval in pending for step in _until_late(approval, now)]
        else:
            delays = [60 - (now - approval.asked_at) % 60 for approval in pending]
        delays += [approval.claim_until - now for approval in pending if approval.claim_until]
        return min(delays, default=None)

    def hints(self, action: str) -> bool:
        """`A` is shown while questions are marked, `C` where there is one."""
        if action == "answer_marked":
            return bool(self.table.marks_said)
        return super().hints(action) and (action != "claim" or self.current is not None)

    @property
    def _operator(self) -> OperatorScreen:
        return cast("OperatorScreen", self.screen)

    def action_answer_marked(self) -> None:
        """One answer to all marked questions, if they are alike."""
        found = [self.session.mirror.approvals[key] for key in self.table.marked]
        asked = [approval for approval in found if approval.status == "pending"]
        if not asked:
            self._operator.flash("Mark questions with space first; A then answers all of them.", "warning")
            return
        difference = unlike(asked)
        if difference:
            self._operator.flash(f"One answer cannot go to all {len(asked)}. {difference}", "warning")
            return
        from mahavishnu_tui.screens.batch import BatchScreen

        self.app.push_screen(BatchScreen(self.session, asked), self._answered)

    def _answered(self, count: int | None) -> None:
        if count:
            self.table.clear_marks()
            self._operator.flash(
                f"{count} question{'' if count == 1 else 's'} answered; :ledger has them", "success"
            )

    def action_claim(self) -> None:
        """Say that one is on the question under the cursor, or no longer."""
        approval = self.current
        if approval is None or approval.status != "pending":
            self._operator.flash("No open question is selected.", "warning")
            return
        who = self.session.who
        holder = approval.holder(self.session.now())
        if holder == who:
            self._operator.act(functools.partial(_release, approval=approval, who=who))
        elif not holder:
            self._operator.act(functools.partial(_claim, approval=approval, who=who, holder=""))
        else:
            self._take_over(approval, who, holder)

    def _take_over(self, approval: Approval, who: str, holder: str) -> None:
        from mahavishnu_tui.screens.claiming import claim_text
        from mahavishnu_tui.screens.confirm import ConfirmScreen

        def decided(yes: str | None) -> None:
            if yes:
                self._operator.act(functools.partial(_claim, approval=approval, who=who, holder=holder))

        facts = [
            f"run       {clean_line(approval.run_name)}",
            f"claimed   {claim_text(approval, who, self.session.now())}",
        ]
        question = f"Take this question over from {clean_line(holder, 60)}?"
        self.app.push_screen(ConfirmScreen(question, facts, "Take it over"), decided)


async def _claim(client: ServerClient, approval: Approval, who: str, holder: str) -> str:
    await client.claim(approval, who, holder)
    return f"{approval.run_name}: you are on it for 15 minutes; C lets it go"


async def _release(client: ServerClient, approval: Approval, who: str) -> str:
    await client.release(approval, who)
    return f"{approval.run_name}: nobody is on it"


def _until_late(approval: Approval, now: float) -> list[float]:
    """Seconds until the deadline, and until it is near: what is shown differs there."""
    left = (approval.deadline or now) - now
    return [step for step in (left - 600, left) if step > 0]
