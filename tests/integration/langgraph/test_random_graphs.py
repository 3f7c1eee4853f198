"""The path record of any graph says exactly what its nodes say they did."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings

from mahavishnu_tui.engines import LangGraphAdapter
from mahavishnu_tui.engines.langgraph.requests import Answer, RunRequest
from mahavishnu_tui.models import NodeVisit

from .random_graphs import Attempt, Stage, Truth, build, plans

MOST_DISPATCHES = 40


class Recorded:
    """A run, dispatched until it succeeds, and its path record."""

    def __init__(self) -> None:
        self.visits: dict[int, NodeVisit] = {}
        self.ends: list[str] = []

    def notify(self, notice: dict[str, Any]) -> None:
        if notice["ev"] == "visit":
            visit = NodeVisit.from_json(notice["visit"])
            self.visits[visit.number] = visit

    async def run(self, folder: Path, graph: Any, truth: Truth) -> None:
        async with LangGraphAdapter(folder, folder / "c.db", notify=self.notify) as adapter:
            done = await adapter.execute(
                {"graph": graph, "spec": "graph", "input": {"log": []}, "run_id": "r", "thread_id": "t"}
            )
            truth.lease = 0
            self.ends.append(done["status"])
            for lease in range(2, MOST_DISPATCHES):
                if done["status"] == "success":
                    return
                # All questions at once or one at a time, in turns.
                asked = done["questions"] if lease % 3 else done["questions"][:1]
                answers = tuple(Answer(item["interrupt_id"], item["hash"], "yes") for item in asked)
                truth.lease = lease
                task = await adapter.start(
                    RunRequest(
                        "r",
                        "t",
                        "graph",
                        lease,
                        "continue",
                        answers=answers,
                        next_visit=max(self.visits, default=0) + 1,
                    )
                )
                done = await task
                truth.lease = 0
                self.ends.append(done["status"])
        raise AssertionError(f"no end after {MOST_DISPATCHES} dispatches: {done}")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plans())
def test_the_record_is_what_happened(plan: tuple[Stage, ...]) -> None:
    with tempfile.TemporaryDirectory() as name:
        truth, recorded = Truth(Path(name) / "ran.log"), Recorded()
        asyncio.run(recorded.run(Path(name), build(truth, plan), truth))
        check(truth, list(recorded.visits.values()))


def check(truth: Truth, visits: list[NodeVisit]) -> None:
    """Hold a path record against the file."""
    attempts = [item for item in truth.attempts() if item.lease]
    told = {(visit.lease, visit.task_id, visit.attempt): visit for visit in visits}
    assert len(told) == len(visits), "an attempt is recorded twice"
    wrote = {(item.lease, item.task, item.number): item for item in attempts}
    for key, item in wrote.items():
        if key not in told:
            above = [visit for visit in visits if visit.task_id in item.parents and visit.lease == item.lease]
            late = above and above[-1].outcome in ("cancelled", "error")
            assert late, f"not recorded: {item}"  # unless a thread began it when all was stopped
            continue
        visit = told[key]
        assert (visit.path, visit.step) == (item.path, item.step), item
        again = (item.lease, item.task, item.number + 1) in told
        assert visit.outcome in expected(item, again, visit), (visit, item)
    cached = [visit for visit in visits if visit.outcome == "cached"]
    holders = {(item.lease, parent) for item in attempts for parent in item.parents}
    ever = {parent for _, parent in holders}
    for key, visit in told.items():
        # What was cancelled may have been so before its code began.
        if key in wrote or visit.outcome in ("cached", "cancelled"):
            continue
        assert visit.path in truth.holders, f"never happened: {visit}"
        inside = any(item.path.startswith(f"{visit.path}/") for item in cached)
        assert inside or visit.task_id in ever, f"an empty holder: {visit}"
    for lease, parent in holders:
        assert any(visit.lease == lease and visit.task_id == parent for visit in visits), parent
    assert not [visit for visit in visits if visit.outcome in ("running", "lost")]
    check_order(attempts, told)
    for path, witness in truth.witnesses:
        done = [v for v in visits if v.path == path and v.outcome in ("success", "cached")]
        seen = [v for v in visits if v.path == witness and v.outcome == "success"]
        handled = [v for v in visits if v.path == handler_of(path) and v.outcome == "success"]
        assert len(done) + len(handled) == len(seen), (path, done, handled, seen)


def expected(item: Attempt, again: bool, visit: NodeVisit) -> tuple[str, ...]:
    """The outcomes that fit what a node wrote."""
    if item.end in ("raised", "asked") and (visit.error or "").startswith("stopped because"):
        return ("cancelled",)  # in a thread, which nobody could stop and nobody heard any more
    if item.end == "raised":
        return ("retried",) if again else ("error",)
    if item.end == "ok":
        # Its result is lost when a peer fails before it is stored, or when its own route fails.
        return ("success", "cancelled", "error")
    return {"asked": ("interrupted",), "cancelled": ("cancelled",)}[item.end]


def check_order(attempts: list[Attempt], told: dict[tuple[int, str, int], NodeVisit]) -> None:
    """What began later in the file, in a later step of the same graph, has a higher number."""
    recorded = [item for item in attempts if (item.lease, item.task, item.number) in told]
    for one, other in itertools.pairwise(recorded):
        if one.lease < other.lease or (one.parents == other.parents and one.step < other.step):
            first = told[one.lease, one.task, one.number]
            second = told[other.lease, other.task, other.number]
            assert first.number < second.number, (one, other)


def handler_of(path: str) -> str:
    """The path of a node's error handler."""
    head, slash, name = path.rpartition("/")
    return f"{head}{slash}__error_handler__{name}"
