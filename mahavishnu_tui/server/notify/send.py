"""A process that sends one message and ends: apprise, its memory and its waiting stay out of the server.

It reads `{"url", "title", "body", "tone"}` from standard input, so that no address stands in an argument or a
variable that others may read, and writes `{"ok", "error"}`.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from typing import Final

from mahavishnu_tui.server.notify.scrubbing import scrub

BAD_URL = "its url is none that apprise understands"
NO_REASON = "it was not taken, and nobody says why"


_CAUSE: Final = "Socket Exception: "
"""Before what apprise says only to those who debug: a password was refused, a name is unknown."""
_CAUSES: Final = (
    re.compile(r"\((?P<why>\d{3}, b?['\"].*)['\"][,)]", re.DOTALL),
    re.compile(r"\[Errno -?\d+\] (?P<why>[\w ]+)"),
    re.compile(r"\[SSL: \w+\] (?P<why>[^(']+)"),
    re.compile(r"(?P<why>timed out)"),
)


class _Reasons(logging.Handler):
    """Keeps what apprise complains of."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []
        self.cause = ""

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            self.said.append(record.getMessage())
        elif isinstance(record.msg, str) and record.msg.startswith(_CAUSE):
            self.cause = _cause(record.getMessage())

    @property
    def reason(self) -> str:
        """The last complaint, with its cause."""
        said = self.said[-1].strip().rstrip(".") if self.said else NO_REASON
        return f"{said}: {self.cause}" if self.cause else said


def _cause(text: str) -> str:
    """What an exception's text says: the answer of a mail server, or why there is no connection."""
    for pattern in _CAUSES:
        if found := pattern.search(text):
            return re.sub(r", b?['\"]|\\[nr]|\s", " ", found["why"]).strip()
    return ""


def deliver(order: dict[str, str]) -> dict[str, object]:
    """Send it; never raises."""
    try:
        import apprise
    except ImportError:
        return {"ok": False, "error": "apprise is not installed: pip install apprise"}
    reasons = _Reasons()
    logger = logging.getLogger("apprise")
    logger.addHandler(reasons)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        target = apprise.Apprise.instantiate(order["url"], suppress_exceptions=True)
        if target is None:
            return {"ok": False, "error": BAD_URL}
        if "title" not in order:
            return {"ok": True, "error": ""}
        # Else many take it for HTML or Markdown: without line breaks, and with whatever marks a name holds.
        target.notify_format = apprise.NotifyFormat.TEXT
        ok = target.notify(
            body=order["body"],
            title=order["title"],
            notify_type=apprise.NotifyType(order["tone"]),
            body_format=apprise.NotifyFormat.TEXT,
        )
    except Exception as error:  # a plugin's fault is the target's
        ok, reasons.said = False, [*reasons.said, f"{type(error).__name__}: {error}"]
    if ok:
        return {"ok": True, "error": ""}
    return {"ok": False, "error": scrub(reasons.reason, order["url"])}


def main() -> int:
    """Read, send, say how it went."""
    order = json.load(sys.stdin)
    # What a plugin prints is nobody's answer.
    answer = os.dup(1)
    with open(os.devnull, "wb") as sink:
        os.dup2(sink.fileno(), 1)
    result = deliver(order)
    os.write(answer, json.dumps(result).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
