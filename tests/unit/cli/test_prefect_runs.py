"""`mahavishnu prefect list|status|cancel|troubles|visualize` …: what is asked, and what is shown."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from mahavishnu_tui.cli.output import moment
from mahavishnu_tui.models.act import Act
from mahavishnu_tui.models.approval import Approval
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.graph import GraphEdge, GraphNode, GraphShape
from mahavishnu_tui.models.prefect import Artifact, RunMetrics, StateChange, Trouble
from mahavishnu_tui.models.run import NodeVisit
from tests.unit.cli.stub import Operator, operator, run

__all__ = ["operator"]
AWAY = {"code": "MHV-400", "message": "Prefect cannot be reached."}
OWL = "/v1/runs/00000012-aaaa"


def names(done: Any) -> list[str]:
    return [item["name"] for item in done.json]


def test_the_list_is_of_flow_runs_and_narrows_down(operator: Operator) -> None:
    done = operator("prefect", "list")
    assert operator.server.asked("GET", "/v1/runs")["engine"] == "prefect"
    for words in ("STATE", "amber-otter", "etl/nightly", "Crashed", "00000011"):
        assert words in done.out
    assert names(operator("prefect", "list", "--state", "failed", "--json")) == ["amber-owl"]
    assert names(operator("prefect", "list", "--state", "error", "--json")) == ["amber-owl", "brisk-heron"]
    assert names(operator("prefect", "list", "--state", "late", "--state", "completed", "--json")) == [
        "amber-otter",
        "calm, quiet",
    ]
    assert names(operator("prefect", "list", "--flow-name", "sync", "--json")) == ["calm, quiet"]
    assert len(names(operator("prefect", "list", "--deployment", "etl/nightly", "--json"))) == 4
    assert (
        len(names(operator("prefect", "list", "--deployment", "nightly", "--search", "!heron", "--json")))
        == 2
    )
    assert "The newest 2 only" in operator("prefect", "list", "--limit", "2").err
    assert "none is like that" in operator("prefect", "list", "--search", "nothing").out
    assert "MHV-010" in operator("prefect", "list", "--search", "state:(", code=2).err


def test_a_filter_by_what_there_is_not_is_no_empty_list(operator: Operator) -> None:
    refused = operator("prefect", "list", "--state", "bogus", code=2).err
    assert "MHV-010 There is no state 'bogus'. There are Scheduled, Late," in refused
    assert operator("prefect", "list", "--state", "suspended", "--json").json == []
    assert "MHV-401" in operator("prefect", "list", "--deployment", "nigthly", code=1).err
    assert "none is like that" in operator("prefect", "list", "--deployment", "hourly").out
    operator.server.runs[0] = operator.server.runs[0].replace(state="Skipped")
    assert names(operator("prefect", "list", "--state", "skipped", "--json")) == ["amber-otter"]
    assert operator("prefect", "list", "--state", "skipped", "--flow-name", "sync", "--json").json == []


def test_an_audit_tells_details_in_words(operator: Operator) -> None:
    details = {"status": "paused", "keys": ["n", "out"], "tags": [], "checkpoint": None, "by_hand": True}
    told = [Act(1, "r", 1000.0, "ana", "edit", details), Act(2, "r", 1000.0, "ana", "change", {"at": 0.0})]
    operator.server.answers["GET", f"{OWL}/acts"] = [act.to_json() for act in told]
    said = operator("prefect", "audit", "amber-owl").out
    assert "edit    status paused; keys n, out; by_hand yes\n" in said
    assert f"change  at {moment(0.0)}\n" in said


def test_a_status_tells_state_tasks_tries_times_and_error(operator: Operator) -> None:
    asked = Approval(
        "q1", "00000012-aaaa", "amber-owl", "etl", "", "i", "flow", "", "Go on?", "h" * 64, 1000.0
    )
    operator.server.answers |= {
        ("GET", OWL): {
            "run": operator.server.runs[1].to_json(),
            "input": {"day": "monday"},
            "approvals": [asked.to_json()],
        },
        ("GET", f"{OWL}/states"): [StateChange(1000.0, "RUNNING", "Running", "go\x1b[2J").to_json()],
        ("GET", f"{OWL}/visits"): [
            NodeVisit(
                "00000012-aaaa", 1, "load", "t", 1, 10.0, "retried", 2, ended_at=12.0, error="no\nmore"
            ).to_json()
        ],
    }
    done = operator("prefect", "status", "amber-owl")
    for words in (
        "Failed (error)",
        "etl/nightly",
        '{"day": "monday"}',
        "tries",
        "3",
        "MHV-403 boom",
        "1970-01-01 00:16:40",
        "↻ retried",
        "load (attempt 2)",
        "2.0s",
        "mahavishnu prefect approve q1",
    ):
        assert words in done.out
    found = operator("prefect", "status", "--flow-run-id", "00000012", "--json").json
    assert found["run"]["error"]["code"] == "MHV-403"
    assert found["parameters"] == {"day": "monday"}
    assert len(found["tasks"]) == len(found["states"]) == len(found["approvals"]) == 1
    assert "Say which run" in operator("prefect", "status", code=2).err
    assert "not two" in operator("prefect", "status", "a", "--flow-run-id", "b", code=2).err


@pytest.mark.parametrize(
    ("verb", "act"),
    [
        ("cancel", "cancel"),
        ("pause", "suspend"),
        ("resume", "resume"),
        ("retry", "retry"),
        ("delete", "delete"),
    ],
)
def test_an_act_names_the_version_that_was_seen_and_has_a_result_per_run(
    operator: Operator, verb: str, act: str
) -> None:
    sure = ["--yes"] if verb == "delete" else []
    done = operator("prefect", verb, "amber-otter", "00000013", "amber-otter", *sure, "--json").json
    body = operator.server.asked("POST", "/v1/runs/bulk")
    assert body["act"] == act
    assert body["runs"] == [{"id": "00000011-aaaa", "version": 3}, {"id": "00000013-aaaa", "version": 3}]
    assert body["count"] == 2
    assert "@" in body["by"]
    assert [(item["name"], item["ok"]) for item in done] == [("amber-otter", True), ("brisk-heron", True)]


def test_one_that_fails_makes_the_status_1_and_says_why(operator: Operator) -> None:
    operator.server.answers["POST", "/v1/runs/bulk"] = {
        "done": 1,
        "results": [
            {"id": "00000011-aaaa", "ok": True, "note": "cancelling\x1b[2J"},
            {
                "id": "00000013-aaaa",
                "ok": False,
                "error": {"code": "MHV-101", "message": "It has ended.", "hint": "Look."},
            },
        ],
    }
    done = operator("prefect", "cancel", "amber-otter", "00000013", code=1)
    assert "brisk-heron: MHV-101 It has ended. Look." in done.out
    assert "1 of 2" in done.err


def test_by_a_filter_only_what_can_be_done_to_and_only_with_its_number(operator: Operator) -> None:
    refused = operator("prefect", "cancel", "--search", "heron", code=2)
    assert "This would cancel 1 run; nothing was done" in refused.err
    assert "--count 1" in refused.err
    assert "not 2" in operator("prefect", "cancel", "--search", "heron", "--count", "2", code=2).err
    assert operator.server.acts() == []
    operator("prefect", "cancel", "--search", "heron", "--count", "1")
    assert operator.server.asked("POST", "/v1/runs/bulk")["runs"] == [{"id": "00000013-aaaa", "version": 3}]
    operator("prefect", "retry", "--search", "deployment:nightly", "--count", "2")
    assert "No run to resume" in operator("prefect", "resume", "--search", "heron").out
    for words in (["cancel"], ["cancel", "amber-otter", "--search", "x"]):
        assert "either" in operator("prefect", *words, code=2).err


def test_what_cannot_be_undone_asks_for_its_number(operator: Operator) -> None:
    refused = operator("prefect", "delete", "amber-otter", code=2)
    assert "delete 1 run" in refused.err
    assert operator.server.acts() == []
    operator("prefect", "delete", "amber-otter", "--count", "1")
    assert operator.server.asked("POST", "/v1/runs/bulk")["act"] == "delete"


def test_a_filter_that_finds_too_many_is_refused(operator: Operator) -> None:
    operator.server.runs = [run(number, f"run-{number}", "Running", "running") for number in range(2100)]
    assert (
        "2,000 runs or more"
        in operator("prefect", "cancel", "--search", "run", "--count", "2000", code=2).err
    )


def test_again_goes_over_the_parameters_that_the_run_had(operator: Operator) -> None:
    again = run(20, "new-one", "Scheduled", "queued")
    operator.server.runs.append(again)
    operator.server.answers["POST", "/v1/runs/00000011-aaaa/again"] = again.to_json()
    done = operator("prefect", "again", "amber-otter", "--param", "rows=7", "--json").json
    assert done["run_name"] == "new-one"
    assert done["deployment"] == "nightly"
    body = operator.server.asked("POST", "/v1/runs/00000011-aaaa/again")
    assert body["input"] == {"day": "monday", "rows": 7}
    operator("prefect", "again", "amber-otter")
    assert "input" not in operator.server.asked("POST", "/v1/runs/00000011-aaaa/again")


def trouble(number: int, kind: str, cure: str) -> dict[str, Any]:
    return Trouble(
        kind, f"r{number}", f"run-{number}", "etl", time.time() - 600, "no heartbeat", cure, version=number
    ).to_json()  # type: ignore[arg-type]


def test_troubles_are_listed_and_cured_each_in_its_way(operator: Operator) -> None:
    operator.server.answers["GET", "/v1/troubles"] = [
        trouble(1, "zombie", "crash"),
        trouble(2, "late", "skip"),
        trouble(3, "zombie", "crash"),
    ]
    listed = operator("prefect", "troubles")
    assert "no heartbeat" in listed.out
    assert "10m" in listed.out
    assert "cure 3 runs" in operator("prefect", "troubles", "--cure", code=2).err
    assert operator.server.acts() == []
    operator("prefect", "troubles", "--cure", "--count", "3")
    acts = [body for _, path, body in operator.server.calls if path == "/v1/runs/bulk"]
    assert [(body["act"], [item["id"] for item in body["runs"]]) for body in acts] == [
        ("crash", ["r1", "r3"]),
        ("skip", ["r2"]),
    ]
    assert len(operator("prefect", "troubles", "--kind", "late", "--json").json) == 1


def test_metrics_say_what_nobody_measures(operator: Operator) -> None:
    measured = RunMetrics(
        4, {"Completed": 3, "Cached": 1}, 12.0, 30.0, 7.5, 2, 1, note="The process is not ours."
    )
    operator.server.answers["GET", f"{OWL}/metrics"] = measured.to_json()
    done = operator("prefect", "metrics", "--flow-run-id", "amber-owl")
    for words in ("4: 3 Completed, 1 Cached", "12s", "7.5s", "cache hits", "not measured", "not ours"):
        assert words in done.out
    assert operator("prefect", "metrics", "amber-owl", "--json").json["retries"] == 2


def test_artifacts_are_text_and_steer_no_terminal(operator: Operator) -> None:
    operator.server.answers |= {
        ("GET", f"{OWL}/artifacts"): [
            Artifact(
                "a", "report", "markdown", "For \x1b[31myou", "# Done\n\x1b]0;x\x07all", 10.0, 1
            ).to_json(),
            Artifact("b", "rows", "table", "", [{"a": 1}], 10.0).to_json(),
        ],
        ("GET", f"{OWL}/visits"): [NodeVisit("r", 1, "load", "t", 1, 1.0, label="load-0").to_json()],
    }
    done = operator("prefect", "artifacts", "amber-owl")
    assert "report  markdown  1970-01-01 00:00:10  by load-0" in done.out
    assert "by the flow" in done.out
    assert "# Done" in done.out


def test_drawings_of_a_run_a_deployment_and_a_flow(operator: Operator) -> None:
    shape = GraphShape([GraphNode("load"), GraphNode("save")], [GraphEdge("load", "save")])
    for number in (11, 12):
        operator.server.answers["GET", f"/v1/runs/{number:08d}-aaaa/graph"] = shape.to_json()
    assert "load" in operator("prefect", "visualize", "amber-owl").out
    for words in (["etl/nightly"], ["nightly"], ["etl"], ["--flow-id", "etl"]):
        done = operator("prefect", "visualize", *words, "--format", "mermaid")
        assert "load" in done.out
        assert "As of amber-otter (etl, Completed)." in done.err
    target = operator.home / "dag.svg"
    operator("prefect", "visualize", "--flow-id", "etl", "--output", str(target))
    assert "<svg" in target.read_text()
    assert json.loads(operator("prefect", "visualize", "amber-owl", "--json").out)["nodes"]
    assert "MHV-100" in operator("prefect", "visualize", "nothing", code=1).err
    assert "No run of gone" in operator("prefect", "visualize", "--flow-id", "gone", code=1).err
    assert "MHV-010" in operator("prefect", "visualize", "amber-owl", "--output", "x.pdf", code=2).err


def test_what_the_server_says_reaches_the_operator(operator: Operator) -> None:
    operator.server.answers["GET", "/v1/runs"] = MahavishnuError(
        ErrorCode.PREFECT_CONNECTION, "Prefect is off.", "Turn it on."
    )
    assert operator("prefect", "list", code=1).err == "mahavishnu: MHV-400 Prefect is off. Turn it on.\n"
    assert operator("prefect", "list", "--json", code=1).json["error"]["code"] == "MHV-400"


def test_a_flow_that_there_is_not_is_no_empty_list(operator: Operator) -> None:
    refused = operator("prefect", "list", "--flow-name", "elt", code=1).err
    assert "MHV-402 There is no flow 'elt'. Did you mean etl?" in refused
    assert "none is like that" in operator("prefect", "list", "--flow-name", "etl", "--state", "late").out
    assert "MHV-402" in operator("prefect", "deployment", "list", "--flow-name", "gone", code=1).err
    assert "MHV-405" in operator("prefect", "deployment", "list", "--pool", "gone", code=1).err
    operator.server.answers |= {("GET", "/v1/ledger"): [], ("GET", "/v1/workflows"): []}
    for words in (["list"], ["export"]):
        assert "MHV-108" in operator("ledger", *words, "--workflow", "gone", code=1).err
    assert "none is like that" in operator("ledger", "list", "--workflow", "etl").out
    # Where Prefect is away nobody can say that there is none.
    operator.server.info = operator.server.info.replace(state="lost", error=AWAY)
    assert "none is like that" in operator("prefect", "list", "--flow-name", "elt").out
    assert "none is like that" in operator("ledger", "list", "--workflow", "gone").out


def test_where_prefect_is_away_no_run_is_said_not_to_be_there_and_what_is_shown_has_its_date(
    operator: Operator,
) -> None:
    operator.server.info = operator.server.info.replace(state="lost", error=AWAY, seen_at=None, kept_at=10.0)
    run = operator.server.runs[0]
    for words in (["prefect", "status"], ["prefect", "logs"], ["langgraph", "logs"]):
        refused = operator(*words, "nobody", code=1).err
        assert "MHV-400 No run 'nobody' is known here, and Prefect cannot be reached." in refused
        assert "MHV-100" not in refused
    away = MahavishnuError(ErrorCode.PREFECT_CONNECTION, "Prefect cannot be reached.")
    operator.server.answers |= {("GET", f"/v1/runs/{run.id}/{part}"): away for part in ("states", "visits")}
    shown = operator("prefect", "status", run.id, code=1)
    assert run.name in shown.out
    assert "What is shown is of 1970-01-01 00:00:10." in shown.err
    operator.server.info = operator.server.info.replace(state="starting", error=None)
    assert "still being read" in operator("langgraph", "logs", "nobody", code=1).err
