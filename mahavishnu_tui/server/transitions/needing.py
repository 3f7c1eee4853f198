"""What operators say of what needs them: seen, on it, no longer on it."""

from __future__ import annotations

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Need
from mahavishnu_tui.models.need import SEEABLE
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.store import Tx, acts, approvals, needs
from mahavishnu_tui.server.transitions import claims
from mahavishnu_tui.server.transitions.claims import CLAIM_SECONDS


def see(tx: Tx, key: str, *, by: str) -> Need:
    """Somebody has seen it; raises MHV-117 where there is none, or where seeing it is not enough."""
    need = require(tx, key)
    if need.kind not in SEEABLE:
        cure = "Answer it." if need.kind == "approval" else "It goes once it is cured; claim it meanwhile."
        raise MahavishnuError(
            ErrorCode.NEED_UNKNOWN, f"That {_name(need)} was seen does not make it go.", cure
        )
    needs.mark_seen(tx, need, by)
    if need.run_id:
        acts.record(tx, need.run_id, "see", by)
    return need.replace(gone=f"seen by {by}")


def claim(tx: Tx, key: str, *, by: str, holder: str) -> Need:
    """Somebody is on it; the same person again keeps it for longer.

    Args:
        holder: whose claim the caller has seen and takes over; empty for nobody's.

    Raises:
        MahavishnuError: MHV-116 somebody else is on it, MHV-117 it needs nobody any more.
    """
    need = require(tx, key)
    if need.kind == "approval":
        asked = _approval_of(key)
        claims.claim(tx, asked, seen=approvals.require(tx.conn, asked).hash, by=by, holder=holder)
        return require(tx, key)
    _refuse_others(tx, need, by, holder)
    if need.run_id and need.holder(tx.now) != by:
        acts.record(tx, need.run_id, "claim", by, of=need.kind, taken_from=holder)
    return needs.set_claim(tx, need, by, tx.now + CLAIM_SECONDS)


def release(tx: Tx, key: str, *, by: str, holder: str) -> Need:
    """Nobody is on it any more; raises like `claim`."""
    need = require(tx, key)
    if need.kind == "approval":
        asked = _approval_of(key)
        claims.release(tx, asked, seen=approvals.require(tx.conn, asked).hash, by=by, holder=holder)
        return require(tx, key)
    _refuse_others(tx, need, by, holder)
    if not need.claimed_by:
        return need
    if need.run_id:
        acts.record(tx, need.run_id, "release", by, of=need.kind)
    return needs.set_claim(tx, need, "", None)


def require(tx: Tx, key: str) -> Need:
    """What has this key; raises MHV-117."""
    need = needs.get(tx.conn, key)
    if need is None:
        raise MahavishnuError(
            ErrorCode.NEED_UNKNOWN,
            f"{clean_line(key, 80)} needs nobody: it was cured, seen, or never there.",
            "`mahavishnu needs list` shows what does.",
        )
    return need


def _approval_of(key: str) -> str:
    return key.partition(":")[2]


def _name(need: Need) -> str:
    return f"the {'question' if need.kind == 'approval' else need.kind} of {clean_line(need.where, 60)}"


def _refuse_others(tx: Tx, need: Need, by: str, holder: str) -> None:
    hint = "Talk to them, or take it over."
    claims.refuse_others(need, _name(need), by=by, holder=holder, now=tx.now, hint=hint)
