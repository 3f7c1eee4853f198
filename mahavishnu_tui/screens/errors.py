"""`ErrorsScreen`: every error of this session, newest first, with its full text."""

from __future__ import annotations

from mahavishnu_tui.models.text import clean
from mahavishnu_tui.screens.document import DocumentScreen
from mahavishnu_tui.screens.session import ErrorEntry, Session
from mahavishnu_tui.screens.times import Times

_SHOWN = ("code", "message", "hint")


class ErrorsScreen(DocumentScreen):
    """The history behind the message row."""

    def __init__(self, session: Session) -> None:
        entries, times = list(session.errors)[::-1], session.times.still
        text = "\n\n".join(error_text(entry, times) for entry in entries) or "No error in this session."
        super().__init__(session, f"errors · {len(entries)} of this session, newest first", text=text)


def error_text(entry: ErrorEntry, told: Times) -> str:
    """An error in full: when, what, what to do, and every detail."""
    error = entry.error
    times = f"  {entry.times} times, this is the last" if entry.times > 1 else ""
    lines = [f"{told.clock(entry.at)}  {error.code.value}{times}", f"  {error.message}"]
    if error.hint:
        lines.append(f"  → {error.hint}")
    for key, value in error.details.items():
        if key not in _SHOWN and value not in (None, "", [], {}):
            lines.append(f"  {key}:")
            for item in value if isinstance(value, list) else [value]:
                lines += [f"    {line}" for line in clean(item).splitlines()]
    return "\n".join(lines)
