"""An operator's machine: an empty home, a project folder, the installed command, a terminal."""

from __future__ import annotations

import contextlib
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

import httpx
import pytest

from tests.e2e.terminal import Terminal
from tests.processes import end_processes_of

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

    def ask(self, path: str, **query: Any) -> Any:
        """What the server says there; None while nobody answers.

        To wait for something with the command line would take half a second of a core for each look.
        """
        with contextlib.suppress(httpx.TransportError), self._client() as client:
            reply = client.get(path, params=query)
            return reply.json() if reply.is_success else None
        return None

    def tell(self, path: str, body: dict[str, Any]) -> Any:
        """An act, and what the server answers."""
        with self._client() as client:
            reply = client.post(path, json=body)
        assert reply.is_success, reply.text
        return reply.json()

    def _client(self) -> httpx.Client:
        socket = self.home / ".local/share/mahavishnu/default/server.sock"
        transport = httpx.HTTPTransport(uds=str(socket))
        return httpx.Client(transport=transport, base_url="http://mahavishnu", timeout=30)

    def status(self, run: str) -> str:
        detail = self.ask(f"/v1/runs/{run}")
        return str(detail["run"]["status"]) if detail else ""

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
        return int(self.ask("/v1/server")["pid"])

    def host_pids(self) -> list[int]:
        return [int(host["pid"]) for host in self.ask("/v1/hosts") if host["pid"]]

    def log(self, name: str = "log") -> Path:
        return self.home / name

    def lines(self, name: str = "log") -> list[str]:
        path = self.log(name)
        return path.read_text().split() if path.exists() else []

    def close(self) -> None:
        for terminal in self.terminals:
            terminal.close()
        end_processes_of(self.home)


@pytest.fixture
def machine() -> Iterator[Machine]:
    # Not tmp_path: a home has a short name, and so has the socket in it.
    with tempfile.TemporaryDirectory(prefix="mhv-") as folder:
        operator = Machine(Path(folder))
        try:
            yield operator
        finally:
            operator.close()


def eventually(question: Callable[[], Any], timeout: float = 90.0) -> Any:
    """Ask until the answer is true; the answer."""
    end = time.monotonic() + timeout
    while not (answer := question()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout} s")
        time.sleep(0.05)
    return answer


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
