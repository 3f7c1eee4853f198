"""What a notification says: plain text, without what payloads and errors say unless that is wanted."""

from __future__ import annotations

import dataclasses
import datetime
import socket
from collections.abc import Sequence

from mahavishnu_tui.models.context import DEFAULT
from mahavishnu_tui.models.need import approval_key
from mahavishnu_tui.models.notifying import Occurrence
from mahavishnu_tui.models.spans import in_words
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.store.outbox import Row

_LONGEST = 300
_MOST_LISTED = 50
_OURS = frozenset({"late", "stuck", "dead_worker", "lost", "disk", "recovered"})
"""Of these `what` is a sentence of ours; elsewhere it holds words of a payload or an error."""


@dataclasses.dataclass(frozen=True)
class Letter:
    """What goes out."""

    title: str
    body: str
    tone: str = "info"
    """`info`, `success`, `warning` or `failure`, where the service shows that."""


@dataclasses.dataclass(frozen=True)
class Writer:
    """Writes letters for one server."""

    context: str
    dashboard: str = ""
    host: str = dataclasses.field(default_factory=lambda: socket.gethostname().partition(".")[0])

    def letter(self, rows: Sequence[Row], *, details: bool, now: float) -> Letter:
        """Of one row, or of several as a digest."""
        if len(rows) == 1:
            return self._one(rows[0], details, now)
        about = [row.occurrence for row in rows]
        listed = [f"- {subject(item, now)}" for item in about[:_MOST_LISTED]]
        if len(about) > _MOST_LISTED:
            listed.append(f"- and {len(about) - _MOST_LISTED:,} more")
        lines = [*listed, "", *self._from(), f"dashboard: {self._dashboard()}"]
        return Letter(self._title(f"{len(about):,} things"), "\n".join([*lines, *_doubt(rows)]), "warning")

    def test(self, by: str) -> Letter:
        """What `mahavishnu notify test` sends."""
        lines = [f"{clean_line(by, 80)} has asked for this test.", "", *self._from()]
        return Letter(self._title("a test"), "\n".join(lines))

    def _one(self, row: Row, details: bool, now: float) -> Letter:
        about = row.occurrence
        facts = [
            ("what", about.what if details or about.kind in _OURS else ""),
            ("run", about.where if about.run_id else ""),
            ("workflow", about.workflow),
            ("deployment", about.deployment),
            ("node", about.node),
            ("pool", about.pool),
            ("code", about.code),
            ("since", _moment(about.since)),
            ("deadline", _moment(about.due) if about.due is not None else ""),
            ("claimed by", about.claimed_by),
            ("told before", "yes, and it is still so" if row.repeat else ""),
        ]
        lines = [f"{name}: {clean_line(text, _LONGEST)}" for name, text in facts if text]
        lines += ["", *self._from()]
        command = self._command(about)
        if command:
            lines.append(f"command: {command}")
        lines += [f"dashboard: {self._dashboard()}", *_doubt([row])]
        return Letter(self._title(subject(about, now)), "\n".join(lines), _tone(about))

    def _title(self, text: str) -> str:
        where = "mahavishnu" if self.context == DEFAULT else f"mahavishnu {self.context}"
        return clean_line(f"[{where}] {text}", 200)

    def _from(self) -> list[str]:
        return [f"context: {self.context}", f"host: {clean_line(self.host, 80)}"]

    def _dashboard(self) -> str:
        return self.dashboard or f"ssh {clean_line(self.host, 80)} -t mahavishnu{self._context_flag()}"

    def _context_flag(self) -> str:
        return "" if self.context == DEFAULT else f" --context {self.context}"

    def _command(self, about: Occurrence) -> str:
        # Of a question itself: its run may ask several, or have gone on to another one.
        asked = about.kind in ("approval", "deadline", "escalation")
        about_id = about.need.removeprefix(approval_key("")) if asked else about.run_id
        # A name that a shell would take apart is not put into a command.
        if not about_id.replace("-", "").replace(".", "").isalnum():
            return ""
        group = "prefect" if about.engine == "prefect" else "langgraph"
        act = {
            "approval": f"{group} approve",
            "deadline": f"{group} approve",
            "escalation": f"{group} approve",
            "failure": "prefect retry" if group == "prefect" else "langgraph resume",
            "crashed": "prefect retry" if group == "prefect" else "langgraph resume",
        }.get(about.kind)
        return f"mahavishnu {act} {about_id}{self._context_flag()}" if act else ""


def subject(about: Occurrence, now: float) -> str:
    """What it is about, in a line."""
    where, workflow = clean_line(about.where, 80), clean_line(about.workflow, 60)
    run = f"{where} ({workflow})" if workflow and workflow != where else where
    if about.kind == "recovered":
        return f"over: {run}"
    many = f"{about.count:,} run{'' if about.count == 1 else 's'}"
    left = in_words(max(0.0, round((about.due or now) - now)))
    return {
        "approval": f"{run} waits for an answer",
        "deadline": f"{run}: {left} left for an answer" if (about.due or 0) > now else f"{run}: the deadline",
        "escalation": f"{run}: nobody has answered, deadline {about.number} has passed",
        "failure": f"{run} has failed",
        "crashed": f"{run} has crashed",
        "late": f"{where}: {many} late" if about.count else f"{where}: its schedule makes no runs",
        "stuck": f"{run} is stuck",
        "dead_worker": f"pool {where}: no worker takes its runs, {about.count:,} waiting",
        "host_failed": f"the engine host of {where} cannot be started",
        "lost": f"{where} is away",
        "disk": f"the disk is full, {many} waiting",
    }[about.kind]


def _tone(about: Occurrence) -> str:
    if about.kind == "recovered":
        return "success"
    return "info" if about.kind == "approval" else "warning" if about.kind == "deadline" else "failure"


def _doubt(rows: Sequence[Row]) -> list[str]:
    """A server that ends while it sends cannot know whether that went out."""
    return ["This may have been sent before."] if any(row.doubt for row in rows) else []


def _moment(at: float) -> str:
    return datetime.datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
