"""An operator's machine: an empty home, a project folder, the installed command, a terminal."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.terminal import Terminal

COMMAND = str(Path(sys.executable).with_name("mahavishnu"))
PROJECT = Path(__file__).parent / "project"


class Machine:
    """What one operator has in front of him."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.project = home / "project"
        shutil.copytree(PROJECT, self.project, ignore=shutil.ignore_patterns("__pycache__"))
        keep = {
            name: value
            for name, value in os.environ.items()
            # The test runner's own COLUMNS and LINES would be taken for the terminal's size.
            if not name.startswith(("XDG_", "MAHAVISHNU_", "LANGCHAIN_", "LANGSMITH_", "COLUMNS", "LINES"))
        }
        self.env = {**keep, "HOME": str(home), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.terminals: list[Terminal] = []

    def run(self, *args: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """One command to its end."""
        done = subprocess.run(
            [COMMAND, *args],
            env=self.env,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert code is None or done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done

    def json(self, *args: str, code: int | None = 0) -> Any:
        return json.loads(self.run(*args, "--json", code=code).stdout)

    def execute(self, graph: str, wait: bool = False, code: int | None = 0, **state: Any) -> dict[str, Any]:
        """Start a run of one of the project's graphs."""
        spec = f"{self.project / 'flows.py'}:{graph}"
        words = ["langgraph", "execute", "--workflow-file", spec, "--state", json.dumps(state), "--trust"]
        answer: dict[str, Any] = self.json(*words, *(["--wait"] if wait else []), code=code)
        return answer

    def dashboard(self, columns: int = 80, rows: int = 24) -> Terminal:
        terminal = Terminal([COMMAND], env=self.env, cwd=self.home, columns=columns, rows=rows)
        self.terminals.append(terminal)
        return terminal

    def server_pid(self) -> int:
        return int(self.json("server", "status")["pid"])

    def host_pids(self) -> list[int]:
        return [int(host["pid"]) for host in self.json("langgraph", "health")["hosts"] if host["pid"]]

    def log(self, name: str = "log") -> Path:
        return self.home / name

    def lines(self, name: str = "log") -> list[str]:
        path = self.log(name)
        return path.read_text().split() if path.exists() else []

    def close(self) -> None:
        for terminal in self.terminals:
            terminal.close()
        subprocess.run(
            [COMMAND, "server", "stop", "--no-drain"],
            env=self.env,
            cwd=self.home,
            capture_output=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def machine() -> Iterator[Machine]:
    # Not tmp_path: a home has a short name, and so has the socket in it.
    with tempfile.TemporaryDirectory(prefix="mhv-") as folder:
        operator = Machine(Path(folder))
        try:
            yield operator
        finally:
            operator.close()


def eventually(question: Callable[[], Any], timeout: float = 30.0) -> Any:
    """Ask until the answer is true; the answer."""
    end = time.monotonic() + timeout
    while not (answer := question()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout} s")
        time.sleep(0.05)
    return answer


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
