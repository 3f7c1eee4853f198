"""An operator in front of a real terminal, with a real server and real graphs behind it."""

from __future__ import annotations

import contextlib
import json

import pytest

from tests.e2e.conftest import Machine, eventually, kill
from tests.e2e.terminal import Terminal

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (200, 50)])
def test_a_run_is_seen_answered_and_finished_and_is_still_there_later(
    machine: Machine, columns: int, rows: int
) -> None:
    run = machine.execute("parcel", log=str(machine.log()))
    terminal = machine.dashboard(columns, rows)
    terminal.wait(lambda screen: run["run_name"] in screen and "✋ waiting" in screen)
    assert terminal.titles == [b"\x1b[22;0t", "\x1b]2;✋1 mahavishnu\x07".encode()]

    terminal.send("2")
    terminal.wait(lambda screen: "pack" in screen and "approve" in screen and "rework" in screen)
    terminal.send("4", "a")
    terminal.wait(lambda screen: "Ship the parcel?" in screen and "2 kg" in screen and "Approve" in screen)
    focus_button(terminal, "Approve")
    terminal.send("enter")
    terminal.wait(lambda screen: "ledger #1" in screen)
    terminal.send("1")
    terminal.wait(lambda screen: run["run_name"] in screen and "✔ done" in screen)

    assert machine.lines() == ["pack", "answer=True", "ship"]
    terminal.send("q")
    assert terminal.wait_exit() == 0
    assert terminal.titles[2:] == [b"\x1b]2;mahavishnu\x07", b"\x1b[23;0t"]

    again = machine.dashboard(columns, rows)
    again.wait(lambda screen: run["run_name"] in screen and "✔ done" in screen)
    detail = machine.json("langgraph", "list")
    assert [(row["id"], row["status"]) for row in detail] == [(run["run_id"], "success")]


def focus_button(terminal: Terminal, label: str) -> None:
    """Press tab until the button has the focus; the terminal shows it in reverse or bold colours."""
    terminal.still()
    before = colours(terminal, label)
    for _ in range(12):
        if move_focus(terminal, "tab", label) == before:
            continue
        # On a busy machine the button may only now look as it does without the focus.
        without = move_focus(terminal, "shift+tab", label)
        if without == before and move_focus(terminal, "tab", label) != before:
            return
        before = without
    raise AssertionError(f"tab does not reach {label}\n{terminal.text()}")


def move_focus(terminal: Terminal, key: str, label: str) -> list[tuple[str, str]]:
    """Press a key that moves the focus; how the button looks then."""
    drawn = terminal.bytes_out
    terminal.send(key)
    # Not before the focus has moved: a second tab on a busy machine would go past the button.
    with contextlib.suppress(AssertionError):
        terminal.wait(lambda _screen: terminal.bytes_out != drawn, timeout=5)
    terminal.still(0.1)
    return colours(terminal, label)


def colours(terminal: Terminal, label: str) -> list[tuple[str, str]]:
    for y, line in enumerate(terminal.screen.display):
        x = line.find(label)
        if x >= 0:
            return [
                (terminal.screen.buffer[y][column].fg, terminal.screen.buffer[y][column].bg)
                for column in (x,)
            ]
    return []


def test_reject_goes_back_and_asks_again(machine: Machine) -> None:
    run = machine.execute("parcel", wait=True, code=3, log=str(machine.log()))
    approval = run["interrupts"][0]["approval_id"]
    machine.run("langgraph", "approve", approval, "--value", "false")
    eventually(
        lambda: (
            machine.lines() == ["pack", "answer=False", "rework"]
            and machine.status(run["run_id"]) == "interrupted"
        )
    )

    terminal = machine.dashboard()
    terminal.wait(lambda screen: "✋ waiting" in screen)
    terminal.send("2")

    terminal.wait(lambda screen: "rework" in screen and "×2" in screen)


def test_neither_a_dropped_session_nor_a_node_that_exits_touches_another_run(machine: Machine) -> None:
    gate = machine.home / "gate"
    run = machine.execute("held_run", log=str(machine.log()), gate=str(gate))
    terminal = machine.dashboard()
    terminal.wait(lambda screen: run["run_name"] in screen and "▶ running" in screen)
    eventually(lambda: "held" in machine.lines())

    terminal.hang_up()
    terminal.wait_exit()
    leaving = machine.execute("leaving", wait=True, code=1, log=str(machine.log("leaving")))

    assert leaving["status"] == "error"
    assert leaving["error"]["code"] == "MHV-427"
    assert "leaves" in leaving["error"]["message"]
    gate.touch()
    eventually(lambda: machine.status(run["run_id"]) == "success")
    assert machine.lines() == ["first", "held", "held-done", "last"]


