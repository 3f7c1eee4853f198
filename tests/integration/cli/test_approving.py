"""The example that asks in three ways, answered from the command line with a real graph behind it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import mahavishnu_tui
from tests.integration.cli.conftest import Shell

EXAMPLE = Path(mahavishnu_tui.__file__).parents[1] / "examples" / "demo" / "review.py"


def wait(shell: Shell, name: str, key: str) -> Any:
    """What the run has stored under `key`, once it has."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        run = json.loads(shell("langgraph", "export", name).out)
        if run["run"]["status"] in ("interrupted", "success") and key in (run["values"] or {}):
            return run["values"][key]
    raise AssertionError(f"no {key} within 30 s")


def test_each_kind_is_answered_in_its_own_shape(shell: Shell) -> None:
    given = json.dumps({"customer": "ana", "amount": 40, "pace": 0})
    words = ["langgraph", "execute", "--workflow-file", str(EXAMPLE), "--state", given, "--trust", "--wait"]
    name = shell(*words, "--json", code=3).json["run_name"]

    refused = shell("langgraph", "approve", name, "--reject", code=1)
    assert "MHV-106 send_mail cannot be answered with reject." in refused.err
    assert "send_mail: approve, edit, respond, ignore" in refused.out
    edited = '{"to": "bo@example.org", "body": "Hi"}'
    shell("langgraph", "approve", name, "--edit", edited)
    assert wait(shell, name, "sent") == "bo@example.org: Hi"

    shell("langgraph", "approve", name, "--reject", "--message", "too much")
    assert wait(shell, name, "paid") == "nothing: too much"

    wrong = shell("langgraph", "approve", name, "--value", '{"account": "nobody"}', "--json", code=1)
    assert wrong.error == "MHV-106"
    shell("langgraph", "approve", name, "--value", '{"account": "goodwill", "reviewed": true}')
    assert wait(shell, name, "receipt")["account"] == "goodwill"
