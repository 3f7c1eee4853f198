"""langchain's own agents ask; an operator answers in a real terminal, and the tools do what was decided."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import Machine, eventually
from tests.e2e.test_dashboard import focus_button

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]


def start(machine: Machine, agent: str) -> dict[str, Any]:
    """A run of an agent that has asked its questions."""
    spec = f"{machine.project / 'agents.py'}:{agent}"
    said = '{"messages": [{"role": "user", "content": "pay them"}]}'
    words = ["langgraph", "execute", "--workflow-file", spec, "--state", said, "--trust", "--wait"]
    run: dict[str, Any] = machine.json(*words, code=3)
    return run


def moved(machine: Machine) -> list[str]:
    path = machine.project / "moved.log"
    return path.read_text().splitlines() if path.exists() else []


def test_a_batch_of_calls_is_approved_edited_and_rejected(machine: Machine) -> None:
    run = start(machine, "mover")
    terminal = machine.dashboard()
    terminal.wait(lambda screen: run["run_name"] in screen and "✋ waiting" in screen)
    terminal.send("a")
    terminal.wait(
        lambda screen: "1/3 · transfer" in screen and "Tool execution" in screen and "Approve" in screen
    )
    focus_button(terminal, "Approve ")
    terminal.send("enter")
    terminal.wait(lambda screen: "2/3 · transfer" in screen and "Close" in screen and "tab next" in screen)
    focus_button(terminal, "Edit…")
    terminal.send("enter")
    terminal.wait("valid JSON")
    terminal.wait('"amount": 7')
    terminal.send("down", "down", "\x1b[F", "backspace", "9")
    terminal.wait('"amount": 9')
    focus_button(terminal, "Next")
    terminal.send("enter")
    terminal.wait(lambda screen: "3/3 · transfer" in screen and "Close" in screen and "tab next" in screen)
    focus_button(terminal, "Reject…")
    terminal.send("enter")
    terminal.wait("why (optional)")
    terminal.send("far too much")
    terminal.wait("far too much")
    focus_button(terminal, "Next")
    terminal.send("enter")
    terminal.wait(
        lambda screen: "reject: far too much" in screen and "Close" in screen and "tab next" in screen
    )
    focus_button(terminal, "Send 3")
    terminal.send("enter")
    terminal.wait("ledger #1")
    eventually(lambda: machine.status(run["run_id"]) == "success")
    lines = moved(machine)
    assert sorted(lines[:2]) == ["moved 5 to ana", "moved 9 to bo"]
    assert any("eve" not in line and "far too much" in line for line in lines)
    assert not any("900" in line for line in lines)


def test_calls_that_are_asked_about_one_by_one_take_typed_arguments(machine: Machine) -> None:
    run = start(machine, "careful")
    asked = {item["value"]["args"]["to"]: item for item in machine.json("langgraph", "approve")}
    refused = machine.run("langgraph", "approve", asked["bo"]["id"], "--edit", '{"to": "bo"}', code=1)
    assert "amount is required" in refused.stdout + refused.stderr
    machine.run("langgraph", "approve", asked["bo"]["id"], "--reject", "--message", "not bo")
    terminal = machine.dashboard()
    terminal.wait(lambda screen: run["run_name"] in screen and "✋ waiting" in screen)
    terminal.send("a")
    terminal.wait(lambda screen: "transfer" in screen and "Reject…" in screen and '"ana"' in screen)
    focus_button(terminal, "Edit…")
    terminal.send("enter")
    terminal.wait("amount *")
    terminal.send("tab", "backspace", "six", "tab")
    terminal.wait("✘ must be a whole number")
    terminal.send("shift+tab", "backspace", "backspace", "backspace", "6")
    focus_button(terminal, "Send")
    terminal.send("enter")
    terminal.wait("ledger #2")
    eventually(lambda: machine.status(run["run_id"]) == "success")
    lines = moved(machine)
    assert [line for line in lines if line.startswith("moved")] == ["moved 6 to ana"]
    assert any("not bo" in line for line in lines)
