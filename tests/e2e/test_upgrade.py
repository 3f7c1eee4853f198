"""The program changes on disk beneath a running dashboard: what was not opened yet may fail, and no more."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

import mahavishnu_tui
from tests.e2e.conftest import Machine
from tests.e2e.terminal import Terminal

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

SAID = "MHV-013 The program on disk has changed. Quit and start it again."


def test_after_an_upgrade_what_cannot_be_opened_is_said_and_all_else_goes_on(machine: Machine) -> None:
    program = machine.home / "lib" / "mahavishnu_tui"
    shutil.copytree(Path(mahavishnu_tui.__file__).parent, program)
    screens = program / "screens"
    command = [sys.executable, "-P", "-m", "mahavishnu_tui"]
    env = {**machine.env, "PYTHONPATH": str(program.parent)}
    terminal = Terminal(command, env=env, cwd=machine.home)
    machine.terminals.append(terminal)
    terminal.wait(lambda screen: "WHAT NEXT" in screen and "connecting" not in screen)

    # It does not import; it is made otherwise; it cannot be built; its beginning fails.
    replace(screens / "help.py", "from __future__", "from mahavishnu_tui.models import Gone\nfrom __future__")
    fails(terminal, "?")
    replace(screens / "contexts.py", "super().__init__(session)", "super().__init__(session, 1)")
    fails(terminal, ":", "ctx", "enter")
    replace(screens / "needs.py", "yield self.table", "yield self.gone")
    fails(terminal, "!")
    replace(screens / "ledger.py", "super().on_mount()", "super().gone()")
    fails(terminal, ":", "ledger", "enter")
    replace(screens / "palette.py", "class KeyProvider", "class Gone")
    fails(terminal, "ctrl+p")
    (screens / "searching.tcss").unlink()
    fails(terminal, "ctrl+f")

    terminal.send(":", "logs", "enter")
    terminal.wait("log of server")
    terminal.send("escape")
    terminal.wait("WHAT NEXT")
    shutil.rmtree(program)
    fails(terminal, ":", "hosts", "enter")
    terminal.send("q")
    assert terminal.wait_exit() == 0


def replace(file: Path, old: str, new: str) -> None:
    """As installers do it: the old file goes, the new one comes."""
    text = file.read_text()
    assert old in text
    file.unlink()
    file.write_text(text.replace(old, new, 1))


def fails(terminal: Terminal, *keys: str) -> None:
    """What these keys open cannot be opened: that is said, once more, on the dashboard."""
    terminal.wait(lambda screen: SAID not in screen)
    terminal.send(*keys)
    terminal.wait(lambda screen: SAID in screen and "WHAT NEXT" in screen)
    terminal.send("Z")  # says something else in its place
    terminal.wait("times:")
