"""Who is on a question and how long it has, in words; and asking before one answers over a claim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mahavishnu_tui.models import Approval
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.confirm import ConfirmScreen
from mahavishnu_tui.screens.rows import clock, coarse

THEN: Final = {
    "fail": "then the run fails",
    "default": "then the default answer is given",
    "escalate": "then it is escalated",
}


def deadline_text(approval: Approval) -> str:
    """`until 14:30:00, then the run fails`; empty without a deadline."""
    if approval.deadline is None:
        return ""
    then = THEN.get(approval.on_timeout, "")
    return f"until {clock(approval.deadline)}{f', {then}' if then else ''}"


def claim_text(approval: Approval, who: str, now: float) -> str:
    """`ana is on it for 12m more`; empty when nobody is."""
    holder = approval.holder(now)
    if not holder:
        return ""
    name = "you are" if holder == who else f"{clean_line(holder, 40)} is"
    return f"{name} on it for {coarse((approval.claim_until or now) - now)} more"


def claimed_by_others(approvals: Sequence[Approval], who: str, now: float) -> list[str]:
    """Who else is on some of these questions."""
    return sorted({item.holder(now) for item in approvals} - {"", who})


def anyway_screen(approval: Approval, holder: str, now: float) -> ConfirmScreen:
    """Asks whether to answer what somebody else is on."""
    name = clean_line(holder, 60)
    facts = [
        f"question  {clean_line(approval.title, 200)}",
        f"claimed   {claim_text(approval, '', now)}",
        "Your answer counts; the audit will say that it was given over this claim.",
    ]
    return ConfirmScreen(f"{name} is on it. Answer anyway?", facts, "Answer anyway")
