import shlex

from tests.integration.cli.conftest import Shell


def test_what_init_writes_runs_to_its_question_and_to_its_end(shell: Shell) -> None:
    done = shell("init", "starter", "--json").json
    assert {item["outcome"] for item in done["files"]} == {"written"}
    # As it says, without a further word: what it wrote is trusted.
    _, *words = shlex.split(done["next"][0])
    asked = shell(*words, "--timeout", "60", "--json", code=3).json
    assert asked["interrupts"][0]["value"] == {
        "question": "Publish this text?",
        "text": "Draft 1 about otters.",
    }
    shell("langgraph", "approve", asked["run_id"], "--reject")
    shell("langgraph", "watch", asked["run_id"], "--json", code=3)
    assert "Draft 2" in shell("langgraph", "approve", asked["run_id"]).out
    shell("langgraph", "watch", asked["run_id"], "--json")
    assert "exists: left as it is" in shell("init", "starter").out


def test_the_documentation_is_read_at_the_shell(shell: Shell) -> None:
    assert "reference/settings" in shell("docs").out
    assert "`server.idle_minutes`" in shell("docs", "settings").out
    assert {"name": "errors", "title": "Error codes"} in shell("docs", "--json").json
    assert shell("docs", "errors", "--json").json["text"].startswith("# Error codes")
    assert "is not there" in shell("docs", "MHV-010").out
    assert shell("docs", "nope", "--json", code=2).error == "MHV-010"
