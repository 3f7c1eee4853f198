"""What the code in this process prints and logs, given to the run that says it.

What belongs to no run goes to the host's own log, as do writes to the file descriptors themselves, by C code
or child processes.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import Any, TextIO

from langchain_core.runnables.config import var_child_runnable_config

from mahavishnu_tui.engines.langgraph.runlog import RunLog, process
from mahavishnu_tui.engines.langgraph.voices import Speaker, Voices
from mahavishnu_tui.models.said import MAX_TEXT, SaidLevel, SaidStream

NOISE = ("langsmith", "langchain_core.tracers")
"""Loggers whose trouble is the host's, not a run's: tracing goes on beside the runs."""
_MOST_PARTS = 256
"""Of a line that is begun, before they are put together."""


class _Ear:
    """Whom a stream heard last in one thread. Somebody may print a million lines: one look-up will do."""

    __slots__ = ("begun", "config", "speaker")

    def __init__(self) -> None:
        self.config: Any = None
        self.speaker: Speaker | None = None
        self.begun: list[str] = []


class _Ears(threading.local):
    """Of the thread that runs now. Its one attribute is read once per text: that is what costs."""

    def __init__(self) -> None:
        self.mine = _Ear()


_logging = set[int]()
"""Threads that write a record which was taken down: what its handlers print is for the host's log."""


class RunStream(io.TextIOBase):
    """Stands for `sys.stdout` or `sys.stderr`; whole lines of a run go to its log.

    Args:
        real: the stream that it stands for.
        name: `stdout` or `stderr`.
        voices: know who speaks.
    """

    def __init__(self, real: TextIO, name: SaidStream, voices: Voices) -> None:
        self._real = real
        self._name: SaidStream = name
        self._level: SaidLevel = "warning" if name == "stderr" else "info"
        self._voices = voices
        self._ears = _Ears()
        self._lock = threading.Lock()
        self._begun: dict[tuple[RunLog, int], list[str]] = {}
        """The parts of the line that a visit has begun."""
        self._seen: dict[tuple[RunLog, int], tuple[int, str]] = {}
        """How many parts there were at the last `linger`, and the newest of them."""

    def write(self, text: str) -> int:
        """Take down a text."""
        if process.forked or (_logging and threading.get_ident() in _logging):
            return self._real.write(text)
        mine = self._ears.mine
        config = var_child_runnable_config.get()
        speaker = mine.speaker
        if mine.config is not config or config is None or speaker is None or not speaker.log.open:
            speaker = self._recognise(mine, config)
        if speaker is None or not isinstance(text, str):
            return self._real.write(text)
        if text == "\n":  # the last that a print writes
            taken = self._take_line(speaker, mine.begun)
        elif "\n" in text or "\r" in text or len(mine.begun) >= _MOST_PARTS or len(text) >= MAX_TEXT:
            taken = self._take(speaker, mine.begun, text)
        else:
            mine.begun.append(text)
            taken = True
        return len(text) if taken else self._real.write(text)

    def _recognise(self, mine: _Ear, config: Any) -> Speaker | None:
        mine.config, mine.speaker = config, self._voices.speaker()
        if mine.speaker is not None:
            key = (mine.speaker.log, mine.speaker.visit)
            with self._lock:
                mine.begun = self._begun.setdefault(key, [])
        return mine.speaker

    def _take_line(self, speaker: Speaker, begun: list[str]) -> bool:
        """What was begun is a line."""
        with self._lock:
            parts = begun[:]
            del begun[: len(parts)]
        return self._say(speaker, ["".join(parts)])

    def _take(self, speaker: Speaker, begun: list[str], text: str) -> bool:
        with self._lock:
            parts = begun[:]
            del begun[: len(parts)]
            *lines, rest = "".join([*parts, text]).split("\n")
            rest = _overdrawn(rest)
            if len(rest) > MAX_TEXT:
                lines, rest = [*lines, rest], ""
            if rest:
                begun.insert(0, rest)
        return not lines or self._say(speaker, lines)

    def _say(self, speaker: Speaker, lines: list[str]) -> bool:
        shown = [_overdrawn(line).rstrip("\r") if "\r" in line else line for line in lines]
        return speaker.log.say(speaker.visit, self._name, shown, self._level)

    def end(self, log: RunLog, visit: int | None = None) -> None:
        """What a visit (or any of the run's) has begun and not ended with a newline is a line too."""
        with self._lock:
            ended = [(log, visit)] if visit is not None else [key for key in self._begun if key[0] is log]
            rests = [(key, "".join(self._begun.pop(key, ()))) for key in ended]
        for key, rest in rests:
            if rest:
                self._say(Speaker(*key), [rest])

    def linger(self) -> None:
        """A line that was begun and has not grown since the last call is said as it is.

        Called every second: it may be the last word before the process dies, or wait for something long.
        """
        said: list[tuple[tuple[RunLog, int], str]] = []
        with self._lock:
            now = {key: (len(parts), parts[-1]) for key, parts in self._begun.items() if parts}
            for key, size in now.items():
                if self._seen.get(key) == size:
                    begun = self._begun[key]
                    parts = begun[:]  # its own thread may add to it meanwhile
                    del begun[: len(parts)]
                    said.append((key, "".join(parts)))
            self._seen = now
        for key, text in said:
            if text:
                self._say(Speaker(*key), [text])

    def flush(self) -> None:
        """Flush the real stream; lines of runs are not kept back."""
        self._real.flush()

    def isatty(self) -> bool:
        """Never: it goes to files."""
        return False

    def writable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """The descriptor of the host's log, for child processes."""
        return self._real.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of the host's log."""
        return self._real.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """That of the host's log."""
        return self._real.errors

    @property
    def buffer(self) -> Any:
        """Bytes go to the host's log."""
        return self._real.buffer

    def reconfigure(self, **changes: Any) -> None:
        """Change the real stream."""
        self._real.reconfigure(**changes)  # type: ignore[attr-defined]


