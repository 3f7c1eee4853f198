"""A run on its way, told on a terminal or into a pipe: a line per visit that ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from mahavishnu_tui.models.graph import path_title
from mahavishnu_tui.models.run import NodeVisit, Run
from mahavishnu_tui.models.run_search import where
from mahavishnu_tui.models.spans import duration
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.widgets.status import run_mark, visit_mark

_WIDTH = 100
_ERASE = "\r\x1b[K"


class Progress:
    """Tells each visit once, when it has ended; on a terminal its last line says what is at work.

    Args:
        stream: where to.
        moving: whether the last line may be written over, which only a terminal can.
    """

    def __init__(self, stream: TextIO, *, moving: bool) -> None:
        self._stream = stream
        self._moving = moving
        self._told: set[int] = set()
        self._at_work: dict[int, str] = {}
        self._last = ""

    def seen(self, run: Run, visits: Iterable[NodeVisit]) -> None:
        """Take in how the run stands, and its visits that are new or changed."""
        ended = []
        for visit in visits:
            self._at_work.pop(visit.number, None)
            if visit.outcome == "running":
                self._at_work[visit.number] = visit.path
            elif visit.number not in self._told:
                ended.append(visit)
        for visit in sorted(ended, key=lambda visit: visit.number):
            self._told.add(visit.number)
            self._line(visit_line(visit))
        self._stand(run)

    def close(self) -> None:
        """Take the moving line away."""
        if self._last:
            self._stream.write(_ERASE)
            self._stream.flush()
            self._last = ""

    def _line(self, text: str) -> None:
        self.close()
        self._stream.write(text + "\n")
        self._stream.flush()

    def _stand(self, run: Run) -> None:
        # Of a flow run only its task runs tell where it is.
        place = where(run) or ", ".join(map(path_title, dict.fromkeys(self._at_work.values()))) or run.note
        text = clean_line(f"{run_mark(run.status).label()}  {place}", _WIDTH)
        if self._moving and text != self._last:
            self._stream.write(_ERASE + text)
            self._stream.flush()
            self._last = text


def visit_line(visit: NodeVisit) -> str:
    """One visit: state, node, attempt, how long, and the first line of its error."""
    took = duration(visit.ended_at - visit.started_at) if visit.ended_at is not None else ""
    attempt = f" (attempt {visit.attempt})" if visit.attempt > 1 else ""
    which = f" {clean_line(visit.which, 24)}" if visit.which else ""
    error = f"  {(visit.error.splitlines() or [''])[0]}" if visit.error else ""
    node = clean_line(f"{path_title(visit.path)}{which}{attempt}", 60)
    return clean_line(f"{visit_mark(visit.outcome).label():<13} {node:<28} {took:>7}{error}", 200).rstrip()
