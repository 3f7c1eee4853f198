"""Over a real sshd and a real tmux: no byte for nothing, no key lost, and nothing ends with the line."""

from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import COMMAND, Machine, eventually, kill
from tests.e2e.slow_line import slow_line
from tests.e2e.sshd import NoSshd, Sshd
from tests.e2e.terminal import Terminal
from tests.processes import processes_of

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]
IDLE_SECONDS = 4.0
RUNS = 20
Dashboard = Callable[..., Terminal]


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    folder = Path(tempfile.mkdtemp(prefix="mhv-ssh-"))
    server = None
    try:
        server = Sshd(folder)
        yield server
    except NoSshd as why:
        pytest.skip(str(why))
    finally:
        if server is not None:
            server.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def bastion() -> Iterator[Machine]:
    """A machine with some runs that have ended, one of which is asked for by name."""
    with tempfile.TemporaryDirectory(prefix="mhv-") as folder:
        machine = Machine(Path(folder))
        try:
            first = machine.execute("held_run", wait=True, log=str(machine.log("first")))
            workflow = machine.ask(f"/v1/runs/{first['run_id']}")["run"]["workflow_id"]
            body = {"workflow_id": workflow, "input": {"log": str(machine.log("more"))}, "by": "ana"}
            runs = [machine.tell("/v1/runs", body)["id"] for _ in range(RUNS)]
            eventually(lambda: all(machine.status(run) == "success" for run in runs))
            yield machine
        finally:
            machine.close()


@pytest.fixture
def dashboard(sshd: Sshd, bastion: Machine) -> Iterator[Dashboard]:
    """Opens one over SSH; all are gone when the test ends."""

    def opened(
        columns: int = 80, rows: int = 24, command: tuple[str, ...] = (COMMAND,), port: int = 0
    ) -> Terminal:
        argv = sshd.argv(command, bastion.env, port)
        terminal = Terminal(argv, env=dict(os.environ), cwd=bastion.home, columns=columns, rows=rows)
        bastion.terminals.append(terminal)
        return terminal

    yield opened
    for terminal in bastion.terminals:
        terminal.close()
    for pid in dashboards(bastion):  # of a test that failed
        kill(pid)


def dashboards(machine: Machine) -> list[int]:
    """The processes that show one, wherever."""
    found = []
    for pid in processes_of(machine.home):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if words[1:] == [COMMAND.encode(), b""]:
            found.append(pid)
    return found


def assert_idle(terminal: Terminal, besides: bytes = b"") -> None:
    """It is sent nothing while nothing happens, but once `besides`."""
    terminal.wait(lambda screen: " ✔ The server" not in screen)  # its greeting is gone
    terminal.still(1.0)
    before = terminal.bytes_out
    time.sleep(IDLE_SECONDS)
    sent = terminal.bytes_out - before
    assert sent == 0 or (terminal.last == besides and sent == len(besides)), (sent, terminal.last)


def listed(machine: Machine, screen: str) -> list[str]:
    """The names of the runs in the order in which they are shown."""
    names = [run["name"] for run in machine.ask("/v1/runs")]
    rows = [line for line in screen.splitlines() if "done" in line]
    return [name for line in rows for name in names if name in line]


def test_keys_over_a_slow_line_are_all_there_in_their_order(
    bastion: Machine, sshd: Sshd, dashboard: Dashboard
) -> None:
    with slow_line(sshd.port, 0.04) as port:
        terminal = dashboard(120, 40, port=port)
        screen = terminal.wait(lambda screen: len(listed(bastion, screen)) > RUNS)
        terminal.still()
        names = listed(bastion, screen)
        dice = random.Random(5)
        row, keys = 0, ""
        while len(keys) < 200:
            step = dice.choice([1, 1, -1])
            if 0 <= row + step < len(names):
                row, keys = row + step, keys + ("j" if step > 0 else "k")

        for start in range(0, len(keys), 10):  # as they come when the line hesitates
            terminal.send(keys[start : start + 10])
        terminal.send("\r")

        terminal.wait(lambda screen: f" {names[row]} · held" in screen)
        terminal.still()
        # The echo of a key takes the line's 80 ms and what the program needs, not several rounds.
        begun = time.monotonic()
        terminal.send("q")
        terminal.wait(lambda screen: "1 Runs" in screen)
        assert time.monotonic() - begun < 2


def test_nothing_happens_and_nothing_is_sent_and_a_storm_of_sizes_ends_well(dashboard: Dashboard) -> None:
    terminal = dashboard(120, 40)
    terminal.wait(lambda screen: "✔ done" in screen and "● ─▶ first" in screen)

    assert_idle(terminal)

    before = terminal.text()
    dice = random.Random(5)
    for _ in range(50):
        terminal.resize(dice.randint(40, 200), dice.randint(8, 50))
        time.sleep(0.01)
    terminal.resize(120, 40)
    terminal.wait(lambda screen: screen == before)
    terminal.resize(70, 20)
    terminal.resize(120, 40)
    # ssh may look only now, when the size is again the one that it has told: then only the operator knows.
    terminal.send("ctrl+r")
    terminal.wait(lambda screen: screen == before)


def test_the_line_breaks_and_server_and_run_go_on(bastion: Machine, dashboard: Dashboard) -> None:
    gate = bastion.home / "gate"
    run = bastion.execute("held_run", log=str(bastion.log("held")), gate=str(gate))
    terminal = dashboard()
    terminal.wait(lambda screen: run["run_name"] in screen and "▶ running" in screen)
    server = bastion.server_pid()

    os.kill(terminal.pid, signal.SIGKILL)

    eventually(lambda: not dashboards(bastion))
    again = dashboard()
    again.wait(lambda screen: run["run_name"] in screen and "▶ running" in screen)
    gate.touch()
    again.wait(lambda screen: run["run_name"] in screen and "▶ running" not in screen)
    assert bastion.server_pid() == server
    assert bastion.lines("held") == ["first", "held", "held-done", "last"]


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_tmux_keeps_the_dashboard_and_it_fits_whoever_attaches(
    bastion: Machine, dashboard: Dashboard
) -> None:
    settings = bastion.home / "tmux.conf"
    settings.write_text("set -g status off\nset -g default-terminal screen-256color\nset -s escape-time 10\n")
    words = ("tmux", "-S", str(bastion.home / "tmux"), "-f", str(settings), "new-session", "-A", "-s", "ops")
    attach = (*words, COMMAND)
    terminal = dashboard(100, 30, attach)
    terminal.wait("✔ done")
    (shown,) = dashboards(bastion)
    terminal.send("/state:done\r")
    terminal.wait("filter state:done")
    assert_idle(terminal, besides=b"\x1b[?7727h")  # by tmux, five seconds after its start

    os.kill(terminal.pid, signal.SIGKILL)
    again = dashboard(80, 24, attach)

    again.wait(lambda screen: "filter state:done" in screen and "enter open" in screen)
    again.send("\x02d")
    again.wait_exit()
    wide = dashboard(170, 45, attach)
    wide.wait(lambda screen: all(pane in screen for pane in ("1 Runs", "2 Path", "6 Pools", "filter state")))
    assert dashboards(bastion) == [shown]
    wide.send("q", "q")
    wide.wait_exit()
