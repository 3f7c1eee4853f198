"""The fixed world with everything in it that can need an operator, and a client that keeps it."""

from __future__ import annotations

from typing import Any

from mahavishnu_tui.models import Need
from mahavishnu_tui.models.need import need_of_failure, need_of_question
from tests.snapshots.flow_scenes import flows
from tests.snapshots.scenes import HOSTILE, NOW, World


def needy() -> World:
    """Questions, failures of both engines, one of them claimed, late runs, a dead worker, a host."""
    given = flows()
    hog = next(run for run in given.runs if run.name == "hasty-hog")
    gnat = next(run for run in given.runs if run.name == "grey-gnat")
    failed = [run for run in given.runs if run.status == "error"]
    asked = [need_of_question(item, "langgraph") for item in given.approvals if item.status == "pending"]
    asked[0] = asked[0].replace(escalated=1, due=NOW + 240)
    mine, *_ = failures = [need_of_failure(run, run.ended_at or NOW - 60) for run in failed]
    failures[0] = mine.replace(claimed_by="bob@bastion-1", claim_until=NOW + 600)
    given.needs = [
        *asked,
        need("paused", gnat.id, gnat.name, "Paused: look at the rows.", 900, run_id=gnat.id),
        *failures,
        need(
            "late", "dep-etl", "nightly-etl/prod", "1 late; pool k8s-prod: every worker is gone", 340
        ).replace(deployment_id="dep-etl"),
        need("stuck", hog.id, hog.name, "It has been cancelling for 20 min.", 1200, run_id=hog.id),
        need("pool", "k8s-prod", "k8s-prod", "worker w1 is gone; 1 run waits", 700, pool="k8s-prod"),
        need("host", "h2", HOSTILE, "MHV-423 LangGraph is missing in /srv/flows/.venv.", 30),
    ]
    return given


def calm() -> World:
    """A server that tells of needs, and has none."""
    given = flows()
    given.needs = []
    return given


def need(kind: Any, key: str, where: str, what: str, ago: float, **more: Any) -> Need:
    return Need(f"{kind}:{key}", kind, what, where, NOW - ago, engine="prefect", **more)
