"""What needs an operator as rows, with the cure of each. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mahavishnu_tui.models.filtering import several
from mahavishnu_tui.models.need import Need
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.rows import ENGINES, time_left
from mahavishnu_tui.screens.times import Times
from mahavishnu_tui.widgets import status
from mahavishnu_tui.widgets.need_marks import need_mark
from mahavishnu_tui.widgets.table import Cell, Column, Row

NEED_COLUMNS: Final = (
    Column("kind", "NEEDS", 9),
    Column("where", "WHERE", 16, min_width=12, flex=1),
    Column("what", "WHAT", 24, min_width=14, flex=4),
    Column("engine", "ENG", 3, priority=4),
    Column("who", "WHO", 7, priority=3),
    Column("for", "WAITS", 8, align="right", priority=1),
)
ATTRIBUTES: Final = frozenset({"kind", "run", "workflow", "engine", "by", "pool"})
CURES: Final[Mapping[str, str]] = {
    "approval": "a answers it",
    "paused": "p resumes it",
    "failure": "r retries it, s: seen",
    "late": "S skips them",
    "schedule": "r has its runs made",
    "stuck": "enter shows its cure",
    "host": "enter shows why, s: seen",
    "prefect": "enter shows how it is started",
    "server": "it has to come back",
    "disk": "free space; they go on by themselves",
}
"""What helps, in few words: what is needed is read beside it, and its keys are in the row below."""
_LOOKING: Final = frozenset({"stuck", "prefect", "server", "disk"})
"""Those whose cure is no act: it is told where one only looks, too."""


def cure(need: Need, readonly: bool) -> str:
    """What helps with a need; a read-only dashboard only shows it."""
    known = CURES.get(need.kind, "")
    return "enter shows it" if readonly and known and need.kind not in _LOOKING else known


def need_row(need: Need, times: Times, ascii_only: bool) -> Row:
    """A need in the list."""
    mark = need_mark(need.kind)
    holder = clean_line(need.holder(times.now).partition("@")[0], 20)
    what = clean_line(need.what, 300)
    if need.escalated:
        often = f" {need.escalated}{'x' if ascii_only else '×'}" if need.escalated > 1 else ""
        what = f"ESCALATED{often} {'-' if ascii_only else '·'} {what}"
    return Row(
        need.key,
        (
            Cell(mark.label(ascii_only), mark.tone),
            clean_line(need.where, 80),
            Cell(what, "error" if need.escalated else ""),
            Cell(ENGINES.get(need.engine, ""), "muted"),
            Cell(f"{'@' if ascii_only else '✎'} {holder}" if holder else "", "accent"),
            time_left(need.since, need.due, times),
        ),
    )


def need_attributes(need: Need, now: float) -> Mapping[str, str]:
    """What `/` searches in a need."""
    return {
        "text": " ".join((need.kind, need.where, need.what, need.workflow, need.run_id)),
        "kind": several(need.kind, need_mark(need.kind).word),
        "run": several(need.where, need.run_id),
        "workflow": need.workflow,
        "engine": need.engine,
        "by": need.holder(now),
        "pool": need.pool,
        "age": str(now - need.since),
    }


def until_step(needs: list[Need], times: Times) -> float | None:
    """Seconds until one of the rows reads differently by itself."""
    now = times.now
    steps = [need.claim_until - now for need in needs if need.holder(now) and need.claim_until]
    due = [need.due - now for need in needs if need.due is not None]
    if times.fixed:
        steps += [step for left in due for step in (left - 600, left) if step > 0]
    else:
        steps += [60 - (now - need.since) % 60 for need in needs]
        steps += map(status.until_step, due)
    return min(steps, default=None)
