"""What needs an operator in glyphs and words: one row's, and the sum of all. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from mahavishnu_tui.models.need import KINDS, Need, NeedKind
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.widgets import status
from mahavishnu_tui.widgets.status import Mark, Tone

_MARKS: Final[dict[str, Mark]] = {
    "approval": Mark("✋", "?", "answer", "warning"),
    "paused": Mark("⏸", "=", "paused", "warning"),
    "failure": Mark("✘", "x", "failed", "error"),
    "late": Mark("◷", "@", "late", "warning"),
    "schedule": Mark("◷", "@", "no runs", "warning"),
    "stuck": Mark("⚠", "!", "stuck", "error"),
    "pool": Mark("⚠", "!", "worker", "error"),
    "host": Mark("⚠", "!", "host", "error"),
    "prefect": Mark("⚠", "!", "prefect", "error"),
    "server": Mark("⚠", "!", "server", "error"),
    "disk": Mark("⚠", "!", "disk", "error"),
}
_SUMS: Final[dict[NeedKind, tuple[str, str]]] = {
    "approval": ("answer", "answers"),
    "paused": ("paused", "paused"),
    "failure": ("failure", "failures"),
    "late": ("late", "late"),
    "schedule": ("schedule without runs", "schedules without runs"),
    "stuck": ("stuck", "stuck"),
    "pool": ("pool without workers", "pools without workers"),
    "host": ("host failed", "hosts failed"),
    "prefect": ("Prefect away", "Prefect away"),
    "server": ("server away", "servers away"),
    "disk": ("disk full", "disk full"),
}
_NAMED: Final = ("pool", "host", "server")
"""Kinds of which a single one is named."""


class Sum(NamedTuple):
    """All needs of one kind, in a few words."""

    text: str
    """`✋ 2 answers (1 in 4m)`."""
    tone: Tone


def need_mark(kind: str) -> Mark:
    """The look of a `NeedKind`."""
    return _MARKS.get(kind) or Mark("⚠", "!", clean_line(kind, 10), "warning")


def sums(needs: Sequence[Need], now: float, ascii_only: bool) -> list[Sum]:
    """What there is of each kind, in the order in which kinds are listed."""
    found = []
    for kind in KINDS:
        own = [need for need in needs if need.kind == kind]
        if own:
            mark = need_mark(kind)
            found.append(Sum(f"{mark.sign(ascii_only)} {_said(kind, own, now)}", mark.tone))
    return found


def next_change(needs: Sequence[Need], now: float) -> float | None:
    """Seconds until `sums` may read differently by themselves; None while nothing in them grows old."""
    times = [status.until_step(need.due - now) for need in needs if need.due is not None and need.due > now]
    times += [need.claim_until - now for need in needs if need.holder(now) and need.claim_until is not None]
    return min(times, default=None)


def _said(kind: NeedKind, own: Sequence[Need], now: float) -> str:
    # One need stands for all late runs of a deployment.
    count = sum(need.count for need in own) if kind == "late" else len(own)
    one, many = _SUMS[kind]
    if kind == "prefect" or kind == "disk":
        said = one
    elif count == 1 and kind in _NAMED:
        where = clean_line(own[0].where, 24)
        said = {"pool": f"{where}: {_gone(own[0])}", "host": f"host {where} failed"}.get(
            kind, f"{where} away"
        )
    else:
        said = f"{count:,} {one if count == 1 else many}"
    notes = [note for note in (_urgent(own, now), _held(own, now)) if note]
    return f"{said} ({', '.join(notes)})" if notes else said


def _gone(need: Need) -> str:
    return clean_line(need.what.partition(";")[0], 40)


def _urgent(own: Sequence[Need], now: float) -> str:
    escalated = sum(bool(need.escalated) for need in own)
    if escalated:
        return f"{escalated:,} escalated"
    due = [need.due for need in own if need.due is not None]
    return f"{len(due):,} {status.until(min(due) - now)}" if due else ""


def _held(own: Sequence[Need], now: float) -> str:
    """`ana on 2`: who has claimed some of them."""
    by: dict[str, int] = {}
    for need in own:
        name = need.holder(now).partition("@")[0]
        if name:
            by[name] = by.get(name, 0) + 1
    return ", ".join(f"{clean_line(name, 16)} on {count}" for name, count in sorted(by.items())[:2])
