"""Runs and hosts under control, from the shell."""

from __future__ import annotations

from .conftest import Shell

WAIT = ("--trust", "--wait", "--json")


def test_priority_place_again_and_recursion_limit(shell: Shell) -> None:
    flow = f"{shell.project}/flows.py"
    done = shell("langgraph", "execute", "--workflow-file", f"{flow}:plain", *WAIT).json
    again = shell("langgraph", "again", done["run_name"], "--wait", "--json").json
    assert (again["status"], again["thread_id"] == done["thread_id"]) == ("success", False)
    assert "MHV-101" in shell("langgraph", "priority", done["run_name"], "high", code=1).err
    assert shell("langgraph", "priority", done["run_name"], "first", code=2)


def test_hosts_are_listed_and_replaced(shell: Shell) -> None:
    flow = f"{shell.project}/flows.py"
    asked = shell("langgraph", "execute", "--workflow-file", f"{flow}:asking", *WAIT, code=3).json
    # Other tests' projects may have hosts on this server, too.
    hosts = shell("host", "list", "--json").json
    host = next(host for host in hosts if host["running"] == 0 and host["project_root"] == str(shell.project))
    assert host["state"] in ("ready", "blocked")
    shown = shell("host", "list").out
    assert str(host["pid"]) in shown
    drained = shell("host", "restart", host["id"], "--limit", "5", "--json").json
    assert drained["state"] in ("draining", "stopped")
    assert "MHV-110" in shell("host", "drain", "nothing", code=1).err
    cancelled = shell("langgraph", "cancel", asked["run_name"], "--at-boundary", "--json").json
    assert cancelled["status"] == "cancelled"
    assert shell("langgraph", "cancel", asked["run_name"], "--at-boundary", "--end-host", code=2)
