"""Keys that reach the program in one read."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Machine

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]


def test_commands_and_filters_typed_in_one_read(machine: Machine) -> None:
    run = machine.execute("parcel", wait=True, code=3, log=str(machine.log()))
    terminal = machine.dashboard(80, 24)
    terminal.wait(lambda screen: run["run_name"] in screen and "waiting" in screen)

    terminal.send(":hosts\r")
    terminal.wait("engine hosts")
    terminal.send("escape")
    terminal.wait(lambda screen: "1 Runs" in screen)
    terminal.send("/state:waiting\r4a")
    terminal.wait(lambda screen: "Ship the parcel?" in screen and "Approve" in screen)
    terminal.send("\t")
    terminal.send("escape")
    terminal.wait(lambda screen: "1 Runs" in screen and "Approve" not in screen)
    terminal.send("1?")
    terminal.wait("KEYS HERE")
    assert machine.lines() == ["pack"], "nothing was answered on the way"
