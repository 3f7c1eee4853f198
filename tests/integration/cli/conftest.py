"""An operator at a shell: a home of his own, a project, and the commands, run in this process."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.__main__ import main

PROJECT = Path(__file__).parent / "project"


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The code of the error that it printed as JSON."""
        return str(self.json["error"]["code"])


class Shell:
    """Runs commands in the operator's home. Not from within an event loop: they have their own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.project = home / "project"
        shutil.copytree(PROJECT, self.project, ignore=shutil.ignore_patterns("__pycache__"))

    def __call__(self, *words: str, code: int | None = 0, typed: str = "") -> Done:
        out, err = io.StringIO(), io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            for name in list(os.environ):
                if name.startswith(("XDG_", "MAHAVISHNU_")):
                    patch.delenv(name)
            patch.setenv("HOME", str(self.home))
            patch.chdir(self.home)
            patch.setattr("sys.stdin", io.StringIO(typed))
            status = main(list(words))
        done = Done(status, out.getvalue(), err.getvalue())
        assert code is None or done.code == code, done
        # As data a traceback may be wanted; before an operator's eyes it may not come.
        assert "Traceback" not in done.err + ("" if "--json" in words else done.out), done
        assert "\x1b" not in done.out + done.err, done
        return done

    def spawn(self, *words: str) -> subprocess.Popen[str]:
        """A command in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "mahavishnu_tui", *words],
            env=self.environment(),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def at_terminal(self, *words: str, answers: dict[str, str]) -> tuple[int, str]:
        """A command on a terminal, where each question gets its answer; exit status and all it said."""
        ours, its = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "mahavishnu_tui", *words],
            env=self.environment(),
            cwd=self.home,
            stdin=its,
            stdout=its,
            stderr=its,
            start_new_session=True,
        )
        os.close(its)
        said = ""
        open_questions = dict(answers)
        # The read fails when the command has ended and nobody holds the other side.
        with contextlib.suppress(OSError):
            while True:
                assert select.select([ours], [], [], 60)[0], f"no word for a minute; before: {said}"
                piece = os.read(ours, 4096)
                said += piece.decode(errors="replace")
                for question in [text for text in open_questions if text in said]:
                    os.write(ours, open_questions.pop(question).encode())
        os.close(ours)
        assert not open_questions, said
        return process.wait(60), said

    def environment(self) -> dict[str, str]:
        keep = {key: text for key, text in os.environ.items() if not key.startswith(("XDG_", "MAHAVISHNU_"))}
        return {**keep, "HOME": str(self.home)}

    def execute(self, graph: str, *words: str, code: int | None = 0, state: Any = None) -> Any:
        """Run one of the project's graphs to where it stops; the JSON it prints."""
        spec = f"{self.project / 'flows.py'}:{graph}"
        state = json.dumps({} if state is None else state)
        command = ["langgraph", "execute", "--workflow-file", spec, "--state", state, "--trust", "--json"]
        patience = ["--timeout", "60"] if "--wait" in words and "--timeout" not in words else []
        return self(*command, *words, *patience, code=code).json

    def server_pid(self) -> int:
        return int(self("server", "status", "--json").json["pid"])

    def kill_server(self) -> None:
        os.kill(self.server_pid(), signal.SIGKILL)


@contextlib.contextmanager
def opened() -> Iterator[Shell]:
    # Not tmp_path: a home has a short name, and so has the socket in it.
    with tempfile.TemporaryDirectory(prefix="mhv-") as folder:
        shell = Shell(Path(folder))
        try:
            yield shell
        finally:
            for data in (shell.home / ".local/share/mahavishnu").glob("*/server.sock"):
                shell("server", "stop", "--context", data.parent.name, "--timeout", "1", code=None)


@pytest.fixture(scope="session")
def shell() -> Iterator[Shell]:
    """One home, and one server, for all tests that leave it alive."""
    with opened() as found:
        yield found


@pytest.fixture
def fresh() -> Iterator[Shell]:
    """A home where nothing has been done yet."""
    with opened() as found:
        yield found
