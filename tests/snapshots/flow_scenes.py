"""The fixed world with a Prefect behind it: flow runs in every state beside the workflows' runs."""

from __future__ import annotations

import dataclasses
from typing import Any

from mahavishnu_tui.models import (
    Approval,
    Finding,
    GraphEdge,
    GraphNode,
    GraphShape,
    NodeVisit,
    Pool,
    Schedule,
)
from mahavishnu_tui.models.deployment import Deployment
from mahavishnu_tui.models.pool import ConcurrencyLimit, Worker, WorkQueue
from mahavishnu_tui.models.prefect import Artifact, PrefectInfo, RunMetrics, StateChange, Trouble
from mahavishnu_tui.models.said import SaidLine
from mahavishnu_tui.models.schedule import ScheduleRule
from tests.snapshots.flows import Flows, flow_run
from tests.snapshots.scenes import HOSTILE, NOW, World, approval, visit, world

READY = PrefectInfo(
    "remote",
    "ready",
    url="https://prefect.example.org/api",
    version="3.8.8",
    seen_at=NOW - 1,
    since=NOW - 86400,
    live=True,
    interval=30.0,
    runs=14,
    hours=24.0,
)
PARAMETERS = {
    "type": "object",
    "properties": {
        "day": {"type": "string", "format": "date", "description": "which day to load"},
        "limit": {"type": "integer", "default": 1000},
        "dry": {"type": "boolean", "default": False},
    },
    "required": ["day"],
}
CONFIRM = {
    "type": "object",
    "title": "Confirm",
    "properties": {
        "go": {"type": "boolean", "description": "load the rows"},
        "limit": {"type": "integer", "minimum": 1},
    },
    "required": ["go", "limit"],
}
TASKS = GraphShape(
    nodes=[
        GraphNode("extract"),
        GraphNode("load"),
        GraphNode("transform"),
        GraphNode("notify"),
    ],
    edges=[
        GraphEdge("extract", "load"),
        GraphEdge("load", "transform"),
        GraphEdge("transform", "notify"),
    ],
)


def tasks(run_id: str) -> list[NodeVisit]:
    """An extract, four loads of which one fails twice, a transform that is at work."""
    loads = [
        visit(
            run_id,
            2 + n,
            "load",
            60,
            12.0 + 3 * n,
            branch=f"map:{n}",
            label=f"load-{n}",
            attempt=3 if n == 2 else 1,
            outcome="cached" if n == 0 else "success",
        )
        for n in range(4)
    ]
    return [
        visit(run_id, 1, "extract", 75, 14.0, label="extract-0"),
        *loads,
        visit(run_id, 6, "transform", 30, None, label="transform-0", progress="40/200"),
    ]


def flows() -> World:
    """Two engines, one list."""
    given = world()
    given.workflows[1] = given.workflows[1].replace(name="refresh")
    at_work = flow_run(1, "calm-cobra", "running", 75, where=["transform"], progress={"transform": "40/200"})
    late = flow_run(2, "damp-dodo", "queued", 700, state="Late", due_at=NOW - 340)
    crashed = flow_run(
        3,
        "eager-eel",
        "error",
        4000,
        state="Crashed",
        ended_at=NOW - 3900,
        error={
            "code": "MHV-410",
            "message": "Flow run infrastructure exited with status 137.",
            "hint": "It was killed: look at the memory of its worker.",
            "node": "transform",
            "detail": "Traceback (most recent call last):\n"
            + "\n".join(f'  File "prefect/engine.py", line {n}, in step_{n}' for n in range(40))
            + '\n  File "etl.py", line 12, in transform\nMemoryError',
        },
    )
    asks = flow_run(4, "fluffy-fox", "interrupted", 500, waiting=1, where=["confirm"])
    held = flow_run(5, "grey-gnat", "paused", 900, state="Suspended", where=["load"])
    stuck = flow_run(6, "hasty-hog", "running", 1200, state="Cancelling")
    again = flow_run(7, "icy-ibis", "queued", 100, state="AwaitingRetry", due_at=NOW - 3)
    evil = flow_run(8, HOSTILE, "error", 8000, state="Failed", ended_at=NOW - 7990, deployment=HOSTILE)
    twin = flow_run(9, "jolly-jay", "running", 44, twin="run-0020", deployment="release")
    coming = [
        flow_run(20 + n, f"keen-kite-{n}", "scheduled", 300, due_at=NOW + 3600 * (n + 1)) for n in range(3)
    ]
    done = [
        flow_run(30 + n, f"lazy-lion-{n}", "success", 90_000 * (n + 1), ended_at=NOW - 90_000 * (n + 1) + 95)
        for n in range(4)
    ]
    given.runs = [
        given.runs[0].replace(twin=twin.id),
        *given.runs[1:],
        at_work,
        late,
        crashed,
        asks,
        held,
        stuck,
        again,
        evil,
        twin,
        *coming,
        *done,
    ]
    given.visits[at_work.id] = tasks(at_work.id)
    given.visits[crashed.id] = [
        item.replace(outcome="error", ended_at=NOW - 3900, error="MemoryError") if item.number == 6 else item
        for item in tasks(crashed.id)
    ]
    given.approvals.append(question(asks.id))
    given.said[at_work.id] = log()
    given.pools += pools()
    given.schedules = schedules()
    given.flows = behind(at_work.id)
    given.flows.graphs = {at_work.id: TASKS, crashed.id: TASKS}
    return given


