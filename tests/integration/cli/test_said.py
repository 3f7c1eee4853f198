"""`mahavishnu langgraph logs`."""

from __future__ import annotations

import json

from tests.integration.cli.conftest import Shell


def test_what_a_run_said_is_shown_by_its_visits(shell: Shell) -> None:
    run = shell.execute("speaking", "--wait")["run_name"]
    told = shell("langgraph", "logs", run).out.splitlines()
    assert [line.split(" ", 1)[1] for line in told] == [
        "#2 speak stdout info: one\N{REPLACEMENT CHARACTER}[31m of two",
        "#2 speak stdout info: two of two",
    ]
    found = shell("langgraph", "logs", run, "--json", "--grep", "TWO OF").json
    assert [(line["number"], line["text"]) for line in found["lines"]] == [(2, "two of two")]
    assert shell("langgraph", "logs", run, "--json", "--all", "--visit", "1").json["lines"] == []
    nothing = shell("langgraph", "logs", run, "--level", "error")
    assert (nothing.out, nothing.err.strip()) == (
        "",
        "Nothing: this run's code has said nothing of that kind.",
    )
    followed = shell("langgraph", "logs", run, "--follow", "--json", "--lines", "1").out
    assert json.loads(followed)["text"] == "two of two"
    assert shell("langgraph", "logs", "no-such-run", "--json", code=None).error == "MHV-100"