class Capture:
    """The streams and loggers of this process, led to the logs of its runs.

    Args:
        voices: know who speaks.
    """

    def __init__(self, voices: Voices) -> None:
        self._voices = voices
        self._streams: list[RunStream] = []

    def install(self, level: SaidLevel) -> None:
        """Begin; before any code of the project is imported.

        Args:
            level: the least that loggers pass on, until the project's code sets it otherwise.
        """
        out, err = (
            RunStream(sys.stdout, "stdout", self._voices),
            RunStream(sys.stderr, "stderr", self._voices),
        )
        sys.stdout, sys.stderr = out, err
        self._streams = [out, err]
        self._voices.on_end(self.end)
        logging.getLogger().setLevel(level.upper())
        original = logging.Logger.callHandlers
        voices = self._voices

        def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
            # The handlers write to the host's log what the run has already.
            with _as_logging(_taken_down(voices, record)):
                original(logger, record)

        logging.Logger.callHandlers = call_handlers  # type: ignore[method-assign, assignment]

    def linger(self) -> None:
        """A second has passed: take down the lines that were begun and have not grown since."""
        for stream in self._streams:
            stream.linger()

    def end(self, log: RunLog, visit: int | None = None) -> None:
        """A visit, or the whole dispatch, is over: take down what it began."""
        for stream in self._streams:
            stream.end(log, visit)


def _overdrawn(line: str) -> str:
    """What is left of a line that draws over itself, as progress bars do."""
    return line[line.rfind("\r", 0, len(line) - 1) + 1 :]


@contextlib.contextmanager
def _as_logging(taken: bool) -> Iterator[None]:
    """Whatever this thread prints meanwhile is for the host's log, where the record is `taken` down."""
    me = threading.get_ident()
    taken = taken and me not in _logging
    if taken:
        _logging.add(me)
    try:
        yield
    finally:
        if taken:
            _logging.discard(me)


def _taken_down(voices: Voices, record: logging.LogRecord) -> bool:
    """Whether a record is the host's to print: its run has it, or no run is to have it."""
    if record.name.startswith(NOISE):
        return True
    speaker = voices.speaker()
    if speaker is None or threading.get_ident() in _logging:
        return False
    return speaker.log.say(speaker.visit, "log", [_text(record)], _level(record.levelno), record.name[:200])


def _text(record: logging.LogRecord) -> str:
    try:
        text = record.getMessage()
    except Exception:  # the arguments do not fit: logging itself says so, to the host's log
        text = str(record.msg)
    if record.exc_info and record.exc_info[0] is not None:
        text += "\n" + "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
    elif record.exc_text:
        text += "\n" + record.exc_text
    return f"{text}\n{record.stack_info}" if record.stack_info else text


def _level(number: int) -> SaidLevel:
    if number >= logging.CRITICAL:
        return "critical"
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warning"
    return "info" if number >= logging.INFO else "debug"
