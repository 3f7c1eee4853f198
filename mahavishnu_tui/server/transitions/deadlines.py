"""Deadlines of questions: when one passes, exactly one thing happens, in one transaction."""

from __future__ import annotations

from mahavishnu_tui.models import Approval, ErrorCode, MahavishnuError, Run
from mahavishnu_tui.models.act import Deed
from mahavishnu_tui.models.deadline import BY_DEADLINE
from mahavishnu_tui.models.run import FINISHED
from mahavishnu_tui.models.spans import in_words
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.store import Tx, acts, approvals, elsewhere, runs, visits
from mahavishnu_tui.server.transitions.claims import lapse
from mahavishnu_tui.server.transitions.questions import answer, supersede_all


def pass_time(tx: Tx) -> list[str]:
    """Do what the deadlines and claims that have passed ask for; a line for the log for each.

    A question of a run that has ended waits for nothing until the run is resumed. One that would end its run
    waits until the run is not at work: what runs beside the question is not torn out of its step.
    """
    told: list[str] = []
    for due in approvals.due(tx.conn, tx.now):
        approval = approvals.require(tx.conn, due.id)
        if approval.status != "pending":  # ended by an earlier one of this round
            continue
        if approval.claim_until is not None and approval.claim_until <= tx.now:
            approval = lapse(tx, approval)
        run = runs.require(tx.conn, approval.run_id).run
        if approval.deadline is None or approval.deadline > tx.now:
            continue
        if run.status in FINISHED:
            approvals.save(tx, approval.replace(deadline=None))
        elif approval.on_timeout == "escalate":
            told.append(_escalate(tx, approval))
        elif approval.on_timeout == "default":
            told.append(_answer(tx, approval, run))
        elif run.status != "running":
            told.append(_fail(tx, approval))
    return [line for line in told if line]


def restart(tx: Tx, run_id: str) -> None:
    """The run is taken up again: its open questions have their whole time before them."""
    for approval in approvals.of_run(tx.conn, run_id):
        if approval.status == "pending" and approval.timeout:
            approvals.save(tx, approval.replace(deadline=tx.now + approval.timeout))


def _escalate(tx: Tx, approval: Approval) -> str:
    wait = approval.timeout * 2
    changed = approval.replace(
        escalated=approval.escalated + 1, timeout=wait, deadline=tx.now + wait if wait else None
    )
    approvals.save(tx, changed)
    _record(tx, changed, "escalate", times=changed.escalated)
    return f"{approval.run_name}: the question of {approval.node} is escalated ({changed.escalated})"


def _answer(tx: Tx, approval: Approval, run: Run) -> str:
    comment = f"Nobody answered within {in_words(approval.timeout)}."
    try:
        entry = answer(
            tx, approval.id, seen=approval.hash, value=approval.default, by=BY_DEADLINE, comment=comment
        )
    except MahavishnuError as misfit:
        if run.status == "running":
            return ""
        return _fail(tx, approval, f" Its default answer cannot be given: {misfit.message}")
    return f"{approval.run_name}: the default answer is given to {approval.node} (ledger #{entry.seq})"


def _fail(tx: Tx, approval: Approval, why: str = "") -> str:
    row = runs.require(tx.conn, approval.run_id)
    error = MahavishnuError(
        ErrorCode.HUMAN_TIMEOUT,
        f"TimeoutError: nobody answered the question of {clean_line(approval.node, 80)}"
        f" within {in_words(approval.timeout)}.{why}",
        "Resume the run: the question is asked again, with as much time as before.",
        node=approval.node,
        approval=approval.id,
    )
    supersede_all(tx, approval.run_id, "a question of the run was not answered in time")
    visits.close(tx, approval.run_id, "error")
    _record(tx, approval, "expire", error=error.code.value)
    ended = row.run.replace(
        status="error",
        version=row.run.version + 1,
        ended_at=tx.now,
        error=error.to_json(),
        note="",
        waiting=0,
        where=[approval.node],
        host_id=None,
    )
    work = row.work.replace(pausing="", cancelling="", died=[])
    # An order to a server elsewhere that has not been sent is not sent now.
    runs.save(tx, ended, work.replace(intent="") if ended.engine == elsewhere.ENGINE else work)
    return f"{approval.run_name}: {error}"


def _record(tx: Tx, approval: Approval, what: Deed, **details: object) -> None:
    acts.record(tx, approval.run_id, what, BY_DEADLINE, node=approval.node, approval=approval.id, **details)
