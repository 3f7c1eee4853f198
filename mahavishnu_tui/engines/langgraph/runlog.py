"""What the code of a run says, on its way into a file of its own.

The host writes it, not the server: one append in the thread that speaks, before its `print` returns. What was
said is then in the system's hands, and neither `kill -9` of this process nor of the server takes it back.
The last words before a crash are what an operator needs most. Nothing of it passes through the socket or
`engine.db`; the server is told, a few times a second, that there is more to read.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from json.encoder import encode_basestring
from pathlib import Path

from mahavishnu_tui.models.said import MAX_TEXT, SaidLevel, SaidStream, said_files

TICK = 0.2
"""Seconds between two looks at what floods gather, and between two notices of a run."""
BURST = 2000
"""Lines of a tick that are written at once after the beginning; of more, the newest `HELD` are kept."""
HELD = 2000
_LOOK_BACK = 256 * 1024
_DISK_PAUSE = 5.0
"""Seconds without a write after the disk said no."""

_Said = tuple[int, float, int, str, str, str, str]
Moved = Callable[[int], None]
"""Called with the number of the newest line."""


class _Process:
    """A forked child has locks and numbers as they were at the fork: its words stay in the host's log."""

    def __init__(self) -> None:
        self.forked = False
        os.register_at_fork(after_in_child=self._fork)

    def _fork(self) -> None:
        self.forked = True


process = _Process()
"""This one."""


