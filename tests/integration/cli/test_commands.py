import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mahavishnu_tui.__main__ import dashboard_words
from mahavishnu_tui.cli.drawings.mermaid import mermaid
from mahavishnu_tui.models import (
    GraphEdge,
    GraphNode,
    GraphShape,
    Project,
)
from mahavishnu_tui.projects.target import project_of, resolve_target
from tests.integration.cli.conftest import Shell


def test_an_answer_goes_to_the_question_that_was_shown(shell: Shell) -> None:
    run = shell.execute("asking", "--wait", code=3)
    (question,) = run["interrupts"]
    listed = shell("langgraph", "approve", "--json").json
    assert question["approval_id"] in [item["id"] for item in listed]
    assert question["approval_id"] in shell("langgraph", "approve").out

    wrong = shell("langgraph", "approve", run["run_name"], "--approve", "--hash", "0" * 64, "--json", code=1)
    assert wrong.error == "MHV-104"
    done = shell("langgraph", "approve", run["run_name"], "--approve", "--comment", "fine", "--json").json
    assert done["answer"] is True
    assert done["question_hash"] == question["hash"]
    assert done["comment"] == "fine"
    again = shell("langgraph", "approve", question["approval_id"], "--reject", "--json", code=1)
    assert again.error == "MHV-105"
    nothing = shell("langgraph", "approve", run["run_id"], "--approve", "--json", code=1)
    assert nothing.error == "MHV-103"
    assert "asks nothing now: it is " in nothing.err


def test_several_questions_are_told_apart(shell: Shell) -> None:
    run = shell.execute("both", "--wait", code=3)
    assert len(run["interrupts"]) == 2
    done = shell("langgraph", "approve", run["run_name"], "--approve", "--json", code=2)
    assert "asks 2 questions" in done.err
    for number, question in enumerate(run["interrupts"]):
        shell("langgraph", "approve", question["approval_id"], "--value", json.dumps({"n": number}))


def test_for_people_the_question_is_shown_with_its_hash(shell: Shell) -> None:
    run = shell.execute("asking", "--wait", code=3)
    done = shell("langgraph", "approve", run["run_name"])
    assert run["interrupts"][0]["hash"] in done.out
    assert "Go on?" in done.out
    assert "answered (ledger #" in done.out


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (["approve", "nobody", "--approve"], 1, "MHV-103"),
        (["list", "--workflow", "nobody"], 1, "MHV-108"),
        (["approve", "a", "--approve", "--value", "1"], 2, "MHV-010"),
        (["approve", "--approve"], 2, "MHV-010"),
        (["cancel", "nobody"], 1, "MHV-100"),
        (["resume", "nobody"], 1, "MHV-100"),
        (["checkpoints", "list", "nobody"], 1, "MHV-100"),
        (["checkpoints", "load", "nobody"], 1, "MHV-100"),
        (["visualize"], 2, "MHV-010"),
        (["visualize", "--run", "nobody"], 1, "MHV-100"),
        (["list", "--status", "odd"], 2, "MHV-010"),
        (["no-such-command"], 2, "MHV-010"),
    ],
)
def test_bad_requests(shell: Shell, words: list[str], code: int, error: str) -> None:
    assert shell("langgraph", *words, "--json", code=code).error == error


def test_cancel_and_resume(shell: Shell) -> None:
    run = shell.execute("asking", "--wait", code=3)
    assert shell("langgraph", "cancel", run["run_name"], "--json").json["status"] == "cancelled"
    assert "MHV-101" in shell("langgraph", "cancel", run["run_name"], code=1).err
    assert (
        shell("langgraph", "resume", run["run_name"], "--wait", "--json", code=3).json["status"]
        == "interrupted"
    )
    assert "cancelled" in shell("langgraph", "cancel", run["run_name"]).out
    assert run["run_id"] in shell("langgraph", "resume", run["run_name"]).out


def test_checkpoints(shell: Shell) -> None:
    run = shell.execute("plain", "--wait")
    found = shell("langgraph", "checkpoints", "list", run["run_name"], "--json").json
    assert [item["step"] for item in found] == [2, 1, 0, -1]
    assert [item["id"] for item in found][1:2] == [
        item["id"]
        for item in shell(
            "langgraph",
            "checkpoints",
            "list",
            run["run_id"],
            "--before",
            found[0]["id"],
            "--limit",
            "1",
            "--json",
        ).json
    ]
    assert found[0]["id"] in shell("langgraph", "checkpoints", "list", run["run_name"]).out
    state = shell("langgraph", "checkpoints", "load", run["run_id"], found[1]["id"], "--json").json
    assert state["values"]["said"] == ["first"]
    assert '"second"' in shell("langgraph", "checkpoints", "load", run["run_id"]).out
    missing = shell("langgraph", "checkpoints", "load", run["run_id"], "none", "--json", code=1)
    assert missing.error == "MHV-107"
    fork = shell(
        "langgraph", "resume", run["run_id"], "--checkpoint", found[1]["id"], "--wait", "--json"
    ).json
    assert fork["values"]["said"] == ["first", "second"]