def question(run_id: str) -> Approval:
    """A paused run that waits for input."""
    asked = next(item for item in [flow_run(4, "fluffy-fox", "interrupted", 500)] if item.id == run_id)
    words = {"question": "Load 1,204 rows of 2026-09-20?", "rows": 1204}
    return approval(asked, "confirm", words, 480, hash="aa315d1e0c99", schema=CONFIRM, deadline=NOW + 3100)


def log() -> list[SaidLine]:
    """What the flow's loggers said."""
    return [
        SaidLine(
            1, NOW - 75, "Beginning flow run 'calm-cobra' for flow 'nightly-etl'", 0, "log", "info", "prefect"
        ),
        SaidLine(2, NOW - 61, "Finished in state Completed()", 1, "log", "info", "prefect.task_runs"),
        SaidLine(3, NOW - 50, "load-2 refused; retrying in 3 s", 4, "log", "warning", "prefect.task_runs"),
        SaidLine(4, NOW - 30, f"rows of {HOSTILE}", 6, "log", "info", "etl"),
    ]


def pools() -> list[Pool]:
    """A busy pool, a paused one, one whose worker has died."""
    return [
        Pool(
            "k8s-prod",
            "kubernetes",
            "healthy",
            50,
            38,
            12,
            engine="prefect",
            queues=[
                WorkQueue("q1", "default", 1),
                WorkQueue("q2", "bulk", 2, paused=True, slots=10),
            ],
            workers=[Worker("k8s-worker-1", True, NOW - 3), Worker("k8s-worker-2", True, NOW - 12)],
            seen="a1",
        ),
        Pool("local", "process", "degraded", 0, 0, 3, engine="prefect", paused=True, seen="a2"),
        Pool(
            "gpu",
            "docker",
            "unhealthy",
            4,
            0,
            9,
            engine="prefect",
            late=9,
            queues=[WorkQueue("q3", "default", 1, late=9, healthy=False)],
            workers=[Worker("gpu-1", False, NOW - 190)],
            seen="a3",
        ),
    ]


