"""`mahavishnu prefect execute|deployment|schedule|health` and `pool`: what is asked, and what is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.cli.prefect import execute, reaching
from mahavishnu_tui.engines.prefect.children import task_runners
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.pool import ConcurrencyLimit, PoolChoice
from mahavishnu_tui.models.schedule import SchedulePreview
from mahavishnu_tui.server.prefect.pool_records import unread
from tests.unit.cli.stub import HOURLY, NIGHTLY, RULE, Operator, operator, run

__all__ = ["operator"]
NIGHTLY_RUN = f"/v1/deployments/{NIGHTLY.id}/run"
FIRST, SECOND = "/v1/schedules/d1000000-0000.s1", "/v1/schedules/d1000000-0000.s2"


@pytest.fixture
def started(operator: Operator) -> dict[str, Any]:
    """A run that every way of starting one answers with."""
    fresh = run(21, "fresh-fox", "Pending", "queued", started_at=None)
    operator.server.runs.append(fresh)
    for path in (NIGHTLY_RUN, f"/v1/deployments/{HOURLY.id}/run", "/v1/flows/run", f"{FIRST}/run"):
        operator.server.answers["POST", path] = fresh.to_json()
    return fresh.to_json()


@pytest.fixture
def flow_file(operator: Operator) -> Path:
    file = operator.home / "flows" / "etl.py"
    file.parent.mkdir()
    file.write_text("from prefect import flow\n")
    return file.resolve()


def test_a_flow_of_a_file_is_run_where_it_belongs(
    operator: Operator, started: dict[str, Any], flow_file: Path
) -> None:
    (operator.home / "p.json").write_text('{"day": "monday", "rows": 1}')
    done = operator(
        "prefect",
        "execute",
        "--flow-file",
        "flows/etl.py",
        "--flow-name",
        "etl-pipeline",
        "--param-file",
        "p.json",
        "--param",
        "rows=2",
        "--name",
        "mine",
        "--tag",
        "a",
        "--tag",
        "b",
        "--task-runner",
        "dask-cpu",
        "--trust",
        "--json",
    )
    assert done.json["run_name"] == "fresh-fox"
    body = operator.server.asked("POST", "/v1/flows/run")
    assert body["entrypoint"] == f"{flow_file}:etl-pipeline"
    assert body["root"] == str(flow_file.parent)
    assert body["parameters"] == {"day": "monday", "rows": 2}
    assert (body["name"], body["tags"], body["task_runner"]) == ("mine", ["a", "b"], "dask-cpu")
    assert body["request_id"]
    operator("prefect", "execute", "flows/etl.py:etl")
    assert operator.server.asked("POST", "/v1/flows/run")["entrypoint"] == f"{flow_file}:etl"
    operator("prefect", "execute", "flows/etl.py")
    body = operator.server.asked("POST", "/v1/flows/run")
    assert body["entrypoint"] == str(flow_file)
    assert not {"name", "task_runner"} & set(body)


def test_nobodys_code_is_run_unasked(operator: Operator, started: dict[str, Any], flow_file: Path) -> None:
    for words in (
        ["prefect", "execute", "flows/etl.py"],
        ["prefect", "deployment", "create", "flows/etl.py"],
    ):
        assert "MHV-008" in operator(*words, code=2).err
    assert operator.server.acts() == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "a flow's file, or a deployment"),
        (["flows/etl.py", "--flow-file", "flows/etl.py"], "a flow's file, or a deployment"),
        (["flows/gone.py"], "flow file"),
        (["flows/etl.py:a", "--flow-name", "b", "--trust"], "Two flows"),
        (["flows/etl.py", "--pool", "local", "--task-runner", "threads", "--trust"], "runs here"),
        (["etl/nightly", "--task-runner", "threads"], "for flows from a file"),
        (["etl/nightly", "--param", "x"], "NAME=VALUE"),
        (["etl/nightly", "--at", "noon"], "no time"),
        (["nothing/there"], "MHV-401"),
    ],
)
def test_wrong_calls_of_execute(operator: Operator, flow_file: Path, words: list[str], said: str) -> None:
    done = operator("prefect", "execute", *words, code=1 if said == "MHV-401" else 2)
    assert said in done.err
    assert operator.server.acts() == []


def test_a_deployment_is_run_later_elsewhere_and_with_other_parameters(
    operator: Operator, started: dict[str, Any]
) -> None:
    words = (
        "--param",
        "day=friday",
        "--at",
        "2026-11-29T02:00+00:00",
        "--pool",
        "docker",
        "--pool-selector",
        "random",
        "--queue",
        "q",
    )
    for command in (["prefect", "execute"], ["prefect", "deployment", "run"]):
        operator(*command, "etl/nightly", *words)
        body = operator.server.asked("POST", NIGHTLY_RUN)
        assert body["parameters"] == {"day": "friday"}
        assert body["at"] == 1795917600.0
        assert (body["pool"], body["selector"], body["queue"]) == ("docker", "random", "q")
    operator("prefect", "deployment", "run", "hourly", "--job-variable", "cpu=2")
    assert operator.server.asked("POST", f"/v1/deployments/{HOURLY.id}/run")["job_variables"] == {"cpu": 2}
    operator("workflow", "trigger", "--name", "nightly", "--adapter", "prefect", "--state", '{"rows": 3}')
    assert operator.server.asked("POST", NIGHTLY_RUN)["parameters"] == {"rows": 3}


def test_a_flow_of_a_file_gets_onto_a_pool_by_a_deployment(
    operator: Operator, started: dict[str, Any], flow_file: Path
) -> None:
    choice = PoolChoice("docker", selector="least-loaded", reason="docker: 0 of 3 slots")
    operator.server.answers |= {
        ("GET", "/v1/pools/choice"): choice.to_json(),
        ("POST", "/v1/deployments"): NIGHTLY.to_json(),
    }
    done = operator(
        "prefect", "execute", "--flow-file", "flows/etl.py", "--pool-selector", "least-loaded", "--trust"
    )
    assert "docker: 0 of 3 slots" in done.err
    body = operator.server.asked("POST", "/v1/deployments")
    assert (body["name"], body["pool"], body["entrypoint"]) == ("execute", "docker", str(flow_file))
    assert operator.server.asked("POST", NIGHTLY_RUN)


def test_a_deployment_is_made_with_what_was_said_and_no_more(operator: Operator, flow_file: Path) -> None:
    operator.server.answers["POST", "/v1/deployments"] = NIGHTLY.to_json()
    operator(
        "prefect",
        "deployment",
        "create",
        "--name",
        "production-etl",
        "--flow-file",
        "flows/etl.py",
        "--flow-name",
        "etl",
        "--type",
        "docker",
        "--image",
        "etl:latest",
        "--job-variable",
        "cpu=1",
        "--limit",
        "2",
        "--paused",
        "--tag",
        "x",
        "--trust",
    )
    body = operator.server.asked("POST", "/v1/deployments")
    assert (body["name"], body["pool"], body["limit"], body["paused"], body["tags"]) == (
        "production-etl",
        "docker",
        2,
        True,
        ["x"],
    )
    assert body["job_variables"] == {"cpu": 1, "image": "etl:latest"}
    assert not {"parameters", "enforce_schema", "description", "version", "queue"} & set(body)
    done = operator("prefect", "deployment", "create", "flows/etl.py:etl", "--any-parameters")
    body = operator.server.asked("POST", "/v1/deployments")
    assert (body["name"], body["enforce_schema"]) == ("etl", False)
    assert not {"pool", "job_variables", "paused", "tags"} & set(body)
    assert "etl/nightly  d1000000-0000" in done.out
    assert (
        "pool create NAME --type nomad"
        in operator("prefect", "deployment", "create", "flows/etl.py", "--type", "nomad", code=1).err
    )


def test_deployments_are_listed_and_shown(operator: Operator) -> None:
    listed = operator("prefect", "deployment", "list").out
    for words in ("etl/nightly", "ready", "local", "1/2", "prod", "sync/hourly", "paused"):
        assert words in listed
    for words, title in (
        (["--flow-name", "sync"], "sync"),
        (["--pool", "local"], "etl"),
        (["--tag", "prod"], "etl"),
    ):
        assert [
            item["flow"] for item in operator("prefect", "deployment", "list", *words, "--json").json
        ] == [title]
    operator.server.answers["GET", f"/v1/deployments/{NIGHTLY.id}"] = NIGHTLY.to_json()
    shown = operator("prefect", "deployment", "show", "nightly").out
    for words in (
        "etl.py:etl",
        '"monday"',
        "must be given",
        "string | null",
        "integer",
        "0 2 * * *",
        "every 10m",
    ):
        assert words in shown
    assert len(operator("prefect", "deployment", "show", "d1", "--json").json["its_schedules"]) == 2
    operator.server.answers["GET", f"/v1/deployments/{NIGHTLY.id}/versions"] = [
        {"version": "2", "at": 10.0, "by": "ana", "entrypoint": "etl.py:etl", "current": True}
    ]
    assert "* now  2" in operator("prefect", "deployment", "versions", "nightly").out


def test_a_deployment_changes_only_where_it_was_said(operator: Operator) -> None:
    path = f"/v1/deployments/{NIGHTLY.id}"
    operator.server.answers |= {("POST", path): NIGHTLY.to_json(), ("POST", f"{path}/delete"): None}
    operator(
        "prefect",
        "deployment",
        "update",
        "nightly",
        "--param",
        "rows=9",
        "--job-variable",
        "cpu=2",
        "--limit",
        "0",
    )
    body = operator.server.asked("POST", path)
    assert body.pop("by")
    assert body == {
        "seen": "s1",
        "parameters": {"day": "monday", "rows": 9},
        "job_variables": {"image": "a", "cpu": 2},
        "limit": 0,
    }
    operator("prefect", "deployment", "update", "nightly", "--params", "{}")
    assert operator.server.asked("POST", path)["parameters"] == {}
    assert "what is to change" in operator("prefect", "deployment", "update", "nightly", code=2).err
    for verb, paused in (("pause", True), ("resume", False)):
        operator("prefect", "deployment", verb, "etl/nightly")
        assert operator.server.asked("POST", path)["paused"] is paused
    assert (
        "delete 1 deployment, etl/nightly"
        in operator("prefect", "deployment", "delete", "nightly", code=2).err
    )
    operator("prefect", "deployment", "delete", "nightly", "--yes")
    assert operator.server.asked("POST", f"{path}/delete")["seen"] == "s1"


def test_schedules_are_listed_with_their_next_time(operator: Operator) -> None:
    done = operator("prefect", "schedule", "list")
    for words in ("0 2 * * *", "Europe/Paris", "etl/nightly", "active", "night", "paused", "every 10m", "3"):
        assert words in done.out
    assert (
        operator("schedule", "list", "--json").json == operator("prefect", "schedule", "list", "--json").json
    )
    assert "No schedules" in operator("schedule", "list", "--deployment", "hourly").out


def test_a_preview_says_how_exact_it_is_and_what_collides(operator: Operator) -> None:
    seen = SchedulePreview(
        [1795917600.0], False, "no Prefect at hand", ["every 10m starts at the same times"]
    )
    operator.server.answers["POST", "/v1/schedules/preview"] = seen.to_json()
    done = operator(
        "prefect",
        "schedule",
        "preview",
        "--cron",
        "0 3 * * *",
        "--timezone",
        "Europe/Paris",
        "--deployment",
        "nightly",
    )
    assert "2026-11-29 02:00:00  (2026-11-29 03:00:00 Europe/Paris)" in done.out
    assert "An estimate: no Prefect at hand" in done.err
    assert "collision: every 10m" in done.err
    body = operator.server.asked("POST", "/v1/schedules/preview")
    assert (body["count"], body["deployment_id"], body["rule"]["cron"]) == (5, NIGHTLY.id, "0 3 * * *")
    found = operator("schedule", "preview", "night", "--count", "3", "--json").json
    assert operator.server.asked("POST", "/v1/schedules/preview")["rule"] == RULE.to_json() == found["rule"]
    assert "Say when" in operator("schedule", "preview", code=2).err


@pytest.mark.parametrize(
    "words",
    [
        ["--flow-id", "nightly", "--type", "cron", "--expression", "0 2 * * *", "--timezone", "UTC"],
        ["--deployment", "etl/nightly", "--cron", "0 2 * * *"],
    ],
)
def test_a_schedule_is_made(operator: Operator, words: list[str]) -> None:
    operator.server.answers["POST", "/v1/schedules"] = operator.server.schedules[0].to_json()
    done = operator(
        "prefect",
        "schedule",
        "create",
        *words,
        "--param",
        "day=friday",
        "--slug",
        "night",
        "--force",
        "--inactive",
    )
    body = operator.server.asked("POST", "/v1/schedules")
    assert (body["deployment_id"], body["parameters"], body["slug"]) == (
        NIGHTLY.id,
        {"day": "friday"},
        "night",
    )
    assert (body["force"], body["active"], body["rule"]["cron"]) == (True, False, "0 2 * * *")
    assert "(in 1h)" in done.out or "(in 59m)" in done.out


def test_a_schedule_starts_a_workflow_too(operator: Operator) -> None:
    operator.server.answers |= {
        ("GET", "/v1/workflows"): [
            {"id": "w1", "name": "release", "spec": "f.py:g", "project": {}, "registered_at": 1.0}
        ],
        ("POST", "/v1/schedules"): operator.server.schedules[0].to_json(),
    }
    operator("schedule", "create", "--workflow", "release", "--interval", "1d", "--state", '{"topic": 1}')
    body = operator.server.asked("POST", "/v1/schedules")
    assert (body["workflow_id"], body["parameters"]) == ("w1", {"input": {"topic": 1}})
    assert "deployment_id" not in body


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--cron", "* * * * *"], "what it starts"),
        (["--cron", "* * * * *", "--deployment", "a", "--workflow", "b"], "what it starts"),
        (["--cron", "* * * * *", "--deployment", "nightly", "--state", "{}"], "--param"),
        (["--cron", "* * * * *", "--workflow", "x", "--param", "a=1"], "--state"),
        (["--deployment", "nightly"], "Say when"),
        (["--deployment", "nightly", "--cron", "* * * * *", "--timezone", "Nowhere"], "no time zone"),
    ],
)
def test_wrong_calls_of_schedule_create(operator: Operator, words: list[str], said: str) -> None:
    assert said in operator("prefect", "schedule", "create", *words, code=2).err
    assert operator.server.acts() == []


def test_a_schedule_keeps_its_parameters_when_its_rule_changes(operator: Operator) -> None:
    operator.server.answers["POST", FIRST] = operator.server.schedules[0].to_json()
    operator("schedule", "change", "night", "--cron", "0 3 * * *")
    body = operator.server.asked("POST", FIRST)
    assert (body["seen"], body["rule"]) == ("seen-1", RULE.replace(cron="0 3 * * *").to_json())
    assert "parameters" not in body
    operator("schedule", "change", "s1", "--param", "rows=1")
    assert operator.server.asked("POST", FIRST)["parameters"] == {"day": "friday", "rows": 1}
    assert "what is to change" in operator("schedule", "change", "s1", code=2).err
    assert "means 2 schedules" in operator("schedule", "pause", "etl/nightly", code=2).err
    assert "MHV-404 There is no schedule" in operator("schedule", "pause", "gone", code=1).err
    for verb, active in (("pause", False), ("resume", True)):
        operator("schedule", verb, "night")
        assert operator.server.asked("POST", FIRST)["active"] is active


def test_runs_that_prefect_does_not_make_are_made(operator: Operator) -> None:
    operator.server.answers["POST", f"{FIRST}/make"] = operator.server.schedules[0].to_json()
    assert "0 2 * * *" in operator("schedule", "make-runs", "night").out
    assert operator.server.asked("POST", f"{FIRST}/make").keys() == {"by"}
    assert "Did you mean night?" in operator("schedule", "make-runs", "nigth", code=1).err
    assert "Did you mean etl/nightly?" in operator("prefect", "deployment", "run", "etl_nigthly", code=1).err
    assert "Did you mean nightly?" in operator("prefect", "deployment", "run", "nigthly", code=1).err


def test_a_backlog_is_skipped_by_its_number(operator: Operator, started: dict[str, Any]) -> None:
    operator.server.answers["POST", f"{FIRST}/skip"] = {
        "results": [{"id": f"r{n}", "ok": True, "note": f"wise-owl-{n}"} for n in range(3)]
    }
    assert "delete 3 late runs of etl/nightly" in operator("schedule", "skip", "night", code=2).err
    assert "not 2" in operator("schedule", "skip", "night", "--count", "2", code=2).err
    assert operator.server.acts() == []
    done = operator("schedule", "skip", "night", "--count", "3")
    assert operator.server.asked("POST", f"{FIRST}/skip")["count"] == 3
    assert "3 of 3" in done.err
    assert "wise-owl-2: deleted" in done.out
    assert "No run to skip" in operator("schedule", "skip", "s2").out
    assert operator("schedule", "run", "night", "--json").json["run_name"] == "fresh-fox"


def test_schedules_are_deleted_with_a_result_each(operator: Operator) -> None:
    gone = MahavishnuError(ErrorCode.RUN_STATE, "It has changed.")
    operator.server.answers |= {("POST", f"{FIRST}/delete"): None, ("POST", f"{SECOND}/delete"): gone}
    assert "delete 2 schedules" in operator("schedule", "delete", "s1", "s2", code=2).err
    done = operator("schedule", "delete", "s1", "s2", "--yes", code=1)
    assert "etl/nightly, 0 2 * * *: deleted" in done.out
    assert "etl/nightly, every 10m: MHV-101 It has changed." in done.out


def test_pools_of_all_engines(operator: Operator) -> None:
    done = operator("pool", "list").out
    for words in ("engine hosts", "2/10", "degraded", "0/1", "no worker", "docker"):
        assert words in done
    health = operator("pool", "health", "local").out
    for words in ("queue default", "priority 1, open, 4 late", "offline, ours, seen 5m ago"):
        assert words in health
    local = operator.server.pools[1].to_json()
    operator.server.answers |= {
        ("POST", "/v1/pools"): local,
        ("POST", "/v1/pools/local"): local,
        ("GET", "/v1/pools/choice"): PoolChoice("local", "fast", "affinity", "it ran there last").to_json(),
        ("GET", "/v1/limits"): [{"name": "db", "limit": 2, "used": 1}],
    }
    operator("pool", "create", "gpu", "--type", "kubernetes", "--limit", "2")
    assert operator.server.asked("POST", "/v1/pools")["kind"] == "kubernetes"
    for words, change in (
        (["pause", "local"], {"paused": True}),
        (["resume", "local", "--queue", "default"], {"paused": False, "queue": "default"}),
        (["limit", "local", "3"], {"limit": 3}),
    ):
        operator("pool", *words)
        body = operator.server.asked("POST", "/v1/pools/local")
        assert body["seen"] == "p1"
        assert {key: body[key] for key in change} == change
    assert "local/fast: it ran there last" in operator("pool", "choose", "--deployment", "nightly").out
    assert operator.server.asked("GET", "/v1/pools/choice") == {"deployment": NIGHTLY.id}
    assert "1/2" in operator("pool", "limits").out
    assert "There are: local, docker" in operator("pool", "pause", "gone", code=1).err


def test_health_tells_the_age_and_what_the_self_test_found(operator: Operator) -> None:
    finding = {
        "rule": "sqlite",
        "severity": "error",
        "where": "server",
        "message": "No run is ever made.",
        "hint": "Pin it.",
    }
    done = operator("prefect", "health")
    for words in (
        "ready, mode auto, embedded",
        "3.8.8",
        "s ago, told of changes",
        "5 flow runs, back to 24 h",
    ):
        assert words in done.out
    ready, operator.server.info = operator.server.info, operator.server.info.replace(state="starting")
    begun = operator("prefect", "health").out
    assert "s ago, its runs are being read" in begun
    assert "mirror" not in begun, "so far it counts nothing"
    operator.server.info = ready
    operator.server.answers["POST", "/v1/prefect/check"] = [finding]
    done = operator("prefect", "health", "--check", code=1)
    assert "error    server: No run is ever made." in done.out
    assert "→ Pin it." in done.out
    assert operator("prefect", "health", "--check", "--json", code=1).json["findings"] == [finding]
    operator.server.info = operator.server.info.replace(
        state="lost", error={"code": "MHV-400", "message": "Nobody answers."}
    )
    assert "MHV-400 Nobody answers." in operator("prefect", "health", code=1).out


def test_a_check_has_a_server_started_and_waits_for_its_first_look(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []

    async def starts(_: object) -> None:
        begun.append(True)

    monkeypatch.setattr("mahavishnu_tui.client.launcher.ensure_server", starts)
    monkeypatch.setattr(reaching, "_POLL", 0)
    states = iter(["ready", "starting", "starting", "ready", "ready"])
    operator.server.answers["GET", "/v1/prefect"] = lambda _: operator.server.info.replace(
        state=next(states)
    ).to_json()
    operator.server.answers["POST", "/v1/prefect/check"] = []
    operator("prefect", "health")
    assert not begun
    assert "ready" in operator("prefect", "health", "--check").out
    assert begun


def test_starting_waits_until_it_answers(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mahavishnu_tui.cli.prefect.health._POLL", 0)
    ready = operator.server.info
    states = iter(["starting", "starting", "ready", "ready", "ready", "ready", "off"])

    def now(_: object) -> dict[str, Any]:
        return ready.replace(state=next(states)).to_json()

    operator.server.answers |= {
        ("POST", "/v1/prefect/start"): now,
        ("POST", "/v1/prefect/stop"): now,
        ("GET", "/v1/prefect"): now,
    }
    assert operator("prefect", "start", "--json").json["state"] == "ready"
    refused = operator("prefect", "stop", code=1)
    assert "This would end 1 flow run at work; nothing was done." in refused.err
    assert operator("prefect", "stop", "--yes", "--json").json["state"] == "off"
    failed = MahavishnuError(ErrorCode.PREFECT_START, "It ends at once.", "See its log.")
    operator.server.answers["POST", "/v1/prefect/start"] = failed
    assert "MHV-411" in operator("prefect", "start", code=1).err


def test_info_tells_of_prefect(operator: Operator) -> None:
    operator.server.answers["GET", "/v1/server"] = MahavishnuError(ErrorCode.SERVER_UNREACHABLE, "No.")
    assert "not known" in operator("info").out
    json.dumps(operator("info", "--json").json)


def test_the_task_runners_are_those_that_the_child_knows() -> None:
    assert execute.RUNNERS == task_runners.RUNNERS


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"state": "lost", "error": {"message": "Nobody answers."}, "seen_at": 10.0},
            "is of 1970-01-01 00:00:10",
        ),
        ({"state": "failed", "error": {"message": "It ends at once."}}, "STALE: It ends at once."),
        ({"limited_until": 20.0, "seen_at": 10.0}, "no more calls before 1970-01-01 00:00:20 (rate limit)."),
        ({"state": "starting"}, "Prefect is starting"),
        ({"state": "off"}, "The embedded Prefect is stopped"),
        ({"state": "off", "embedded": False}, "No Prefect server is in use"),
        ({"state": "off", "mode": "off"}, "Prefect is off: `prefect.mode`."),
        ({}, ""),
    ],
)
def test_what_is_old_is_not_shown_as_if_it_were_new(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], said: str
) -> None:
    monkeypatch.setattr(reaching, "START_SECONDS", 0)
    operator.server.info = operator.server.info.replace(**changes)
    operator.server.answers["GET", "/v1/troubles"] = []
    for words in (["list"], ["deployment", "list"], ["schedule", "list"], ["troubles"], ["list", "--json"]):
        assert said in (found := operator("prefect", *words).err)
        assert bool(found) == bool(said)
    operator.server.answers["GET", "/v1/needs"] = []
    operator.server.answers["GET", "/v1/search"] = {"hits": []}
    for words in (["pool", "list"], ["needs", "list"], ["search", "otter"]):
        told = operator(*words).err
        assert told == "" if changes.get("state") == "off" else said in told


def test_what_was_never_read_is_no_empty_list(operator: Operator) -> None:
    error = MahavishnuError(ErrorCode.PREFECT_AUTH, "Prefect does not let us in (401).").to_json()
    operator.server.info = operator.server.info.replace(state="lost", seen_at=None, error=error)
    stale = operator("prefect", "list").err
    assert "STALE: Prefect does not let us in (401). Nothing was read of it yet." in stale
    kept, operator.server.info = operator.server.info, operator.server.info.replace(kept_at=10.0)
    assert "What is shown is of 1970-01-01 00:00:10." in operator("prefect", "list").err
    operator.server.info = kept
    operator.server.answers["GET", "/v1/runs"] = []
    assert operator("prefect", "list", "--json", code=1).json["error"]["code"] == "MHV-408"
    operator.server.info = operator.server.info.replace(state="starting", limited_until=20.0)
    assert "MHV-408" in operator("schedule", "list", code=1).err


def test_what_keeps_a_list_from_being_known_is_said_once(operator: Operator) -> None:
    away = MahavishnuError(ErrorCode.PREFECT_CONNECTION, "Prefect cannot be reached.")
    operator.server.info = operator.server.info.replace(state="lost", seen_at=None, error=away.to_json())
    operator.server.answers["GET", "/v1/deployments"] = away
    assert operator("prefect", "deployment", "list", code=1).err.count("cannot be reached") == 1
    assert operator("prefect", "deployment", "list", "--json", code=1).json["error"]["code"] == "MHV-400"
    operator.server.pools[1:] = [unread(away)]
    assert "MHV-400 Prefect: its work pools are not known" in operator("pool", "pause", "local", code=1).err
    done = operator("pool", "health", code=1)
    assert "STALE: Prefect cannot be reached." in done.err
    assert "prefect    unhealthy" in done.out


def test_a_server_that_has_to_be_started_for_it_is_announced(operator: Operator) -> None:
    made = operator.server.pools[1].to_json()
    operator.server.answers["POST", "/v1/pools"] = made
    assert operator("pool", "create", "local").err == ""
    operator.server.info = operator.server.info.replace(state="off", embedded=False, mode="auto")
    assert "Starting a Prefect server of our own" in operator("pool", "create", "local").err


def test_one_that_is_lost_is_tried_before_it_is_told(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaching, "_POLL", 0)
    states = iter(["lost", "ready", "lost", "ready"])
    operator.server.answers["GET", "/v1/prefect"] = lambda _: operator.server.info.replace(
        state=next(states)
    ).to_json()
    assert operator("prefect", "list").err == ""
    assert "ready" in operator("prefect", "health").out


def test_a_prefect_that_starts_is_waited_for(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaching, "_POLL", 0)
    states = iter(["starting", "starting", "ready"])

    def now(_: object) -> dict[str, Any]:
        state = next(states)
        operator.server.answers["GET", "/v1/schedules"] = [
            item.to_json() for item in operator.server.schedules if state == "ready"
        ]
        return operator.server.info.replace(state=state).to_json()

    operator.server.answers |= {
        ("GET", "/v1/prefect"): now,
        ("POST", FIRST): operator.server.schedules[0].to_json(),
    }
    assert operator("schedule", "pause", "night").err == ""


def test_only_what_is_about_runs_waits_until_a_slow_prefect_has_told_them_all(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaching, "_SILENT_SECONDS", -1.0)
    ready = operator.server.info.replace(embedded=False, slow=4.0)
    infos = iter([ready.replace(state="starting"), ready])
    operator.server.answers["GET", "/v1/prefect"] = lambda _: next(infos, ready).to_json()
    waits = f"Waiting for Prefect at {ready.url}, which takes 4 s for each answer"
    assert waits in operator("prefect", "list").err
    infos = iter([ready.replace(state="starting")])
    assert operator("prefect", "deployment", "list").err == ""
    assert "each of its answers takes 4 s" in operator("prefect", "health").out


def test_a_run_is_begun_once_although_the_server_dies_over_it(
    operator: Operator, started: dict[str, Any]
) -> None:
    def dying(_: dict[str, Any]) -> dict[str, Any]:
        if len([path for path in operator.server.acts() if path == NIGHTLY_RUN]) < 3:
            raise MahavishnuError(ErrorCode.SERVER_UNREACHABLE, "The server went away.")
        return started

    operator.server.answers["POST", NIGHTLY_RUN] = dying
    assert operator("prefect", "execute", "etl/nightly", "--json").json["run_name"] == "fresh-fox"
    requests = {body["request_id"] for _, path, body in operator.server.calls if path == NIGHTLY_RUN}
    assert len(requests) == 1


def test_limits_are_listed_and_none_is_said(operator: Operator) -> None:
    operator.server.answers["GET", "/v1/limits"] = []
    assert operator("pool", "limits").out.strip() == "No concurrency limits."
    limit = ConcurrencyLimit("database", 3, 2, kind="tag")
    operator.server.answers["GET", "/v1/limits"] = [limit.to_json()]
    (_, row) = operator("pool", "limits").out.strip().splitlines()
    assert row.split()[:3] == ["database", "tag", "2/3"]
