"""What an answer of the ledger and an act of the audit look like as rows and in full. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, cast

from mahavishnu_tui.models import Act, LedgerEntry
from mahavishnu_tui.models.act import Deed
from mahavishnu_tui.models.approval import summarise_question
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.times import MIXED, Times
from mahavishnu_tui.widgets.status import Tone
from mahavishnu_tui.widgets.table import Cell, Column, Row

LEDGER_COLUMNS: Final = (
    Column("seq", "#", 5, align="right"),
    Column("at", "AT", 15, priority=2),
    Column("by", "BY", 13, min_width=8),
    Column("run", "RUN", 13, min_width=10, priority=1),
    Column("node", "NODE", 10, priority=4),
    Column("question", "QUESTION", 16, min_width=10, flex=1, priority=3),
    Column("answer", "ANSWER", 10, min_width=8, flex=1),
    Column("became", "BECAME", 22, min_width=16, flex=1),
)
AUDIT_COLUMNS: Final = (
    Column("at", "AT", 15),
    Column("by", "BY", 14, min_width=8),
    Column("did", "DID", 9),
    Column("details", "DETAILS", 30, min_width=10, flex=1),
)
_WORDS: Final[Mapping[Deed, str]] = {
    "start": "started",
    "pause": "paused",
    "resume": "resumed",
    "retry": "retried",
    "fork": "forked",
    "cancel": "cancelled",
    "priority": "priority",
    "move": "moved",
    "answer": "answered",
    "claim": "claimed",
    "release": "released",
    "see": "noticed",
    "escalate": "escalated",
    "expire": "timed out",
    "edit": "edited",
    "rewind": "rewound",
    "tag": "tagged",
    "untag": "untagged",
    "pin": "pinned",
    "unpin": "unpinned",
    "prune": "pruned",
    "delete": "deleted",
    "crash": "crashed",
    "force-cancel": "forced",
    "reschedule": "re-timed",
    "skip": "skipped",
    "change": "changed",
}
_TONES: Final[Mapping[str, Tone]] = {
    "answer": "success",
    "cancel": "warning",
    "fork": "accent",
    "escalate": "error",
    "expire": "error",
}


def became(entry: LedgerEntry) -> Cell:
    """What became of an answer, in a few words."""
    if entry.not_applied:
        return Cell(f"not used: {clean_line(entry.not_applied, 120)}", "warning")
    if entry.applied_at is None:
        return Cell("on its way", "muted")
    then = ", ".join(clean_line(node, 40) for node in entry.then)
    return Cell(f"applied → {then}" if then else "applied", "success")


def ledger_row(entry: LedgerEntry, times: Times) -> Row:
    """An answer in the list."""
    return Row(
        str(entry.seq),
        (
            str(entry.seq),
            Cell(times.day(entry.at), "muted", entry.at),
            clean_line(entry.by, 60),
            clean_line(entry.run_name, 60),
            clean_line(entry.path, 60),
            clean_line(summarise_question(entry.question), 200),
            short(entry.answer),
            became(entry),
        ),
    )


def act_row(act: Act, entries: Mapping[int, LedgerEntry], times: Times = MIXED) -> Row:
    """An act in the audit; an answer says what it was and what became of it."""
    word = _WORDS.get(cast("Deed", act.what), clean_line(act.what, 20))
    return Row(
        str(act.seq),
        (
            Cell(times.day(act.at), "muted", act.at),
            clean_line(act.by, 60),
            Cell(word, _TONES.get(act.what, "")),
            _details(act, entries.get(int(act.details.get("ledger") or 0))),
        ),
    )


def _details(act: Act, entry: LedgerEntry | None) -> Cell:
    told = dict(act.details)
    parts = [str(told.pop("node", ""))]
    if entry is not None:
        told.pop("ledger", None)
        parts += [f"{short(entry.answer)} ({became(entry).text})", f"ledger #{entry.seq}"]
    if told.get("claimed_by"):
        parts.append(f"over the claim of {told.pop('claimed_by')}")
    comment = told.pop("comment", "")
    told.pop("approval", None)
    parts += [f"{key.replace('_', ' ')} {short(value)}" for key, value in told.items()]
    if comment:
        parts.append(f"“{comment}”")
    return Cell(clean_line(" · ".join(part for part in parts if part), 400))


def short(value: Json) -> str:
    """Any JSON value in one line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return clean_line(text, 200)


def proof(entry: LedgerEntry, times: Times) -> dict[str, Any]:
    """Everything about an answer, in the order in which it is read."""
    return {
        "answer": entry.answer,
        "by": entry.by,
        "at": times.whole(entry.at),
        "comment": entry.comment or None,
        "run": f"{entry.run_name} ({entry.run_id})",
        "workflow": entry.workflow,
        "node": entry.path,
        "proof": {
            "ledger": entry.seq,
            "question hash": entry.question_hash,
            "asked at": times.whole(entry.asked_at),
            "asked at checkpoint": entry.checkpoint_id or "not recorded",
            "sent to the engine": times.whole(entry.sent_at) or "not yet",
            "under lease": entry.lease or None,
            "applied": times.whole(entry.applied_at) or entry.not_applied or "not yet",
            "checkpoint after": entry.checkpoint_after or ("not recorded" if entry.applied_at else "none"),
            "nodes that ran next": entry.then,
        },
        "question": entry.question,
    }
