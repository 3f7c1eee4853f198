"""The server's log file, and the tails of logs that clients ask for."""

from __future__ import annotations

import logging
import logging.handlers
import os
from pathlib import Path
from typing import NamedTuple

from mahavishnu_tui.models.text import clean
from mahavishnu_tui.settings.paths import open_private

_BYTES = 4 * 1024 * 1024
_KEPT = 3
_TAIL_BYTES = 2 * 1024 * 1024
_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_PACKAGE = "mahavishnu_tui."
"""Left out of the names: all are of it, and a terminal has 80 columns."""
ROOT = f"{_PACKAGE}server"


class _OneLine(logging.Formatter):
    """Outside text in a message cannot begin a new line of the log, nor reach a terminal as control bytes."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        short = logging.makeLogRecord({**vars(record), "name": record.name.removeprefix(_PACKAGE)})
        return clean(super().formatMessage(short)).replace("\n", "⏎")


def open_log(path: Path, level: str) -> logging.Handler:
    """Send this package's log lines to a rotating file, private to its owner; the handler, to be closed."""
    os.close(open_private(path))
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8")
    handler.setFormatter(_OneLine(_FORMAT))
    for name in (ROOT, "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.propagate = False
    logging.getLogger(ROOT).setLevel(level)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    return handler


def close_log(handler: logging.Handler) -> None:
    """Undo `open_log`."""
    for name in (ROOT, "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.removeHandler(handler)
        logger.propagate = True
    handler.close()


class Tail(NamedTuple):
    """The last lines of a file, cleaned."""

    lines: list[str]
    end: int
    """The byte behind them: what is added later begins here."""


def tail(path: Path, lines: int) -> Tail:
    """The last lines of a file; empty when there is none. Reads at most 2 MiB."""
    try:
        with path.open("rb") as handle:
            size = handle.seek(0, os.SEEK_END)
            handle.seek(max(0, size - _TAIL_BYTES))
            text = handle.read(min(size, _TAIL_BYTES)).decode(errors="replace")
    except OSError:
        return Tail([], 0)
    return Tail(clean(text).splitlines()[-lines:] if lines > 0 else [], size)
