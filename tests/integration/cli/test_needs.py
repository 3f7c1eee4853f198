"""What needs an operator, and searching every run, from a shell."""

from __future__ import annotations

from tests.integration.cli.conftest import Shell


def test_a_failure_is_listed_claimed_seen_and_gone(shell: Shell) -> None:
    name = shell.execute("failing", "--wait", code=1)["run_name"]
    found = next(need for need in shell("needs", "list", "--json").json if need["where"] == name)
    assert (found["kind"], found["key"]) == ("failure", f"failure:{found['run_id']}")
    assert name in shell("needs", "list", "--kind", "failure").out
    assert name not in shell("needs", "list", "--kind", "host").out
    assert "is on it for 15 minutes" in shell("needs", "claim", name).out
    listed = shell("needs", "list", "--kind", "failure").out
    assert shell("needs", "release", found["key"], "--json").json["claimed_by"] == ""
    assert next(line for line in listed.splitlines() if name in line).count("@") == 1
    assert "free" in shell("needs", "release", name).out
    assert f"{found['key']}: seen" in shell("needs", "seen", name).out
    again = shell("needs", "seen", found["key"], code=1)
    assert "MHV-117" in again.err
    assert "see" in [act["what"] for act in shell("langgraph", "audit", name, "--json").json]
    assert "or give --all" in shell("needs", "seen", code=2).err
    assert shell("needs", "seen", "--all").out
    assert [need for need in shell("needs", "list", "--json").json if need["kind"] == "failure"] == []


def test_a_run_is_found_by_what_is_known_of_it(shell: Shell) -> None:
    run = shell.execute("failing", "--wait", code=1, state={"seen": ["zanzibar-42"]})
    found = shell("search", "ZANZIBAR-42", "--json").json
    assert (found["total"], found["exact"], found["more"], found["at_prefect"]) == (1, True, False, [])
    assert (found["hits"][0]["run"]["id"], found["hits"][0]["field"]) == (run["run_id"], "input")
    assert run["run_name"] in shell("search", run["run_id"][:13]).out
    assert "error" in shell("search", "error:fail", "zanzibar-42").out
    shell.execute("failing", "--wait", code=1, state={"seen": ["zanzibar-42"]})
    first = shell("search", "zanzibar-42", "--limit", "1")
    assert "Page 1 of 2 runs" in first.err
    second = shell("search", "zanzibar-42", "--limit", "1", "--page", "2")
    assert first.out != second.out
    assert run["run_name"] in second.out
    assert "No run has that." in shell("search", "no such thing anywhere", "--prefect").out
    beyond = shell("search", "zanzibar-42", "--page", "9")
    assert ("There is no page 9." in beyond.out, "goes on" in beyond.err) == (True, False)
    assert shell("search", "x" * 300, "--json", code=2).error == "MHV-010"
