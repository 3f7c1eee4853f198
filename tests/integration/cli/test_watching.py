"""watch, replay, export, visualize into files, workflow and pool."""

from __future__ import annotations

import json
import stat

import pytest

from tests.integration.cli.conftest import Shell


def test_watching_a_run_tells_its_path_and_its_end(shell: Shell) -> None:
    done = shell.execute("plain", state={"pace": 0.2})
    told = shell("langgraph", "watch", done["run_name"])
    assert told.out.index("first") < told.out.index("second") < told.out.index("status")
    assert "success" in told.out
    again = shell("langgraph", "watch", done["run_name"], "--json").out
    lines = [json.loads(line) for line in again.splitlines()]
    assert [line["node"] for line in lines if line["kind"] == "visit"] == ["first", "second"]
    assert lines[-1]["status"] == "success"


def test_watching_a_run_that_asks_ends_with_3(shell: Shell) -> None:
    done = shell.execute("asking", "--wait", code=3)
    told = shell("langgraph", "watch", done["run_name"], code=3)
    assert "waiting" in told.out
    assert "mahavishnu langgraph approve" in told.out


def test_progress_is_for_terminals_and_data_for_pipes(shell: Shell) -> None:
    spec = f"{shell.project / 'flows.py'}:plain"
    words = ["langgraph", "execute", "--workflow-file", spec, "--trust", "--wait"]
    code, said = shell.at_terminal(*words, answers={})
    assert code == 0
    assert "✔ done" in said
    assert said.index("✔ done") < said.index("status    success")
    done = shell(*words)
    assert "✔" not in done.out + done.err


def test_a_replay_runs_nothing(shell: Shell) -> None:
    done = shell.execute("plain", "--wait")
    told = shell("langgraph", "replay", done["run_name"])
    assert [line.split()[3] for line in told.out.splitlines()] == ["first", "second"]
    played = shell("langgraph", "replay", done["run_name"], "--json").json
    assert played[0]["at"] == 0
    assert len(shell("langgraph", "export", done["run_name"]).json["visits"]) == 2


def test_an_export_holds_everything_and_is_private(shell: Shell) -> None:
    done = shell.execute("asking", "--wait", code=3)
    shell("langgraph", "approve", done["run_name"], "--respond", "yes")
    shell("langgraph", "watch", done["run_name"], code=None)
    file = shell.home / "run.json"
    shell("langgraph", "export", done["run_name"], "--output", str(file), "--states")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = json.loads(file.read_text())
    assert found["run"]["id"] == done["run_id"]
    assert found["ledger"][0]["answer"] == "yes"
    assert found["approvals"][0]["status"] == "applied"
    assert set(found["states"]) == {item["id"] for item in found["checkpoints"]}
    assert found["graph"]["nodes"]
    (shell.home / "folder").mkdir(exist_ok=True)
    words = ["langgraph", "export", done["run_name"], "--output", str(shell.home / "folder")]
    assert "cannot be written" in shell(*words, code=2).err


@pytest.mark.parametrize(
    ("name", "begins"), [("g.svg", "<svg"), ("g.mmd", "flowchart"), ("g.dot", "digraph"), ("g.txt", " ")]
)
def test_a_drawing_has_the_format_that_its_file_is_named_for(shell: Shell, name: str, begins: str) -> None:
    spec = f"{shell.project / 'flows.py'}:plain"
    words = ["langgraph", "visualize", "--workflow-file", spec, "--trust", "--xray"]
    shell(*words, "--output", str(shell.home / name))
    assert (shell.home / name).read_text().startswith(begins)
    refused = shell(*words, "--output", "g.png", code=2)
    assert "g.png ends with .png" in refused.err


def test_a_known_workflow_is_started_by_name(shell: Shell) -> None:
    done = shell.execute("plain", "--wait")
    listed = shell("workflow", "list", "--json").json
    assert done["workflow_id"] in [item["id"] for item in listed]
    assert "plain" in shell("workflow", "list").out
    by_id = shell("workflow", "trigger", "--name", done["workflow_id"], "--wait", "--json").json
    assert by_id["status"] == "success"
    words = ["langgraph", "execute", "--workflow-id", done["workflow_id"], "--wait", "--json"]
    assert shell(*words).json["execution_path"] == ["first", "second"]
    assert "no workflow 'nothing'" in shell("workflow", "trigger", "--name", "nothing", code=1).err


def test_a_thread_is_resumed_from_a_checkpoint(shell: Shell) -> None:
    done = shell.execute("plain", "--wait", "--thread-id", "back")
    checkpoints = shell("langgraph", "checkpoints", "list", done["run_name"], "--json").json
    at = next(item["id"] for item in checkpoints if item["next"] == ["second"])
    words = ["langgraph", "execute", "--resume-from", at, "--wait", "--json"]
    again = shell(*words, "--thread-id", "back").json
    assert again["values"]["said"] == ["first", "second"]
    assert "--thread-id" in shell(*words, code=2).err
    assert "No run has the thread" in shell(*words, "--thread-id", "none", code=2).err
    assert "Give one of" in shell("langgraph", "execute", code=2).err


def test_pools(shell: Shell) -> None:
    (pool,) = shell("pool", "list", "--json").json
    assert pool["name"] in shell("pool", "list").out
    assert "healthy" in shell("pool", "health", pool["name"]).out
    assert shell("pool", "health", "--json").json[0]["name"] == pool["name"]
    assert "no pool 'none'" in shell("pool", "health", "none", code=1).err