def test_lists(shell: Shell) -> None:
    run = shell.execute("plain", "--wait")
    listed = shell("langgraph", "list", "--status", "success", "--limit", "1", "--json").json
    assert [item["id"] for item in listed] == [run["run_id"]]
    assert run["run_name"] in shell("langgraph", "list").out
    assert "newest 1 only" in shell("langgraph", "list", "--limit", "1").err
    none = ("langgraph", "list", "--workflow", run["workflow_id"], "--status", "paused")
    assert "No runs: none is like that." in shell(*none).out
    assert shell(*none, "--json").json == []


def test_health(shell: Shell) -> None:
    shell.execute("plain", "--wait")
    health = shell("langgraph", "health", "--json").json
    assert health["status"] == "healthy"
    assert health["server"]["pid"] == shell.server_pid()
    # A second host may have been started while the first one was busy importing.
    assert str(shell.project) in {host["project_root"] for host in health["hosts"] if host["pid"]}
    assert "healthy" in shell("langgraph", "health").out


def test_drawings(shell: Shell) -> None:
    spec = f"{shell.project / 'flows.py'}:asking"
    words = ["langgraph", "visualize", "--workflow-file", spec, "--trust"]
    assert "ask" in shell(*words, "--width", "80").out
    assert "flowchart TD" in shell(*words, "--format", "mermaid").out
    assert {node["id"] for node in shell(*words, "--json").json["nodes"]} >= {"first", "ask", "second"}
    shell(*words, "--output", "graph.txt")
    assert "second" in (shell.home / "graph.txt").read_text()
    assert "cannot be written" in shell(*words, "--output", "no/such/graph.txt", code=2).err
    run = shell.execute("plain", "--wait")
    assert "second" in shell("langgraph", "visualize", "--run", run["run_name"], "--ascii").out


def test_the_server_starts_once_and_stops(fresh: Shell) -> None:
    assert fresh("server", "status", "--json", code=4).error == "MHV-002"
    assert fresh("langgraph", "health", code=4).err
    assert fresh("server", "stop", "--json").json == {"stopped": False}
    assert "cannot be read" in fresh("server", "logs", code=2).err
    pid = fresh("server", "start", "--json").json["pid"]
    assert str(pid) in fresh("server", "start").out
    assert "ready" in fresh("server", "status").out
    assert fresh("server", "logs", "--json", "--lines", "1").json["lines"]
    assert fresh("server", "logs").out
    assert fresh("info", "--json").json["server"]["pid"] == pid
    assert fresh("server", "stop", "--json").json == {"stopped": True}
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_commands_at_the_same_time_start_one_server(fresh: Shell) -> None:
    starting = [fresh.spawn("server", "start", "--json") for _ in range(2)]
    pids = {json.loads(process.communicate(timeout=60)[0])["pid"] for process in starting}
    assert len(pids) == 1


def test_a_killed_servers_socket_is_no_obstacle(fresh: Shell) -> None:
    pid = fresh("server", "start", "--json").json["pid"]
    fresh.kill_server()
    assert fresh("server", "start", "--json").json["pid"] != pid


def test_a_server_that_cannot_start_says_why(fresh: Shell) -> None:
    data = fresh.home / "data"
    data.mkdir(mode=0o700)
    (data / "engine.db").write_bytes(b"this is no database at all" * 100)
    done = fresh("server", "start", "--data-dir", str(data), "--json", code=4)
    assert done.error == "MHV-002"
    assert "MHV-005" in done.err
    assert "server.log" in done.err


def test_a_data_directory_that_cannot_be(fresh: Shell) -> None:
    (fresh.home / "file").touch()
    done = fresh("server", "start", "--data-dir", str(fresh.home / "file"), "--json", code=4)
    assert "cannot be written" in done.err


def test_the_log_of_a_host_is_what_its_code_prints(shell: Shell) -> None:
    shell.execute("plain", "--wait")
    host = next(host for host in shell("langgraph", "health", "--json").json["hosts"] if host["pid"])
    assert "lines" in shell("server", "logs", "--host", host["id"], "--json").json
    shell("server", "logs", "--host", "none", "--json", code=None)


def test_a_followed_log_goes_on_and_survives_rotation(fresh: Shell) -> None:
    log = Path(fresh("info", "--json").json["paths"]["log"])
    log.parent.mkdir(parents=True)
    log.write_text("one\n")
    following = fresh.spawn("server", "logs", "--follow")
    assert following.stdout is not None
    assert following.stdout.readline() == "one\n"
    with log.open("a") as file:
        file.write("tw")
        file.flush()
        file.write("o\x1b[2J\n")
    assert following.stdout.readline() == "two\N{REPLACEMENT CHARACTER}[2J\n"
    log.rename(log.with_suffix(".1"))
    log.write_text("three\n")
    assert following.stdout.readline() == "three\n"
    following.send_signal(2)
    assert following.wait(10) == 130
    following.communicate(timeout=10)