class RunLog:
    """The log of one dispatch; any thread may speak. Nothing raises: who prints is not to blame for the disk.

    Args:
        folder: where the logs of all runs are.
        run_id: of the run.
        limit: bytes that the run may keep.
        moved: told of new lines, once in a `TICK`.
    """

    def __init__(self, folder: Path, run_id: str, limit: int, moved: Moved) -> None:
        self._head, self._before, self._now = said_files(folder, run_id)
        self._limit = limit
        self._moved = moved
        self._lock = threading.RLock()
        self._speaking = False
        self._burst = 0
        self._held: deque[_Said] = deque(maxlen=HELD)
        self._told = 0
        self._refused_until = 0.0
        self._torn = False
        self._file = -1
        self._number = 0
        self._in_head = True
        self.open = True
        """Whether the dispatch goes on."""

    def _begin(self) -> None:
        """Open the file with the first word: most runs say nothing. What an earlier dispatch said stays."""
        self._head.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        last = _last_number(self._now) or _last_number(self._before) or _last_number(self._head)
        self._number = max(self._number, last)
        in_head = not self._now.exists() and _size(self._head) < self._limit // 2
        self._open(self._head if in_head else self._now)

    def say(
        self,
        visit: int,
        stream: SaidStream,
        texts: list[str],
        level: SaidLevel = "info",
        logger: str = "",
    ) -> bool:
        """Take down lines; False when that cannot be done here: in a forked child, or amid a line."""
        if process.forked:
            return False
        with self._lock:
            if self._speaking or not self.open:
                return False
            self._speaking = True
            try:
                if self._file < 0:
                    if time.monotonic() < self._refused_until:
                        return False
                    self._begin()
                at = time.time()
                for text in texts:
                    self._number += 1
                    self._burst += 1
                    self._held.append((self._number, at, visit, stream, level, logger, text))
                    if len(self._held) == HELD and self._may_write:
                        self._flush()
                if self._may_write:
                    self._flush()
            except OSError:  # no file can be had: the host's log takes it
                self._refused_until = time.monotonic() + _DISK_PAUSE
                return False
            finally:
                self._speaking = False
        return True

    def tick(self) -> None:
        """Write what a flood has left, and tell of what is new."""
        with self._lock:
            self._burst = 0
            self._flush()
            news = self._number if self._number != self._told else 0
            self._told = self._number
        if news:
            self._moved(news)

    def close(self) -> None:
        """Write what is left and close the file."""
        self.tick()
        with self._lock:
            self.open = False
            file, self._file = self._file, -1
            if file >= 0:
                os.close(file)

    @property
    def _may_write(self) -> bool:
        """The beginning is kept whole; after that a flood would only wash itself away, line by line."""
        return self._in_head or self._burst <= BURST

    def _flush(self) -> None:
        """Write what is held, of very much only the newest."""
        if not self._held or self._file < 0:
            return
        rows = "".join([_row(*said) for said in self._held]).encode("utf-8", "replace")
        self._held.clear()
        most = self._limit // 4
        self._write(rows if len(rows) <= most else _newest(rows, most))

    def _write(self, rows: bytes) -> None:
        """Append; what the disk refuses is dropped, and its numbers will be missing."""
        if self._refused_until and time.monotonic() < self._refused_until:
            return
        try:
            self._turn(len(rows))
            whole = b"\n" + rows if self._torn else rows
            written = os.write(self._file, whole)
            self._size += written
            self._torn = written != len(whole)
            self._refused_until = time.monotonic() + _DISK_PAUSE if self._torn else 0.0
        except OSError:
            self._refused_until = time.monotonic() + _DISK_PAUSE

    def _turn(self, more: int) -> None:
        """Go on in the next file when this one has had its share: a half, then a quarter each."""
        if self._in_head and self._size + more > self._limit // 2:
            self._reopen(self._now)
        if not self._in_head and self._size and self._size + more > self._limit // 4:
            os.replace(self._now, self._before)
            self._reopen(self._now)

    def _reopen(self, path: Path) -> None:
        file, self._file = self._file, -1
        os.close(file)
        self._open(path)

    def _open(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._size = os.fstat(self._file).st_size
        self._in_head = path == self._head
        self._torn = bool(self._size) and _tail(path, 1) != b"\n"


class RunLogs:
    """The logs of the runs of one process, and the thread that looks after them.

    Args:
        folder: where they are kept.
        limit: bytes that each run may keep.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._logs: dict[str, RunLog] = {}
        self._stop = threading.Event()
        threading.Thread(target=self._look_after, name="run-logs", daemon=True).start()

    def get(self, run_id: object) -> RunLog | None:
        """The log of a run that is at work here."""
        return self._logs.get(run_id) if isinstance(run_id, str) else None

    def open(self, run_id: str, moved: Moved) -> None:
        """Begin the log of a dispatch."""
        self._logs[run_id] = RunLog(self._folder, run_id, self._limit, moved)

    def end(self, run_id: str) -> None:
        """The dispatch is over: what is said from now on is nobody's."""
        log = self._logs.pop(run_id, None)
        if log is not None:
            log.close()

    def close(self) -> None:
        """End them all."""
        self._stop.set()
        for run_id in list(self._logs):
            self.end(run_id)

    def _look_after(self) -> None:
        while not self._stop.wait(TICK):
            for log in list(self._logs.values()):
                with contextlib.suppress(Exception):  # whatever it is, the other runs have their logs
                    log.tick()


def _row(number: int, at: float, visit: int, stream: str, level: str, logger: str, text: str) -> str:
    if len(text) > MAX_TEXT:
        text = _cut(text)
    name = encode_basestring(logger) if logger else '""'
    return (
        f'{{"number":{number},"at":{at:.6f},"visit":{visit},"stream":"{stream}",'
        f'"level":"{level}","logger":{name},"text":{encode_basestring(text)}}}\n'
    )


def _newest(rows: bytes, most: int) -> bytes:
    """The last of these rows, of `most` bytes together; one at least."""
    begin = rows.find(b"\n", len(rows) - most - 1, -1) + 1
    return rows[begin or rows.rfind(b"\n", 0, -1) + 1 :]


def _cut(text: str) -> str:
    """Both ends of a long text: a traceback says what happened in its last line."""
    left = len(text) - MAX_TEXT
    half = MAX_TEXT // 2
    return f"{text[:half]}… {left:,} characters dropped …{text[-half:]}"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _tail(path: Path, length: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(-min(length, file.seek(0, os.SEEK_END)), os.SEEK_END)
            return file.read()
    except OSError:
        return b""


def _last_number(path: Path) -> int:
    """The number of the last whole line of a file; 0 when it has none."""
    for line in reversed(_tail(path, _LOOK_BACK).splitlines()):
        number = number_of(line)
        if number:
            return number
    return 0


def number_of(line: bytes) -> int:
    """The number that a line of the file begins with; 0 for a torn one."""
    if not line.startswith(b'{"number":') or not line.endswith(b"}"):
        return 0
    digits = line[10:30].partition(b",")[0]
    return int(digits) if digits.isdigit() else 0
