"""A real pty with a terminal emulator behind it: what an operator types and sees."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pyte

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "space": " ",
    "backspace": "\x7f",
    "ctrl+c": "\x03",
    "ctrl+f": "\x06",
    "ctrl+p": "\x10",
    "ctrl+s": "\x13",
    "ctrl+r": "\x12",
    "shift+tab": "\x1b[Z",
}
# Sequences that pyte would print as text: kitty keys, xterm's modifyOtherKeys, private mode queries.
_UNKNOWN = re.compile(
    rb"\x1b\[[<>=?][0-9;]*[a-zA-Z$]+(?<![hl])|\x1bP.*?\x1b\\|\x1b\]\d+;.*?(?:\x07|\x1b\\)", re.DOTALL
)

_TITLES = re.compile(rb"\x1b\]2;[^\x07]*\x07|\x1b\[2[23];0t")


class Terminal:
    """One program in one pty of a given size."""

    def __init__(
        self, argv: Sequence[str], *, env: dict[str, str], cwd: Path, columns: int = 80, rows: int = 24
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._lock = threading.Lock()
        self.bytes_out = 0
        self.titles: list[bytes] = []
        """What was done to the terminal's title, in order."""
        self.last = b""
        """What came with the last read."""
        self.pid, self._fd = pty.fork()
        if self.pid == 0:  # pragma: no cover - the child
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.chdir(cwd)
            os.execvpe(argv[0], list(argv), env)
        self.exit_code: int | None = None
        self._closing = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def resize(self, columns: int, rows: int) -> None:
        with self._lock:  # what is drawn for the new size is not fed to a screen of the old one
            self.screen.resize(rows, columns)
            fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self) -> None:
        pending = b""
        while not self._closing.is_set():
            try:
                ready, _, _ = select.select([self._fd], [], [], 0.1)
                if not ready:
                    continue
                data = os.read(self._fd, 65536)
            except OSError:
                return
            if not data:
                return
            with self._lock:
                self.bytes_out += len(data)
                self.last = data
                pending += data
                # An escape sequence may be cut by the read: keep its start for the next one.
                cut = pending.rfind(b"\x1b")
                whole, pending = (
                    (pending, b"") if cut < 0 or len(pending) - cut > 64 else (pending[:cut], pending[cut:])
                )
                if pending and re.fullmatch(rb"\x1b(\[[0-9;:?<>=]*[@-~].*|[^\[\]P].*)", pending, re.DOTALL):
                    whole, pending = whole + pending, b""
                self.titles += _TITLES.findall(whole)
                self._stream.feed(_UNKNOWN.sub(b"", whole))

    def text(self) -> str:
        """What stands on the screen."""
        with self._lock:
            return "\n".join(line.rstrip() for line in self.screen.display)

    def send(self, *keys: str) -> None:
        """Type: names of keys, or text."""
        for key in keys:
            os.write(self._fd, KEYS.get(key, key).encode())
            time.sleep(0.02)  # so that an escape is not read as the start of a sequence

    def wait(self, condition: Callable[[str], object] | str, timeout: float = 60.0) -> str:
        """Wait until the screen satisfies `condition` (a text on it, or a function of it)."""
        test = (lambda screen: condition in screen) if isinstance(condition, str) else condition
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            screen = self.text()
            if test(screen):
                return screen
            time.sleep(0.05)
        raise AssertionError(f"not seen within {timeout} s: {condition!r}\n{self.text()}")

    def still(self, seconds: float = 0.2, timeout: float = 30.0) -> None:
        """Wait until the program has drawn nothing for a moment: what is looked at now is not half of it."""
        end = time.monotonic() + timeout
        drawn, since = self.bytes_out, time.monotonic()
        while (now := time.monotonic()) < end and now - since < seconds:
            if self.bytes_out != drawn:
                drawn, since = self.bytes_out, now
            time.sleep(0.02)

    def wait_exit(self, timeout: float = 15.0) -> int:
        """Wait for the program to end; its exit code, or minus the signal."""
        end = time.monotonic() + timeout
        while self.exit_code is None and time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.exit_code = os.waitstatus_to_exitcode(status)
                break
            time.sleep(0.05)
        if self.exit_code is None:
            raise AssertionError(f"still running after {timeout} s\n{self.text()}")
        self._reader.join(5)  # what was written last may not have been read yet
        return self.exit_code

    def hang_up(self) -> None:
        """Close the terminal as a dropped SSH session does: SIGHUP to whoever sits in it."""
        os.kill(self.pid, signal.SIGHUP)
        self._let_go()

    def _let_go(self) -> None:
        """Close the pty once nobody reads it: the next terminal may get the same descriptor."""
        if not self._closing.is_set():
            self._closing.set()
            self._reader.join()
            os.close(self._fd)

    def close(self) -> None:
        if self.exit_code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, 0)
        self._let_go()