def test_the_unit_names_everything(fresh: Shell) -> None:
    done = fresh("server", "install", "--print", "--set", "ui.theme=50% off", "--context", "prod")
    assert '"server" "run"' in done.out
    assert '"ui.theme=50%% off"' in done.out
    assert '"server.idle_minutes=0"' in done.out
    told = fresh("server", "install", "--json").json
    unit = fresh.home / ".config/systemd/user/mahavishnu-default.service"
    assert (told["path"], told["written"]) == (str(unit), True)
    assert unit.read_text() == told["unit"]
    assert "enable --now" in fresh("server", "install").out
    unit.unlink()
    unit.mkdir()
    assert "cannot be written" in fresh("server", "install", code=2).err


def test_info_names_paths_versions_and_sources(fresh: Shell) -> None:
    found = fresh("info", "--json").json
    assert set(found["paths"]) >= {"data", "socket", "log", "config"}
    assert found["paths"]["data"] == str(fresh.home / ".local/share/mahavishnu/default")
    assert "langgraph" in found["versions"]
    assert found["settings"][0]["name"] == "defaults"
    assert "not running" in fresh("info").out
    other = fresh("--context", "prod", "info", "--json").json
    assert other["paths"]["data"].endswith("/prod")
    assert fresh("info", "--data-dir", "here", "--json").json["paths"]["data"] == str(fresh.home / "here")


def test_config(fresh: Shell) -> None:
    assert fresh("config", "validate", "--json").json["valid"]
    shown = fresh("config", "show", "--set", "ui.theme=night").out
    assert 'theme: "night"' in shown
    assert "[flags]" in shown
    (fresh.home / "shown.yaml").write_text(fresh("config", "show", "--defaults").out)
    assert "Valid" in fresh("config", "validate", "shown.yaml").out
    assert fresh("config", "show", "--json").json["langgraph"]["max_concurrent_workflows"] == 10
    own = fresh.home / ".config/mahavishnu/mahavishnu.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("ui:\n  theme: 5\n  colour: red\n")
    wrong = fresh("config", "validate", "--json", code=2).json
    assert not wrong["valid"]
    assert len(wrong["problems"]) == 2
    assert re.search("MHV-001 .*line 3", fresh("config", "validate", str(own), code=2).err)
    (fresh.home / "keys.yaml").write_text("ui:\n  keymap: {run.retri: c}\n")
    (clash,) = fresh("config", "validate", "keys.yaml", "--json", code=2).json["problems"]
    assert clash == ("MHV-001 ui.keymap: there is no key with the id run.retri. Did you mean run.retry?")
    assert "MHV-001" in fresh("info", code=2).err
    # The cure's own commands need no valid settings.
    fresh("config", "show", "--defaults")
    fresh("trust", "--list")
    assert fresh("config", "validate", "none.yaml", "--json", code=2).json["problems"]


def test_trust(fresh: Shell) -> None:
    assert "Nothing is trusted" in fresh("trust", "--list").out
    assert fresh("trust", "--list", "--json").json == []
    file = fresh.project / "flows.py"
    assert fresh("trust", str(file), "--json").json == [{"path": str(file), "trusted": True}]
    assert fresh("trust", "--list", "--json").json[0]["state"] == "trusted"
    assert str(file) in fresh("trust", "--list").out
    assert "no longer" in fresh("trust", "--revoke", str(file)).out
    assert fresh("trust", "--revoke", str(file), "--json", code=2).error == "MHV-010"
    assert fresh("trust", "none.py", "--json", code=2).error == "MHV-010"
    assert "is a folder" in fresh("trust", str(fresh.project), code=2).err
    (fresh.project / "ring.py").symlink_to("ring.py")
    assert "does not exist" in fresh("trust", str(fresh.project / "ring.py"), code=2).err
    assert fresh("trust", code=2).err


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion(fresh: Shell, name: str) -> None:
    assert "_MAHAVISHNU_COMPLETE" in fresh("completion", name).out
    assert fresh("completion", name, "--json").json["shell"] == name


def test_completion_completes() -> None:
    env = {
        **os.environ,
        "_MAHAVISHNU_COMPLETE": "bash_complete",
        "COMP_WORDS": "mahavishnu lang",
        "COMP_CWORD": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "mahavishnu_tui"], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "plain,langgraph"


