"""The logs of a run, told to the parent as they are made."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from .reply import Channel

LOGGERS = ("prefect.flow_runs", "prefect.task_runs")
MOST_TEXT = 16384


class _Teller(logging.Handler):
    def __init__(self, channel: Channel) -> None:
        super().__init__(logging.INFO)
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
            if record.exc_info:
                text += "\n" + logging.Formatter().formatException(record.exc_info)
        except Exception:  # arguments that do not fit: the record as it is
            text = str(record.msg)
        line = {
            "ev": "log",
            "at": record.created,
            "level": record.levelname.lower(),
            "text": text[:MOST_TEXT],
        }
        task = getattr(record, "task_run_name", None)
        self._channel.say({**line, "task": str(task)} if task else line)


@contextlib.contextmanager
def told_by_logs(channel: Channel) -> Iterator[None]:
    """Say `{"ev": "log", "at", "level", "text", "task"?}` for each line that the run or a task logs."""
    from prefect.logging.configuration import setup_logging

    setup_logging()  # the engine would do it later, and take our handler away
    teller = _Teller(channel)
    loggers = [logging.getLogger(name) for name in LOGGERS]
    for logger in loggers:
        logger.addHandler(teller)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(teller)