def test_an_engine_host_dies_and_the_server_too_and_the_run_goes_on(machine: Machine) -> None:
    gate = machine.home / "gate"
    run = machine.execute("held_run", log=str(machine.log()), gate=str(gate))
    terminal = machine.dashboard()
    terminal.wait(lambda screen: run["run_name"] in screen and "▶ running" in screen)
    eventually(lambda: "held" in machine.lines())

    for host in machine.host_pids():
        kill(host)

    terminal.wait(lambda screen: "engine host of project died" in screen)
    eventually(lambda: machine.lines().count("held") == 2)
    terminal.wait(lambda screen: run["run_name"] in screen and "▶ running" in screen)

    kill(machine.server_pid())

    # It comes back by itself.
    terminal.wait(lambda screen: "STALE" in screen or "server" in screen.lower())
    terminal.wait(
        lambda screen: run["run_name"] in screen and "▶ running" in screen and "STALE" not in screen
    )
    eventually(lambda: machine.lines().count("held") == 3)
    gate.touch()
    terminal.wait(lambda screen: run["run_name"] in screen and "✔ done" in screen)
    assert machine.lines() == ["first", "held", "held", "held", "held-done", "last"]


def test_a_node_that_blocks_its_event_loop_does_not_stop_other_runs(machine: Machine) -> None:
    gate, end = machine.home / "gate", machine.home / "end"
    beside = machine.execute("held_run", log=str(machine.log("beside")), gate=str(gate))
    eventually(lambda: "held" in machine.lines("beside"))
    blocking = machine.execute("blocking", log=str(machine.log("blocking")), gate=str(end))
    terminal = machine.dashboard(120, 40)
    terminal.send("6")
    terminal.wait("blocked")

    later = machine.execute("held_run", wait=True, log=str(machine.log()))

    assert later["status"] == "success"
    assert "blocks-done" not in machine.lines("blocking"), "the other run had to wait"
    end.touch()
    gate.touch()
    eventually(lambda: "last" in machine.lines("blocking"))
    eventually(lambda: machine.status(blocking["run_id"]) == "success")
    eventually(lambda: machine.status(beside["run_id"]) == "success")
    assert machine.lines("beside") == ["first", "held", "held-done", "last"]


def test_no_tiny_terminal_no_ctrl_c_and_no_dead_servers_socket_is_an_obstacle(machine: Machine) -> None:
    machine.run("server", "start")
    dead = machine.server_pid()
    kill(dead)

    terminal = machine.dashboard(50, 12)

    terminal.wait(lambda screen: "MHV-009" in screen and "60" in screen)
    terminal.resize(80, 24)
    terminal.wait(lambda screen: "1 Runs" in screen and "graph ●" in screen and "MHV-009" not in screen)
    assert json.loads(machine.run("server", "status", "--json").stdout)["pid"] not in (None, dead)

    terminal.resize(70, 20)  # lost what it showed, and has its size again before the program looks
    terminal.resize(80, 24)
    all_of_it = (" mahavishnu  default", "1 Runs", "WHAT NEXT", " enter open")
    terminal.wait(lambda screen: all(part in screen for part in all_of_it))

    terminal.send("ctrl+c")
    terminal.send("?")
    terminal.wait("KEYS HERE")
    terminal.send("escape")
    terminal.wait(lambda screen: "KEYS HERE" not in screen)
    terminal.send("q")
    assert terminal.wait_exit() == 0


def test_what_a_run_says_is_read_while_it_speaks(machine: Machine) -> None:
    gate = machine.log().with_name("gate")
    run = machine.execute("speaking", log=str(machine.log()), gate=str(gate))
    terminal = machine.dashboard(80, 24)
    terminal.wait(lambda screen: run["run_name"] in screen)
    terminal.send("l")
    terminal.wait(lambda screen: "6 Logs" in screen and "speak#1│ one two three" in screen)
    gate.touch()
    terminal.wait(lambda screen: "and goodbye" in screen and "✔ done" in screen)
