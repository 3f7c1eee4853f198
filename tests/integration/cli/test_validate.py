"""A workflow is checked before it runs."""

from __future__ import annotations

from tests.integration.cli.conftest import Shell

BROKEN = """
from typing import TypedDict
from langgraph.graph import START, END, StateGraph
from langgraph.types import interrupt

class State(TypedDict, total=False):
    n: int

graph = StateGraph(State)
graph.add_node("{node}", lambda state: {{"n": interrupt("go on?")}})
graph.add_node("lost", lambda state: {{"m": 1}})
graph.add_edge(START, "{node}")
graph.add_edge("{node}", END)
"""


def test_what_is_wrong_is_said_before_it_runs(shell: Shell) -> None:
    file = shell.project / "broken.py"
    file.write_text(BROKEN.format(node="ask"))
    words = ["langgraph", "validate", "--workflow-file", str(file), "--trust"]
    told = shell(*words, code=1).out
    assert "error    lost: Nothing leads to 'lost': it never runs." in told
    assert "'lost' returns 'm', which the state does not have" in told
    assert told.splitlines()[-1] == "broken: correct what is wrong before it runs."
    found = shell(*words, "--json", code=1).json
    assert {item["rule"] for item in found["findings"]} >= {"unreachable", "unknown-key"}
    assert shell("langgraph", "list", "--workflow", found["workflow_id"], "--json").json == []


def test_a_sound_workflow_can_run(shell: Shell) -> None:
    spec = f"{shell.project / 'flows.py'}:plain"
    done = shell("langgraph", "validate", "--workflow-file", spec, "--trust", "--json").json
    assert [item for item in done["findings"] if item["severity"] == "error"] == []
    told = shell("langgraph", "validate", "--workflow-id", done["workflow_id"])
    assert told.out.startswith(("plain:", "note", "warning"))
    assert "Give either" in shell("langgraph", "validate", code=2).err


def test_a_run_that_waits_at_a_renamed_node_is_named(shell: Shell) -> None:
    file = shell.project / "renamed.py"
    file.write_text(BROKEN.format(node="ask"))
    words = ["--workflow-file", str(file), "--trust"]
    waiting = shell("langgraph", "execute", *words, "--wait", "--json", code=3).json
    file.write_text(BROKEN.format(node="question"))
    told = shell("langgraph", "validate", *words, code=1).out
    assert f"{waiting['run_name']} waits at 'ask', which the graph no longer has" in told
    assert f"resume {waiting['run_name']} --checkpoint" in told
    shell("langgraph", "cancel", waiting["run_name"])
    assert "waits at" not in shell("langgraph", "validate", *words, code=1).out


def test_a_graph_without_an_entry_does_not_load(shell: Shell) -> None:
    file = shell.project / "headless.py"
    file.write_text(BROKEN.format(node="ask").replace('graph.add_edge(START, "ask")', ""))
    refused = shell("langgraph", "validate", "--workflow-file", str(file), "--trust", "--json", code=1)
    assert refused.error == "MHV-421"
