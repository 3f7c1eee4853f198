"""What a host reports of its runs, brought into the store many notices at a time."""

from __future__ import annotations

from typing import Any

from mahavishnu_tui.models import DeadlineRules, ErrorCode, MahavishnuError, NodeVisit, Question, Run
from mahavishnu_tui.models.run import FINISHED, RunStatus, VisitOutcome
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.store import Tx, approvals, ledger, runs, visits, workflows
from mahavishnu_tui.server.store.runs import RunRow
from mahavishnu_tui.server.transitions.acts import (
    clocked,
    end_cancelled,
    pausing_note,
    rest,
    rest_for_disk,
    stopped,
)
from mahavishnu_tui.server.transitions.edits import settle_edit
from mahavishnu_tui.server.transitions.questions import (
    NO_RULES,
    give_back,
    mark_applied,
    reconcile,
    supersede_all,
)
from mahavishnu_tui.server.transitions.recovery import park

Notice = dict[str, Any]

_LEFT_OPEN: dict[str, VisitOutcome] = {
    "interrupted": "interrupted",
    "cancelled": "cancelled",
    "error": "error",
}

_NOT_USED = "an answer was not used"


class Bundle:
    """Notices that came together, applied in one change; a run is written once for all of them.

    Notices of a dispatch whose lease is not the run's own, or of a run that is not running, are ignored.
    """

    def __init__(self, tx: Tx, project_root: str, rules: DeadlineRules) -> None:
        self._tx = tx
        self._rules = rules
        self._root = project_root
        self._rows: dict[str, RunRow] = {}
        self._touched: set[str] = set()
        self.ended: list[Run] = []
        """Runs whose dispatch is over, as they are now."""

    def apply(self, notice: Notice) -> None:
        """Take in one notice; an unknown `ev` is a newer host's and ignored."""
        kind = notice.get("ev")
        if kind == "edge":
            self._edge(notice)
            return
        row = self._current(notice)
        if row is None:
            return
        if kind == "visit":
            self._visit(row, notice)
        elif kind == "step":
            self._step(row, notice)
        elif kind == "answers":
            self._answers(row, notice)
        elif kind == "trace":
            self._rows[row.run.id] = RunRow(row.run.replace(trace=dict(notice["trace"])), row.work)
            self._touched.add(row.run.id)
        elif kind == "room":
            room = clean_line(str(notice.get("warning") or ""), 300)
            self._rows[row.run.id] = RunRow(row.run.replace(room=room), row.work)
            self._touched.add(row.run.id)
        elif kind == "overdue":
            self._overdue(row, notice)
        elif kind == "finished":
            self.flush()
            self._finished(self._rows.pop(row.run.id), notice)

    def flush(self) -> None:
        """Write the runs that have made progress."""
        for run_id in self._touched:
            row = self._rows[run_id]
            at_work = visits.open_of(self._tx.conn, run_id)
            progress = {visit.path: visit.progress for visit in at_work if visit.progress}
            where = sorted({visit.path for visit in at_work})
            note = pausing_note(where, row.work.pausing) if row.work.pausing else row.run.note
            run = row.run.replace(where=where, progress=progress, note=note)
            self._rows[run_id] = RunRow(run, row.work)
            runs.save(self._tx, run)
        self._touched.clear()

    def _current(self, notice: Notice) -> RunRow | None:
        run_id = str(notice.get("run_id"))
        row = self._rows.get(run_id) or runs.get(self._tx.conn, run_id)
        if row is None or row.run.status != "running" or row.run.lease != notice.get("lease"):
            return None
        self._rows[run_id] = row
        return row

    def _edge(self, notice: Notice) -> None:
        found = workflows.workflow_id(self._root, str(notice["spec"]))
        source, target = str(notice["source"]), str(notice["target"])
        workflows.observe(self._tx, found, str(notice.get("namespace") or ""), source, target)

    def _visit(self, row: RunRow, notice: Notice) -> None:
        visit = NodeVisit.from_json({**notice["visit"], "run_id": row.run.id, "lease": row.run.lease})
        visits.save(self._tx, visit)
        if visit.outcome == "running" and visit.lease > 1:
            visits.disown(self._tx, visit)
        number = max(row.run.visits, visit.number)
        self._rows[row.run.id] = RunRow(
            row.run.replace(visits=number, step=max(row.run.step, visit.step)), row.work
        )
        self._touched.add(row.run.id)

    def _step(self, row: RunRow, notice: Notice) -> None:
        work = row.work
        checkpoint_id = str(notice.get("checkpoint_id") or "")
        if checkpoint_id != work.stored:
            to_run = [str(node) for node in notice.get("next") or []]
            # The checkpoint with which a continue begins is told of again: it was stored before the deaths
            # of the dispatches that came after.
            stored_by = int(notice.get("stored_by", row.run.lease))
            died = [lease for lease in work.died if lease >= stored_by]
            work = clocked(work, self._tx.now).replace(
                mode="continue", died=died, stored=checkpoint_id, next=to_run
            )
            ledger.note_checkpoint(self._tx, row.run.id, checkpoint_id)
            runs.save_work(self._tx, row.run.id, work)
        self._rows[row.run.id] = RunRow(row.run.replace(step=int(notice["step"])), work)
        self._touched.add(row.run.id)

    def _answers(self, row: RunRow, notice: Notice) -> None:
        mark_applied(self._tx, row.run.id, notice.get("applied") or [])
        stale = notice.get("stale") or []
        if stale:
            give_back(self._tx, row.run.id, stale, "the question had changed; it was not given to the graph")
            changed = row.run.replace(
                note=f"{_NOT_USED}: its question had changed",
                waiting=approvals.pending_of(self._tx.conn, row.run.id),
            )
            self._rows[row.run.id] = RunRow(changed, row.work)
            self._touched.add(row.run.id)

    def _overdue(self, row: RunRow, notice: Notice) -> None:
        """A time limit was passed, and a synchronous node keeps the run from ending now."""
        error = dict(notice["error"])
        work = row.work.replace(overdue=error)
        runs.save_work(self._tx, row.run.id, work)
        nodes = ", ".join(clean_line(node, 60) for node in notice.get("nodes") or [])
        note = clean_line(f"out of time: waits for {nodes or 'its node'}, which is synchronous", 300)
        self._rows[row.run.id] = RunRow(row.run.replace(note=note), work)
        self._touched.add(row.run.id)

    def _finished(self, row: RunRow, notice: Notice) -> None:
        tx, run = self._tx, row.run
        runs.save_result(tx, run.id, notice.get("values"), bool(notice.get("values_truncated")))
        status: RunStatus = notice["status"]
        asked = [Question.from_json(question) for question in notice.get("questions") or []]
        visits.close(tx, run.id, _LEFT_OPEN.get(status, "lost"))
        if notice.get("edited"):
            self.ended.append(settle_edit(tx, row, notice, self._rules))
        elif row.work.cancelling and status in ("cancelled", "paused", "interrupted"):
            self.ended.append(end_cancelled(tx, row, row.work.cancelling))
        elif status == "cancelled":
            self.ended.append(end_cancelled(tx, row, "its own code"))
        elif status == "paused":
            mode: runs.Mode = "edit" if row.work.mode == "edit" else "continue"
            taken = RunRow(run, row.work.replace(mode=mode))
            by = row.work.pausing
            self.ended.append(rest(tx, taken, by) if by else park(tx, taken))
        else:
            self.ended.append(self._settle(row, status, asked, notice.get("error")))

    def _settle(
        self, row: RunRow, status: RunStatus, asked: list[Question], error: dict[str, Any] | None
    ) -> Run:
        """A dispatch ended by itself: with success, an error or questions."""
        tx, run = self._tx, row.run
        if status == "error" and (error or {}).get("code") == ErrorCode.DISK_FULL.value:
            return rest_for_disk(tx, row, str((error or {}).get("message", "")))
        self._settle_answers(row, status, asked)
        waiting = reconcile(tx, run, asked, self._rules)
        unsent = status == "interrupted" and bool(ledger.open_of(tx.conn, run.id))
        changed = run.replace(
            status="queued" if unsent else status,
            queued_at=tx.now if unsent else run.queued_at,
            version=run.version + 1,
            ended_at=tx.now if status in FINISHED else None,
            where=_where(status, asked, error),
            progress={},
            waiting=waiting,
            error=error if status == "error" else None,
            note=_note(run, status, unsent, error),
            host_id=None,
        )
        mode = row.work.mode if status == "error" else "continue"
        work = stopped(row.work, tx.now).replace(mode=mode, died=[], pausing="", cancelling="", moving="")
        runs.save(tx, changed, work.replace(overdue=None))
        return changed

    def _settle_answers(self, row: RunRow, status: RunStatus, asked: list[Question]) -> None:
        """Answers that this dispatch carried and of which the host has said nothing."""
        run = row.run
        pending = {question.interrupt_id: question.hash for question in asked}
        for opened in ledger.open_of(self._tx.conn, run.id):
            entry, carried = opened.entry, opened.sent_lease == run.lease
            still_asked = pending.get(entry.interrupt_id) == entry.question_hash
            gone = carried and entry.interrupt_id not in pending and status != "error"
            if gone:
                mark_applied(self._tx, run.id, [entry.interrupt_id], row.work.stored)
            elif status == "interrupted" and carried and still_asked:
                give_back(self._tx, run.id, [entry.interrupt_id], "the graph asks the same question again")
        if status == "success":
            supersede_all(self._tx, run.id, "the run ended without it")


