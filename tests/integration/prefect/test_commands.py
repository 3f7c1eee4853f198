"""An operator at a shell, our server, and a real Prefect behind it: the commands from end to end."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli.conftest import Shell, opened
from tests.integration.prefect.serving import PrefectServer

pytestmark = pytest.mark.xdist_group("prefect")
FLOWS = Path(__file__).parent / "project"


@pytest.fixture(scope="module")
def shell(prefect_server: PrefectServer) -> Iterator[Shell]:
    """A home whose settings name the Prefect server, and whose flows are trusted."""
    with opened() as found:
        own = found.home / ".config" / "mahavishnu" / "mahavishnu.yaml"
        own.parent.mkdir(parents=True)
        own.write_text(f"prefect: {{mode: remote, api_url: '{prefect_server.url}'}}\n")
        shutil.copytree(FLOWS, found.home / "flows", ignore=shutil.ignore_patterns("__pycache__"))
        (found.home / "flows" / "pyproject.toml").touch()
        found("trust", str(found.home / "flows" / "cooking.py"))
        yield found


def until(question: Callable[[], Any], seconds: float = 120.0) -> Any:
    end = time.monotonic() + seconds
    while True:
        if answer := question():
            return answer
        assert time.monotonic() < end, "nothing came in time"
        time.sleep(0.2)


def test_a_flow_of_a_file_from_its_start_to_its_last_line(shell: Shell) -> None:
    words = (
        "prefect",
        "execute",
        "flows/cooking.py:soup",
        "--param",
        "count=2",
        "--name",
        "sunday-soup",
        "--tag",
        "lunch",
    )
    done = shell(*words, "--wait", "--timeout", "90", "--json").json
    assert (done["status"], done["state"], done["workflow"]) == ("success", "Completed", "soup")
    run_id = done["run_id"]

    listed = shell("prefect", "list", "--flow-name", "soup", "--state", "completed", "--json").json
    assert [run["id"] for run in listed] == [run_id]
    assert "sunday-soup" in shell("prefect", "list", "--search", "tag:lunch").out
    assert run_id not in [run["id"] for run in shell("langgraph", "list", "--json").json]

    status = shell("prefect", "status", run_id[:8]).out
    for words_ in ('{"count": 2, "spice": "salt"}', "Completed (success)", "peel map:1 (attempt 2)", "cook"):
        assert words_ in status
    said = shell("prefect", "logs", "sunday-soup", "--follow").out
    assert "cooking 2 with salt" in said
    assert "boils" in shell("prefect", "logs", "sunday-soup", "--level", "warning", "--since", "1h").out
    assert "boils" not in shell("prefect", "logs", "sunday-soup", "--grep", "cooking").out

    measured = shell("prefect", "metrics", "sunday-soup", "--json").json
    assert (measured["tasks"], measured["retries"]) == (3, 1)
    assert "# Soup" in shell("prefect", "artifacts", "sunday-soup").out
    for what in ("sunday-soup", "soup"):
        shell("prefect", "visualize", what, "--output", str(shell.home / "dag.svg"))
        assert "peel" in (shell.home / "dag.svg").read_text()
    document = shell("prefect", "export", "sunday-soup").json
    assert document["metrics"]["tasks"] == 3
    assert [state["name"] for state in document["states"]][-1] == "Completed"
    assert document["checkpoints"] == []


def test_what_cannot_be_run_is_said_before_anything_runs(shell: Shell) -> None:
    for target, more, code, said in (
        ("flows/cooking.py", (), 1, "several flows"),
        ("flows/cooking.py:soup", ("--param", "count=many"), None, "count"),
        ("flows/flows.py:add_up", (), 2, "MHV-008"),
        ("soup/none", (), 1, "MHV-401"),
    ):
        done = shell("prefect", "execute", target, *more, code=code)
        assert said in done.err
        assert done.code != 0


def test_a_failure_a_cancel_and_a_new_run(shell: Shell) -> None:
    burnt = shell("prefect", "execute", "flows/cooking.py:burnt_soup", "--wait", "--timeout", "90", code=1)
    assert "burnt" in burnt.out
    assert "Failed" in burnt.out
    again = shell(
        "prefect",
        "again",
        shell("prefect", "list", "--flow-name", "burnt-soup", "--json").json[0]["id"],
        code=None,
    )
    assert again.code in (0, 1)

    slow = shell("prefect", "execute", "flows/cooking.py:slow_soup", "--name", "slow-one", "--json").json[
        "run_id"
    ]
    until(lambda: shell("prefect", "status", slow, "--json").json["run"]["state"] == "Running")
    assert "MHV-109" in shell("prefect", "watch", slow, "--timeout", "1", code=1).err
    assert "cancel 1 run" in shell("prefect", "cancel", "--search", "workflow:slow-soup", code=2).err
    code, said = shell.at_terminal(
        *("prefect", "cancel", "--search", "workflow:slow-soup"),
        answers={"Type the number to cancel 1 run:": "1\n"},
    )
    assert (code, "slow-one" in said) == (0, True)
    shell("prefect", "watch", slow, "--timeout", "60", code=1)
    assert shell("prefect", "status", slow, "--json").json["run"]["status"] == "cancelled"
    assert "cancel" in [act["what"] for act in shell("prefect", "audit", slow, "--json").json]
    refused = shell("prefect", "cancel", slow, code=1)
    assert "MHV-101" in refused.out
    shell("prefect", "delete", slow, "--yes")
    assert "MHV-100" in until(lambda: shell("prefect", "status", slow, code=None).err)


def test_a_question_is_answered_once(shell: Shell) -> None:
    asked = shell(
        "prefect", "execute", "flows/cooking.py:asked_soup", "--wait", "--timeout", "90", "--json", code=3
    ).json
    assert asked["interrupts"][0]["schema"]
    name = asked["run_name"]
    assert "prefect approve" in shell("prefect", "status", name).out
    done = shell(
        "prefect", "approve", name, "--value", '{"value": "more salt"}', "--comment", "tasted", "--json"
    ).json
    assert done["comment"] == "tasted"
    shell("prefect", "watch", name, "--timeout", "60")
    assert [
        entry["comment"] for entry in shell("ledger", "list", "--run", asked["run_id"], "--json").json
    ] == ["tasted"]


def test_a_deployment_and_its_schedules(shell: Shell) -> None:
    shell("pool", "create", "stove")
    made = shell(
        "prefect",
        "deployment",
        "create",
        "--flow-file",
        "flows/cooking.py",
        "--flow-name",
        "soup",
        "--name",
        "daily",
        "--param",
        "count=1",
        "--pool",
        "stove",
        "--json",
    ).json
    assert made["parameters"] == {"count": 1}
    assert "soup/daily" in shell("prefect", "deployment", "list").out
    shown = shell("prefect", "deployment", "show", "daily").out
    assert "cooking.py:soup" in shown
    assert '"salt"' in shown
    shell("prefect", "deployment", "update", "daily", "--description", "At noon", "--tag", "kitchen")
    assert "At noon" in shell("prefect", "deployment", "show", "daily").out

    seen = shell(
        "schedule", "preview", "--cron", "30 2 * * *", "--timezone", "Europe/Paris", "--count", "3", "--json"
    ).json
    assert len(seen["dates"]) == 3
    assert "MHV-404" in shell("schedule", "preview", "--cron", "61 * * * *", code=None).err
    cron = shell(
        "schedule",
        "create",
        "--deployment",
        "soup/daily",
        "--cron",
        "30 2 * * *",
        "--param",
        "spice=dill",
        "--slug",
        "night",
        "--json",
    ).json
    assert cron["spec"]["cron"] == "30 2 * * *"
    clash = shell(
        "schedule", "create", "--deployment", "soup/daily", "--cron", "30 2 * * 1", "--json", code=1
    )
    assert clash.error == "MHV-404"
    shell("schedule", "create", "--deployment", "soup/daily", "--cron", "30 2 * * 1", "--force", "--inactive")
    changed = shell("schedule", "change", "night", "--cron", "0 3 * * *", "--json").json
    assert changed["parameters"] == {"spice": "dill"}
    assert shell("schedule", "pause", "night", "--json").json["active"] is False
    listed = shell("prefect", "schedule", "list", "--deployment", "daily")
    assert listed.out.count("paused") == 2
    ran = shell("schedule", "run", "night", "--json").json
    assert ran["deployment"] == "daily"
    single = ("schedule", "create", "--deployment", "soup/daily", "--at", "+2h", "--slug", "midnight-soup")
    assert shell(*single, "--json").json["note"] == "midnight-soup"
    assert "cannot be made paused" in shell(*single, "--inactive", code=1).err
    shell("prefect", "cancel", "midnight-soup")
    later = shell("prefect", "execute", "soup/daily", "--at", "+1h", "--json").json
    assert later["status"] == "scheduled"
    shell("prefect", "cancel", ran["run_id"], later["run_id"])
    for item in shell("schedule", "list", "--deployment", "daily", "--json").json:
        shell("schedule", "delete", item["id"], "--yes")
    assert "No schedules" in shell("schedule", "list", "--deployment", "daily").out
    shell("prefect", "deployment", "pause", "daily")
    assert "paused" in shell("prefect", "deployment", "list").out
    shell("prefect", "deployment", "delete", "daily", "--count", "1")
    assert "MHV-401" in shell("prefect", "deployment", "show", "daily", code=1).err


def test_pools_health_and_troubles(shell: Shell) -> None:
    made = shell("pool", "create", "kitchen", "--type", "docker", "--limit", "2", "--json").json
    assert (made["kind"], made["slots"]) == ("docker", 2)
    assert shell("pool", "limit", "kitchen", "5", "--json").json["slots"] == 5
    assert shell("pool", "pause", "kitchen", "--json").json["paused"] is True
    assert shell("pool", "resume", "kitchen", "--json").json["paused"] is False
    assert "queue default" in shell("pool", "health", "kitchen", code=None).out
    listed = shell("pool", "list").out
    for word in ("engine hosts", "docker", "0/5"):
        assert word in listed
    health = shell("prefect", "health", "--json").json
    assert (health["state"], health["embedded"], health["source"]) == ("ready", False, "prefect.api_url")
    assert "DEPLOYMENT" not in shell("prefect", "troubles").out
    # Other tests' deployments have limits of their own.
    limits = [limit["name"] for limit in shell("pool", "limits", "--json").json]
    shown = shell("pool", "limits").out
    assert all(name in shown for name in limits)
    assert "ready" in shell("info").out
