"""A real Prefect server with a worker, and an operator who never leaves the dashboard."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import Machine, eventually
from tests.e2e.terminal import Terminal
from tests.e2e.test_dashboard import focus_button
from tests.integration.prefect.serving import PrefectServer

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("prefect")]


@pytest.fixture
def port(machine: Machine, prefect_server: PrefectServer) -> Machine:
    """An operator's machine whose settings name that server."""
    machine.env |= {"MAHAVISHNU_PREFECT__API_URL": prefect_server.url, "MAHAVISHNU_PREFECT__MODE": "remote"}
    return machine


def deploy(machine: Machine, pool: str, flow: str) -> str:
    """A deployment of one of the project's flows, as `flow/name`."""
    spec = f"{machine.project / 'shipping.py'}:{flow}"
    words = ["prefect", "deployment", "create", spec, "--name", "e2e", "--pool", pool, "--trust"]
    made: dict[str, Any] = machine.json(*words)
    return f"{made['flow']}/{made['name']}"


def newest(machine: Machine, flow: str) -> dict[str, Any]:
    """The newest run of a deployment; empty before there is one."""
    found: list[dict[str, Any]] = machine.ask("/v1/runs", search=f"workflow:^{flow}/e2e$") or [{}]
    return found[0]


def command(terminal: Terminal, text: str, shows: str) -> None:
    """Type a `:` command and wait for what it leads to."""
    terminal.send(":")
    terminal.wait("tab complete")
    terminal.send(text, "enter")
    terminal.wait(shows)


def test_a_deployment_is_launched_watched_answered_read_and_another_cancelled(
    port: Machine, prefect_worker: str
) -> None:
    asks, endless = deploy(port, prefect_worker, "shipping"), deploy(port, prefect_worker, "sailing")
    terminal = port.dashboard(100, 30)
    terminal.wait("prefect ● live")

    command(terminal, "deployments", "DEPLOYMENT")
    terminal.wait(asks)
    terminal.send("/")
    terminal.wait("tab complete")
    terminal.send("shipping/e2e", "enter")
    terminal.wait("filter shipping/e2e")
    terminal.send("t")
    terminal.wait(lambda screen: "version" in screen and "Launch  " in screen and "Close" in screen)
    focus_button(terminal, "Launch  ")
    terminal.send("enter")
    terminal.wait("is queued")
    run = eventually(lambda: newest(port, "shipping"))

    terminal.send("q")
    terminal.wait(lambda screen: "filter shipping" not in screen)
    terminal.send("q")
    terminal.wait(lambda screen: run["name"][:10] in screen and "✋ waiting" in screen, 90)
    terminal.wait("weigh")
    terminal.send("a")
    terminal.wait(lambda screen: "Decision" in screen and "Fill in" in screen)
    focus_button(terminal, "Fill in")
    terminal.send("enter")
    terminal.wait("share")
    terminal.send("right", "tab", *["backspace"] * 2, "500", "tab")
    terminal.wait("✘ must be at most 100")
    terminal.send("shift+tab", *["backspace"] * 3, "50")
    focus_button(terminal, "Send")
    terminal.send("enter")
    terminal.wait("ledger #1")
    eventually(lambda: newest(port, "shipping")["status"] == "success", 90)
    assert port.json("ledger", "list")[0]["answer"] == {"verdict": "ship", "share": 50}

    terminal.wait(lambda screen: run["name"][:10] in screen and "✔ done" in screen)
    terminal.send("l")
    terminal.wait("delivered 1.0 to 50 %")
    terminal.send("q")

    port.json("prefect", "execute", endless)
    sailing = eventually(lambda: newest(port, "sailing"))
    shown = sailing["name"][:10]
    terminal.wait(lambda screen: shown in screen and "▶ running" in screen, 90)
    terminal.send("/")
    terminal.wait("tab complete")
    terminal.send(sailing["name"], "enter")
    terminal.wait(f"filter {sailing['name']}")
    terminal.send("x")
    terminal.wait("cancel …")
    terminal.still()
    lines = terminal.text().splitlines()
    first = next(y for y, line in enumerate(lines) if "KEY" in line) + 1
    wanted = next(y for y, line in enumerate(lines) if "cancel …" in line)
    terminal.send(*["down"] * (wanted - first), "enter")
    terminal.wait("Cancel the run")
    focus_button(terminal, "Cancel the run")
    terminal.send("enter")
    terminal.wait(lambda screen: "is being cancelled" in screen or "is cancelled" in screen)
    terminal.wait(lambda screen: shown in screen and "⊘ cancelled" in screen, 90)
    assert newest(port, "sailing")["status"] == "cancelled"


def test_a_server_that_dies_and_comes_back_is_said_to_be_old_meanwhile(
    port: Machine, prefect_server: PrefectServer
) -> None:
    terminal = port.dashboard(80, 24)
    terminal.wait("prefect ● live")
    prefect_server.kill()
    try:
        terminal.wait("STALE", 60)
        terminal.send("5")
        terminal.wait("5 Schedules")
    finally:
        prefect_server.start()
    terminal.wait("prefect ● live", 90)