def test_demo_starts_what_is_missing(fresh: Shell) -> None:
    started = fresh("demo", "--json", "--no-ui").json
    assert len(started) == 8
    assert {run["workflow"] for run in started} >= {"release", "rollout", "invoice"}
    assert len(fresh("--context", "demo", "langgraph", "list", "--json").json) == 8
    done = fresh("demo", code=2)
    assert "MHV-009" in done.err
    assert fresh("demo", "--no-ui").code == 0


def test_the_dashboard_wants_a_terminal(fresh: Shell) -> None:
    assert "MHV-009" in fresh(code=2).err
    assert fresh("--version").out.startswith("mahavishnu ")
    assert "MHV-010" in fresh("info", "--context", "../x", code=2).err
    assert fresh("server", code=2).out.startswith("Usage")
    assert "execute" in fresh("langgraph", "--help").out


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], {}),
        (["--context", "prod", "--readonly"], {"context": "prod", "readonly": True}),
        (["--context=prod", "--ascii"], {"context": "prod", "ascii": True}),
        (["--ssh"], {"ssh": True}),
        (["--data-dir", "d", "--set", "a.b=c=d"], {"data_dir": "d", "settings_flags": ("a.b=c=d",)}),
        (["--set=a.b=c", "--set", "d.e=f"], {"settings_flags": ("a.b=c", "d.e=f")}),
        (["info"], None),
        (["--context", "prod", "info"], None),
        (["--context"], None),
        (["--help"], None),
        (["--readonly=1"], None),
    ],
)
def test_the_dashboards_own_words(words: list[str], found: dict[str, object] | None) -> None:
    assert dashboard_words(words) == (None if found is None else {"settings_flags": (), **found})


def test_a_closed_pipe_is_no_failure(fresh: Shell) -> None:
    process = fresh.spawn("config", "show")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.wait(30) == 141
    assert process.stderr.read() == ""
    process.stderr.close()


def test_what_nobody_foresaw_is_one_sentence_and_a_file(
    fresh: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode() -> str:
        raise RuntimeError("a bug")

    monkeypatch.setattr("mahavishnu_tui.cli.info._versions", explode)
    done = fresh("info", "--json", code=1)
    log = fresh.home / ".local/state/mahavishnu/command.log"
    assert done.error == "MHV-011"
    assert str(log) in done.err
    assert "RuntimeError: a bug" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600
    log.unlink()
    log.mkdir()
    assert "cannot be written either" in fresh("info", code=1).err


def test_interrupting_is_130(fresh: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("mahavishnu_tui.cli.info._versions", interrupt)
    assert fresh("info", code=130).err == ""


def test_a_strangers_socket_in_the_way(fresh: Shell) -> None:
    path = fresh.home / ".local/share/mahavishnu/default/server.sock"
    path.parent.mkdir(parents=True, mode=0o700)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    assert fresh("server", "status", "--json", code=4).error == "MHV-002"
    path.unlink()


def test_a_drawing_for_documents() -> None:
    inner = GraphShape([GraphNode("x"), GraphNode("y")], [GraphEdge("x", "y", label="why")])
    shape = GraphShape(
        [GraphNode("__start__", "start"), GraphNode('a"b<c>'), GraphNode("sub", "subgraph")],
        [GraphEdge("__start__", 'a"b<c>'), GraphEdge('a"b<c>', "sub", True), GraphEdge("sub", "gone")],
        {"sub": inner},
    )
    assert mermaid(shape).splitlines() == [
        "flowchart TD",
        '    n0(["start"])',
        '    n1["a#quot;b#lt;c#gt;"]',
        '    subgraph n2["sub"]',
        '        n2_n0["x"]',
        '        n2_n1["y"]',
        '        n2_n0 -->|"why"| n2_n1',
        "    end",
        "    n0 --> n1",
        "    n1 -.-> n2",
    ]


def test_the_project_of_a_file(tmp_path: Path) -> None:
    inner = tmp_path / "project" / "src"
    inner.mkdir(parents=True)
    file = inner / "flow.py"
    file.touch()
    assert project_of(file) == Project(str(inner), sys.executable)
    (tmp_path / "project" / "pyproject.toml").touch()
    assert project_of(file) == Project(str(tmp_path / "project"), sys.executable)
    python = tmp_path / "project" / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    assert project_of(file).interpreter == str(python)
    assert project_of(file, "/bin/sh").interpreter == "/bin/sh"
    # Anybody could have put that interpreter there.
    (tmp_path / "project").chmod(0o777)
    assert project_of(file) == Project(str(inner), sys.executable)


def test_a_graph_in_a_package(tmp_path: Path) -> None:
    path = tmp_path / "langgraph.json"
    path.write_text('{"graphs": {"tool": "tools.flow:graph"}}')
    target = resolve_target(str(path))
    assert (target.spec, target.name, target.files) == ("tools.flow:graph", "tool", (path,))
    assert target.project.root == str(tmp_path)
