"""What the benchmarks share: a program in a pty, timed from outside, and a table of figures."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = str(Path(sys.executable).with_name("mahavishnu"))


class Program:
    """A program in a pty: raw bytes out, keys in."""

    def __init__(
        self, argv: Sequence[str], env: dict[str, str], columns: int = 200, rows: int = 50, cwd: Path = ROOT
    ) -> None:
        self.started = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.chdir(cwd)
            os.execvpe(argv[0], list(argv), env)
        self.output = bytearray()

    def read(self, timeout: float) -> bytes:
        """What arrives within `timeout` seconds; empty when nothing does."""
        ready, _, _ = select.select([self.fd], [], [], timeout)
        if not ready:
            return b""
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:
            return b""
        self.output += data
        return data

    def until(self, marker: bytes, timeout: float = 30.0) -> float:
        """Seconds from the start until `marker` was written."""
        end = time.perf_counter() + timeout
        while marker not in self.output:
            if time.perf_counter() > end:
                raise TimeoutError(
                    f"{marker!r} did not come; the end of the output: {bytes(self.output[-400:])!r}"
                )
            self.read(0.05)
        return time.perf_counter() - self.started

    def settle(self, quiet: float = 0.3, timeout: float = 15.0) -> None:
        """Read until nothing came for `quiet` seconds."""
        end = time.perf_counter() + timeout
        while self.read(quiet) and time.perf_counter() < end:
            pass

    def key_to_paint(self, key: bytes) -> float:
        """Seconds from a key to the first byte that it paints."""
        begun = time.perf_counter()
        os.write(self.fd, key)
        if not self.read(2.0):
            raise TimeoutError(f"{key!r} painted nothing")
        taken = time.perf_counter() - begun
        while self.read(0.03):
            pass
        return taken

    def memory(self) -> float:
        """Resident MiB."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0

    def cpu(self) -> float:
        """CPU seconds used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


@contextmanager
def home() -> Iterator[dict[str, str]]:
    """An environment with an empty home of its own."""
    with tempfile.TemporaryDirectory(prefix="mhv-bench-") as folder:
        # Modules are compiled in the usual start: PYTHONDONTWRITEBYTECODE would measure the compiler.
        foreign = ("XDG_", "MAHAVISHNU_", "PYTHONDONTWRITEBYTECODE")
        env = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        yield {**env, "HOME": folder, "TERM": "xterm-256color", "COLORTERM": "truecolor"}


def repeat(measure: Callable[[], float], times: int = 7) -> list[float]:
    """One warm-up, then `times` figures."""
    measure()
    return [measure() for _ in range(times)]


def p95(values: Sequence[float]) -> float:
    return sorted(values)[max(0, round(0.95 * len(values)) - 1)]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def table(title: str, rows: Sequence[tuple[str, str, str, str]]) -> None:
    """Print `what, ours, peer, ratio (budget)` rows."""
    print(f"\n{title}")
    heads = ("", "ours", "peer", "ratio (budget)")
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(4)]
    for row in [heads, *rows]:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
