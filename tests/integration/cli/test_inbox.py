"""Claims, many answers at once, the ledger and the audit from a shell."""

from __future__ import annotations

import csv
import io
import json
import stat
from typing import Any

from tests.integration.cli.conftest import Shell


def waiting(shell: Shell, graph: str = "asking") -> dict[str, Any]:
    return dict(shell.execute(graph, "--wait", code=3))


def pending(shell: Shell, workflow: str, node: str) -> int:
    listed = shell("langgraph", "approve", "--json").json
    return sum((item["workflow"], item["node"]) == (workflow, node) for item in listed)


def test_all_alike_questions_are_answered_with_one_command(shell: Shell) -> None:
    # A workflow of their own: only these two ask its question.
    runs = [waiting(shell, "alike") for _ in range(2)]
    every = ("langgraph", "approve", "--all", "--approve", "--comment", "both fine", "--workflow", "alike")
    unsure = shell(*every, "--json", code=2)
    assert unsure.error == "MHV-010"
    assert unsure.json["error"]["hint"] == "Say how many you mean: --count 2."
    assert "not 3" in shell(*every, "--count", "3", code=2).err
    assert "No question of alike at nowhere" in shell(*every, "--node", "nowhere", code=1).err
    done = shell(*every, "--node", "ask", "--count", "2")
    for run in runs:
        assert f"{run['run_name']}: answered (ledger #" in done.out
    assert "2 of 2 answered." in done.err
    assert shell(*every, "--count", "2", code=1).err.startswith("mahavishnu: MHV-103")


def test_what_is_not_alike_is_not_answered_together(shell: Shell) -> None:
    waiting(shell, "both")
    done = shell("langgraph", "approve", "--all", "--approve", "--workflow", "both", "--count", "2", code=2)
    assert "asked by different nodes" in done.err
    assert shell("langgraph", "approve", "--all", "x", code=2).err
    count = pending(shell, "both", "ask")
    every = ("langgraph", "approve", "--all", "--workflow", "both", "--node", "ask", "--respond", "ok")
    counted = shell(*every, "--count", str(count), "--json")
    assert [item["entry"]["answer"] for item in counted.json] == ["ok"] * count


def test_the_number_is_typed_at_a_terminal(shell: Shell) -> None:
    run = waiting(shell, "both")
    count = pending(shell, "both", "ask_too")
    code, said = shell.at_terminal(
        *("langgraph", "approve", "--all", "--workflow", "both", "--node", "ask_too", "--approve"),
        answers={f"Type the number to answer {count} ": f"{count}\n"},
    )
    assert (code, f"{run['run_name']}: answered (ledger #" in said) == (0, True)


def test_a_claim_is_seen_and_does_not_bind(shell: Shell) -> None:
    name = waiting(shell)["run_name"]
    claimed = shell("langgraph", "claim", name, "--json").json
    assert "is on it for 15 minutes" in shell("langgraph", "claim", name).out
    shell("langgraph", "release", name, "--from", claimed["claimed_by"])
    assert shell("langgraph", "release", name, "--json").json["claimed_by"] == ""
    assert "free" in shell("langgraph", "release", name).out
    import mahavishnu_tui.cli.claims as claims

    before = claims.who
    claims.who = lambda: "bob@elsewhere"  # type: ignore[assignment]
    try:
        shell("langgraph", "claim", name)
    finally:
        claims.who = before  # type: ignore[assignment]
    assert shell("langgraph", "claim", name, "--json", code=1).error == "MHV-116"
    refused = shell("langgraph", "approve", name, "--approve", code=1)
    assert "bob@elsewhere is on the question" in refused.err
    assert "claimed  by bob@elsewhere" in refused.out
    code, said = shell.at_terminal(
        "langgraph", "approve", name, "--approve", answers={"Answer anyway? [yes/no]": "no\n"}
    )
    assert (code, "nothing was answered" in said) == (1, True)
    all_of_them = ("langgraph", "approve", "--all", "--approve", "--workflow", "asking", "--count")
    count = str(pending(shell, "asking", "ask"))
    assert "claimed some of these" in shell(*all_of_them, count, code=1).err
    assert "answered (ledger #" in shell("langgraph", "approve", name, "--approve", "--anyway").out
    audit = shell("langgraph", "audit", name, "--json").json
    assert [act["what"] for act in audit] == ["start", "claim", "release", "claim", "answer"]
    assert audit[-1]["details"]["claimed_by"] == "bob@elsewhere"
    assert "bob@elsewhere" in shell("langgraph", "audit", name).out


def test_the_ledger_is_searched_and_exported(shell: Shell) -> None:
    run = waiting(shell)
    shell("langgraph", "approve", run["run_name"], "--respond", "=zebra+1\x1b[2J", "--comment", "why")
    shell("langgraph", "resume", run["run_name"], "--wait", code=None)
    listed = shell("ledger", "list", "--text", "ZEBRA").out
    assert run["run_name"] in listed
    assert "zebra" in listed
    found = shell("ledger", "list", "--run", run["run_id"], "--from", "2020-01-01", "--json").json
    assert [entry["comment"] for entry in found] == ["why"]
    assert shell("ledger", "list", "--run", run["run_id"], "--to", "2020-01-01T10:00", "--json").json == []
    assert "is no time" in shell("ledger", "list", "--from", "yesterday", code=2).err
    assert "The newest 1 only" in shell("ledger", "list", "--limit", "1").err

    target = shell.home / "ledger.csv"
    target.write_text("before")
    shell("ledger", "export", "--format", "csv", "--run", run["run_id"], "--output", str(target))
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    (row,) = csv.DictReader(io.StringIO(target.read_text()))
    assert row["answer"].startswith("'=zebra")
    assert [entry.name for entry in shell.home.iterdir() if "ledger.csv" in entry.name] == ["ledger.csv"]
    lines = shell("ledger", "export", "--text", "zebra").out.splitlines()
    assert [json.loads(line)["run_id"] for line in lines] == [run["run_id"]]
    nowhere = shell("ledger", "export", "--output", "/nonexistent/x", "--json", code=2)
    assert nowhere.error == "MHV-010"
    shell("langgraph", "approve", waiting(shell)["run_name"], "--respond", "long " * 10_000)
    process = shell.spawn("ledger", "export")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert (process.wait(30), process.stderr.read()) == (141, ""), "as with `| head`"
    process.stderr.close()
