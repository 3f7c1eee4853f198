"""What the benchmarks share: a program in a pty, timed from outside, and a table of figures."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINE = ROOT / "examples" / "demo" / "line.py"
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

    def press(self, key: bytes) -> None:
        """Send a key, and wait for nothing."""
        os.write(self.fd, key)

    def memory(self) -> float:
        """Resident MiB."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0

    def cpu(self) -> float:
        """CPU seconds used so far."""
        return cpu_seconds(self.pid)

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def cpu_seconds(pid: int) -> float:
    """What a process has used so far, by its own clock.

    `/proc/PID/stat` counts whole ticks of 10 ms of those whom the tick finds at work. A program that is woken
    by the clock itself is found more often than it works: 2 % of one that takes 0.2 %.
    """
    return time.clock_gettime((~pid << 3) | 2)  # CPUCLOCK_SCHED of <linux/posix-timers.h>


@contextmanager
def home() -> Iterator[dict[str, str]]:
    """An environment with an empty home of its own."""
    with tempfile.TemporaryDirectory(prefix="mhv-bench-") as folder:
        # Modules are compiled in the usual start: PYTHONDONTWRITEBYTECODE would measure the compiler.
        foreign = ("XDG_", "MAHAVISHNU_", "PYTHONDONTWRITEBYTECODE")
        env = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        yield {**env, "HOME": folder, "TERM": "xterm-256color", "COLORTERM": "truecolor"}


def execute(env: dict[str, str], *paces: float, wait: bool = False) -> str:
    """Start workflows of four steps that take so many seconds each; the name of the last one's run."""
    return asyncio.run(_execute(env, paces, wait))


async def _execute(env: dict[str, str], paces: Sequence[float], wait: bool) -> str:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.models import Project

    start = [COMMAND, "server", "start", "--json"]
    told = subprocess.run(start, env=env, cwd=env["HOME"], capture_output=True, check=True).stdout
    project = Project(str(LINE.parent), sys.executable)
    async with ServerClient(json.loads(told)["socket"], timeout=60) as client:
        workflow = await client.register(f"{LINE}:graph", project)
        for pace in paces:
            run = await client.start_run(workflow_id=workflow.id, input={"pace": pace}, by="bench")
        async with asyncio.timeout(60):
            while wait and (await client.run(run.id)).run.status != "success":
                await asyncio.sleep(0.05)
    return run.name


def stop(env: dict[str, str]) -> None:
    """Stop the server, whatever it does."""
    command = [COMMAND, "server", "stop", "--no-drain"]
    subprocess.run(command, env=env, cwd=env["HOME"], capture_output=True, check=False)


def repeat(measure: Callable[[], float], times: int = 7) -> list[float]:
    """One warm-up, then `times` figures."""
    measure()
    return [measure() for _ in range(times)]


def p95(values: Sequence[float]) -> float:
    return sorted(values)[max(0, round(0.95 * len(values)) - 1)]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)
