"""What the search has found, as rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mahavishnu_tui.models import Run
from mahavishnu_tui.models.run_search import flow_name
from mahavishnu_tui.models.search import SearchField, SearchHit
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.rows import ENGINES, began
from mahavishnu_tui.screens.times import Times
from mahavishnu_tui.widgets.status import run_mark
from mahavishnu_tui.widgets.table import Cell, Column, Row

FOUND_COLUMNS: Final = (
    Column("state", "STATE", 11),
    Column("run", "RUN", 16, min_width=12, flex=1),
    Column("workflow", "WORKFLOW", 14, min_width=10, flex=1, priority=2),
    Column("engine", "ENG", 3, priority=3),
    Column("where", "IN", 10, priority=1),
    Column("text", "FOUND", 24, flex=4),
    Column("began", "BEGAN", 8, priority=4),
)
TABS: Final[Mapping[SearchField, str]] = {
    "error": "errors",
    "node": "timeline",
    "question": "audit",
    "answer": "audit",
    "input": "io",
}
"""The tab of a run that shows the place."""
AT_PREFECT: Final = "at Prefect"
_BEFORE = 10
"""Characters shown before what was found, where there is little room."""


def hit_row(hit: SearchHit, times: Times, ascii_only: bool) -> Row:
    """A run with the place where the text was found."""
    return _row(hit.run, hit.field, _around(hit, ascii_only), times, ascii_only)


def older_row(run: Run, times: Times, ascii_only: bool) -> Row:
    """A flow run that only Prefect has."""
    return _row(run, AT_PREFECT, "older than what is mirrored here", times, ascii_only, muted=True)


def _row(run: Run, where: str, text: str, times: Times, ascii_only: bool, muted: bool = False) -> Row:
    mark = run_mark(run.status, run.state)
    at = began(run)
    return Row(
        run.id,
        (
            Cell(mark.label(ascii_only), mark.tone),
            clean_line(run.name, 60),
            clean_line(flow_name(run), 60),
            Cell(ENGINES.get(run.engine, clean_line(run.engine, 3)), "muted"),
            Cell(where, "muted" if muted else "accent"),
            Cell(text, "muted" if muted else ""),
            Cell(times.began(at), "muted", at),
        ),
    )


def _around(hit: SearchHit, ascii_only: bool) -> str:
    """The place, from a little before what was found on: it has to be seen in a narrow column too."""
    begin = hit.start - _BEFORE
    if begin <= 0:
        return clean_line(hit.text)
    return ("..." if ascii_only else "…") + clean_line(hit.text[begin:].lstrip("…"))