def apply_bundle(
    tx: Tx, project_root: str, notices: list[Notice], rules: DeadlineRules = NO_RULES
) -> list[Run]:
    """Bring notices into the store; the runs whose dispatch is over. `rules` give questions deadlines."""
    bundle = Bundle(tx, project_root, rules)
    for notice in notices:
        bundle.apply(notice)
    bundle.flush()
    return bundle.ended


def broken_notice(notice: Notice, why: Exception) -> Notice | None:
    """What stands for a notice that could not be applied: an end must stay an end."""
    if notice.get("ev") != "finished":
        return None
    error = MahavishnuError(
        "MHV-011", f"The engine host's report could not be read ({why}).", "See the server's log."
    )
    return {
        **{key: notice.get(key) for key in ("ev", "run_id", "lease")},
        "status": "error",
        "error": error.to_json(),
    }


def _where(status: RunStatus, asked: list[Question], error: dict[str, Any] | None) -> list[str]:
    if status == "interrupted":
        return sorted({"/".join(filter(None, (item.namespace, item.node))) for item in asked})
    node = (error or {}).get("node")
    return [str(node)] if node and status == "error" else []


def _note(run: Run, status: RunStatus, unsent: bool, error: dict[str, Any] | None) -> str:
    if unsent:
        return "answered while it was at work"
    if status == "interrupted":
        if error:
            return f"{_NOT_USED}: {clean_line(error.get('message', ''), 300)}"
        # Why an answer was not used stays said for as long as its question is open again.
        return run.note if run.note.startswith(_NOT_USED) else ""
    return ""