def schedules() -> list[Schedule]:
    """Cron, interval and rrule; paused, late, of a paused deployment, of a workflow, once."""

    def made(number: int, name: str, rule: ScheduleRule, ahead: float | None, **more: Any) -> Schedule:
        fields: dict[str, Any] = {
            "id": f"dep-etl.s{number}",
            "name": name,
            "rule": rule.text,
            "next_at": None if ahead is None else NOW + ahead,
            "spec": rule.to_json(),
            "deployment_id": "dep-etl",
            "schedule_id": f"s{number}",
            "timezone": rule.timezone,
            "coming": [] if ahead is None else [NOW + ahead + 86400 * n for n in range(3)],
            "seen": f"v{number}",
        }
        return Schedule(**{**fields, **more})

    night = ScheduleRule("cron", cron="0 2 * * *", timezone="Europe/Paris")
    sweep = ScheduleRule("interval", interval=600, timezone="UTC")
    report = ScheduleRule("rrule", rrule="FREQ=WEEKLY;BYDAY=MO;BYHOUR=9", timezone="America/New_York")
    return [
        made(3, "report/weekly", report, -340, late=12, late_since=NOW - 340),
        made(2, "sweep/all", sweep, 120),
        made(1, "nightly-etl/prod", night, 42_880, parameters={"limit": 5000}),
        made(4, "release/nightly", night, 42_880, workflow="release", estimated=True),
        made(5, "nightly-etl/prod", ScheduleRule("cron", cron="0 3 * * 1"), 300_000, active=False),
        made(6, "old/legacy", sweep, None, deployment_paused=True),
        made(7, "nightly-etl/prod", ScheduleRule("once", at=NOW + 600_000), 600_000),
    ]


def behind(run_id: str) -> Flows:
    """What is asked for."""
    etl = Deployment(
        "dep-etl",
        "prod",
        "nightly-etl",
        "flow-etl",
        pool="k8s-prod",
        queue="default",
        description="loads a day into the warehouse",
        version="2",
        versions=2,
        tags=["etl", "night"],
        entrypoint="etl.py:etl",
        parameters={"limit": 5000},
        schema=PARAMETERS,
        schedules=3,
        active_schedules=2,
        updated_at=NOW - 3600,
        seen="d1",
    )
    zombie = Trouble(
        "zombie",
        flow_run(1, "", "running", 0).id,
        "calm-cobra",
        "nightly-etl",
        NOW - 900,
        "no heartbeat since 13:58:20, its worker is gone",
        "crash",
        "gpu",
        1,
    )
    return Flows(
        info=READY,
        deployments=[
            etl,
            dataclasses.replace(
                etl, id="dep-sweep", name="all", flow="sweep", pool="", tags=[], schedules=1, ready=False
            ),
            dataclasses.replace(
                etl, id="dep-old", name="legacy", flow="old", paused=True, description=HOSTILE
            ),
        ],
        troubles=[
            zombie,
            dataclasses.replace(
                zombie,
                kind="cancelling",
                run_id=flow_run(6, "", "running", 0).id,
                run_name="hasty-hog",
                since=NOW - 1200,
                why="asked to cancel 20 m ago, nobody ended its process",
                cure="force-cancel",
            ),
            *(
                dataclasses.replace(
                    zombie,
                    kind="late",
                    run_id=flow_run(2 if not n else 40 + n, "", "queued", 0).id,
                    run_name="damp-dodo" if not n else f"damp-dodo-{n}",
                    since=NOW - 340 + n,
                    why="pool gpu has no worker",
                    cure="skip",
                )
                for n in range(3)
            ),
        ],
        limits=[
            ConcurrencyLimit("database", 5, 5),
            ConcurrencyLimit("etl", 10, 2, kind="tag"),
            ConcurrencyLimit("old", 1, 0, active=False),
        ],
        states={
            run_id: [
                StateChange(NOW - 300, "SCHEDULED", "Scheduled"),
                StateChange(NOW - 80, "PENDING", "Pending"),
                StateChange(NOW - 75, "RUNNING", "Running", f"taken by {HOSTILE}"),
            ]
        },
        artifacts={
            run_id: [
                Artifact("a1", "rows", "table", "per file", [{"file": "a.csv", "rows": 900}], NOW - 31, 6),
                Artifact("a2", "summary", "markdown", "", "# Summary\n\n*1,204* rows", NOW - 40),
                Artifact("a3", "board", "link", "the board", "https://example.org/board", NOW - 50),
            ]
        },
        metrics={
            run_id: RunMetrics(
                6,
                {"COMPLETED": 5, "RUNNING": 1},
                75.0,
                95.0,
                15.8,
                2,
                1,
                note="memory and CPU are not measured: its process runs elsewhere",
            )
        },
        findings=[
            Finding("sqlite", "warning", "SQLite 3.40", "Searching logs by text fails.", "Use 3.44 or newer.")
        ],
    )
