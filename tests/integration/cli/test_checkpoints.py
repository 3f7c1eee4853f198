"""`mahavishnu langgraph checkpoints …`, as a shell sees it."""

from __future__ import annotations

from typing import Any

from tests.integration.cli.conftest import Shell


def checkpoints(shell: Shell, *words: str, code: int = 0) -> Any:
    return shell("langgraph", "checkpoints", *words, "--json", code=code)


def said(shell: Shell, *words: str, code: int = 0) -> str:
    return shell("langgraph", "checkpoints", *words, code=code).out


def test_what_is_read(shell: Shell) -> None:
    run = shell.execute("plain", "--wait")["run_name"]
    found = checkpoints(shell, "list", run).json
    diff = checkpoints(shell, "diff", run).json
    assert [change["path"] for change in diff["diff"]["changes"]] == [["said", 1]]
    assert '+ said[1]: "second"' in said(shell, "diff", run, found[1]["id"], "latest")
    assert "Nothing differs." in said(shell, "diff", run, "latest", "latest", "--other", run)
    match = checkpoints(shell, "search", run, "second").json["matches"][0]
    assert match["checkpoint_id"] == found[0]["id"]
    assert "said[1]" in said(shell, "search", run, "second", "--path", "said")
    assert "Nothing found in 4 checkpoints." in said(shell, "search", run, "nowhere")
    assert checkpoints(shell, "search", run, code=2).error == "MHV-010"
    assert checkpoints(shell, "sizes", run).json["checkpoints"] == 4
    assert run in said(shell, "sizes")
    assert checkpoints(shell, "sizes").json[0]["threads"]
    assert checkpoints(shell, "diff", run, "none", "latest", code=1).error == "MHV-107"


def test_what_is_edited(shell: Shell) -> None:
    run = shell.execute("asking", "--wait", code=3)["run_name"]
    first = checkpoints(shell, "list", run).json
    preview = checkpoints(shell, "edit", run, '{"said": ["mine"]}', "--dry-run").json
    assert preview["next"] == first[0]["next"]
    shown = said(shell, "edit", run, '{"said": ["mine"]}', "--dry-run")
    assert "drops an open question" in shown
    assert '"mine"' in shown
    assert checkpoints(shell, "edit", run, '{"nothing": 1}', "--yes", code=1).error == "MHV-122"
    assert checkpoints(shell, "edit", run, '{"said": ["mine"]}', code=2).error == "MHV-010"  # nobody to ask
    edited = checkpoints(shell, "edit", run, '{"said": ["mine"]}', "--yes", "--label", "by hand").json
    assert edited["run"]["status"] == "paused"
    assert "by hand" in said(shell, "list", run)
    assert "paused" in said(shell, "rewind", run, first[1]["id"], "--yes")
    assert checkpoints(shell, "create", run, "--label", "before", "--yes").json["checkpoint_id"]
    forked = checkpoints(
        shell, "fork", run, first[0]["id"], "--values", '{"said": ["fork"]}', "--yes", "--wait", code=3
    )
    assert forked.json["status"] == "interrupted"
    values = checkpoints(shell, "load", run).json["values"]
    assert "fork" in values["said"]
    assert "mine" not in values["said"]
    assert checkpoints(shell, "fork", run, first[0]["id"], "--wait", code=3).json["status"] == "interrupted"


def test_what_is_kept_and_what_goes(shell: Shell) -> None:
    run = shell.execute("plain", "--wait")["run_name"]
    found = checkpoints(shell, "list", run).json
    assert "good" in said(shell, "tag", run, "latest", "good", "--note", "worth it")
    assert checkpoints(shell, "list", run).json[0]["tags"] == ["good"]
    assert checkpoints(shell, "tag", run, found[0]["id"], "good", "--remove").json["removed"]
    assert checkpoints(shell, "pin", run).json["pinned"]
    assert "0 checkpoints" in said(shell, "prune", run, "--yes")
    assert "no longer pinned" in said(shell, "unpin", run)
    assert checkpoints(shell, "prune", code=2).error == "MHV-010"
    assert checkpoints(shell, "prune", run, "--dry-run", "--keep-last", "2").json["checkpoints"] == 2
    assert "3 removed" in said(shell, "prune", run, "--yes")
    assert "1 checkpoint removed" in said(shell, "delete", run, "--yes")
    assert checkpoints(shell, "list", run).json == []
    waits = shell.execute("asking", "--wait", code=3)["run_name"]
    assert checkpoints(shell, "prune", waits, "--yes", code=1).error == "MHV-123"
    at_exit = shell.execute("plain", "--wait", "--durability", "exit")["run_name"]
    assert len(checkpoints(shell, "list", at_exit).json) == 1
