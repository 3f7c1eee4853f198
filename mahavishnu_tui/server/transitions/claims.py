"""Who is on a question: claimed, released, lapsed."""

from __future__ import annotations

from mahavishnu_tui.models import Approval, ErrorCode, MahavishnuError, Need
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.store import Tx, acts, approvals
from mahavishnu_tui.server.transitions.questions import refuse_changed

CLAIM_SECONDS = 15 * 60.0
"""A claim lapses after so long without a word of its holder."""


def claim(tx: Tx, approval_id: str, *, seen: str, by: str, holder: str) -> Approval:
    """Somebody is on it; the same person again keeps it for longer.

    Args:
        seen: hash of the question that was shown.
        holder: whose claim the caller has seen and takes over; empty for nobody's.

    Raises:
        MahavishnuError: MHV-103 unknown, MHV-104 and 105 not open as it was shown, MHV-116 somebody else's.
    """
    approval = _open(tx, approval_id, seen)
    _refuse_others(tx, approval, by, holder)
    if approval.holder(tx.now) != by:
        acts.record(
            tx, approval.run_id, "claim", by, node=approval.node, approval=approval.id, taken_from=holder
        )
    changed = approval.replace(claimed_by=by, claim_until=tx.now + CLAIM_SECONDS)
    approvals.save(tx, changed)
    return changed


def release(tx: Tx, approval_id: str, *, seen: str, by: str, holder: str) -> Approval:
    """Nobody is on it any more; without a claim there is nothing to do.

    Raises:
        MahavishnuError: MHV-103 unknown, MHV-104 and 105 not open as it was shown, MHV-116 somebody else's.
    """
    approval = _open(tx, approval_id, seen)
    _refuse_others(tx, approval, by, holder)
    if not approval.claimed_by:
        return approval
    acts.record(tx, approval.run_id, "release", by, node=approval.node, approval=approval.id)
    return lapse(tx, approval)


def lapse(tx: Tx, approval: Approval) -> Approval:
    """Take the claim away."""
    changed = approval.replace(claimed_by="", claim_until=None)
    approvals.save(tx, changed)
    return changed


def _open(tx: Tx, approval_id: str, seen: str) -> Approval:
    approval = approvals.require(tx.conn, approval_id)
    if approval.status in ("answered", "applied"):
        who = clean_line(approval.answered_by, 80)
        raise MahavishnuError(
            ErrorCode.ALREADY_ANSWERED, f"The question of {approval.run_name} was answered by {who}."
        )
    refuse_changed(approval, seen)
    return approval


def refuse_others(held: Approval | Need, name: str, *, by: str, holder: str, now: float, hint: str) -> None:
    """Raise MHV-116 where somebody is on it whose claim the caller has not seen.

    Args:
        held: what is to be claimed or released.
        name: what to call it.
        by: the caller.
        holder: whose claim the caller has seen; empty for nobody's.
        now: the time.
        hint: what they can do.
    """
    now_held = held.holder(now)
    if now_held not in ("", by, holder):
        raise MahavishnuError(
            ErrorCode.CLAIMED,
            f"{clean_line(now_held, 80)} is on {name}.",
            hint,
            claimed_by=now_held,
            claim_until=held.claim_until,
        )


def _refuse_others(tx: Tx, approval: Approval, by: str, holder: str) -> None:
    hint = "Talk to them, or take it over; an answer of yours would still count."
    name = f"the question of {approval.run_name}"
    refuse_others(approval, name, by=by, holder=holder, now=tx.now, hint=hint)
