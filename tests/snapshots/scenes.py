"""A fixed world for pictures and Pilot tests: runs, questions, hosts, and a client that answers from it."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from pathlib import Path
from typing import Any

from mahavishnu_tui.client.api import RunDetail
from mahavishnu_tui.client.calls.approvals import BatchResult
from mahavishnu_tui.client.calls.checkpoints import Compared, Edited, Room
from mahavishnu_tui.client.calls.runs import CancelPlan, RunCount
from mahavishnu_tui.client.mirror import EVERYTHING, Mirror
from mahavishnu_tui.models import (
    Act,
    Approval,
    Checkpoint,
    Finding,
    GraphEdge,
    GraphNode,
    GraphShape,
    Host,
    LedgerEntry,
    Need,
    NodeVisit,
    Pool,
    Run,
    Schedule,
    ServerInfo,
    StateView,
    Workflow,
)
from mahavishnu_tui.models.checkpoint import EditPreview, Match, PrunePlan, SearchPage
from mahavishnu_tui.models.context import Context
from mahavishnu_tui.models.diff import summarise
from mahavishnu_tui.models.edit import StateEdit
from mahavishnu_tui.models.filtering import parse_filter
from mahavishnu_tui.models.notification import Notification
from mahavishnu_tui.models.prefect import BulkResult
from mahavishnu_tui.models.run_search import RUN_ATTRIBUTES, run_attributes
from mahavishnu_tui.models.said import LEVELS, SaidLine, SaidPage
from mahavishnu_tui.models.schedule import SchedulePreview
from mahavishnu_tui.models.search import FoundPage, SearchHit, find_place, parse_search
from mahavishnu_tui.screens.session import Link, LinkUpdate, Taste
from tests.snapshots.flows import FlowCalls, Flows

NOW = 1_790_000_000.0
"""2026-09-21 14:13:20 UTC."""

HOSTILE = "evil\x1b[31m[red]name\x9b2J\u202e"

RELEASE = GraphShape(
    nodes=[
        GraphNode("__start__", "start"),
        GraphNode("build"),
        GraphNode("test"),
        GraphNode("review", "subgraph"),
        GraphNode("approve"),
        GraphNode("fix"),
        GraphNode("deploy"),
        GraphNode("__end__", "end"),
    ],
    edges=[
        GraphEdge("__start__", "build"),
        GraphEdge("build", "test"),
        GraphEdge("test", "review"),
        GraphEdge("review", "approve"),
        GraphEdge("approve", "deploy", conditional=True, label="yes"),
        GraphEdge("approve", "fix", conditional=True, label="no"),
        GraphEdge("fix", "test"),
        GraphEdge("deploy", "__end__"),
    ],
    subgraphs={
        "review": GraphShape(
            nodes=[
                GraphNode("__start__", "start"),
                GraphNode("legal"),
                GraphNode("finance"),
                GraphNode("__end__", "end"),
            ],
            edges=[
                GraphEdge("__start__", "legal"),
                GraphEdge("__start__", "finance"),
                GraphEdge("legal", "__end__"),
                GraphEdge("finance", "__end__"),
            ],
        )
    },
)
ETL = GraphShape(
    nodes=[
        GraphNode("__start__", "start"),
        GraphNode("extract"),
        *(GraphNode(f"load_{n}") for n in range(3)),
        GraphNode("transform", defer=True),
        GraphNode("__end__", "end"),
    ],
    edges=[
        GraphEdge("__start__", "extract"),
        *(GraphEdge("extract", f"load_{n}") for n in range(3)),
        *(GraphEdge(f"load_{n}", "transform") for n in range(3)),
        GraphEdge("transform", "__end__"),
    ],
)
SCHEMA = {
    "type": "object",
    "properties": {
        "version": {"type": "string", "default": "1.4.2"},
        "pace": {"type": "number", "default": 1.0},
        "changes": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["version"],
}


def workflow(name: str, shape: GraphShape | None, **more: Any) -> Workflow:
    return Workflow(
        id=f"wf-{name}",
        name=name,
        spec=f"/srv/flows/{name}.py:graph",
        project={"root": "/srv/flows", "interpreter": "/srv/flows/.venv/bin/python"},
        registered_at=NOW - 9000,
        shape=shape.to_json() if shape else None,
        **more,
    )


def run(number: int, name: str, flow: str, status: str, ago: float, **more: Any) -> Run:
    return Run(
        id=f"run-{number:04}",
        name=name,
        thread_id=f"thread-{number:04}",
        workflow_id=f"wf-{flow}",
        workflow=flow,
        status=status,  # type: ignore[arg-type]
        created_at=NOW - ago,
        started_at=NOW - ago,
        **more,
    )


def visit(run_id: str, number: int, node: str, begin: float, took: float | None, **more: Any) -> NodeVisit:
    return NodeVisit(
        run_id=run_id,
        number=number,
        node=node,
        task_id=f"task-{number}",
        step=more.pop("step", number),
        started_at=NOW - begin,
        ended_at=None if took is None else NOW - begin + took,
        outcome=more.pop("outcome", "running" if took is None else "success"),
        **more,
    )


def approval(run_: Run, node: str, value: Any, ago: float, **more: Any) -> Approval:
    return Approval(
        id=f"{run_.id}.{node}",
        run_id=run_.id,
        run_name=run_.name,
        workflow=run_.workflow,
        thread_id=run_.thread_id,
        interrupt_id=node,
        node=node,
        namespace="",
        value=value,
        hash=f"{abs(hash((run_.id, node))) % 16**12:012x}" if "hash" not in more else more.pop("hash"),
        asked_at=NOW - ago,
        **more,
    )


def said_by(run_: Run) -> list[SaidLine]:
    begun = NOW - 42
    return [
        SaidLine(1, begun + 0.2, "checking out feature-x", 1),
        SaidLine(2, begun + 1.9, "compiled 212 files in 1.7 s", 1),
        SaidLine(3, begun + 3, "running 340 tests", 2, "log", "info", "flows.test"),
        SaidLine(4, begun + 5, "DeprecationWarning: utcnow() is deprecated", 2, "stderr", "warning"),
        SaidLine(5, begun + 6, f"test names: {HOSTILE}", 2),
        SaidLine(906, begun + 30, "deploying to 3 regions", 9),
        SaidLine(907, begun + 31, '{"done": 1, "total": 3}', 9, "custom"),
        SaidLine(
            908,
            begun + 33,
            "eu-west refused\nTraceback (most recent call last):\nTimeoutError: 30 s",
            9,
            "log",
            "error",
            "flows.deploy",
        ),
        SaidLine(909, begun + 34, "trying eu-west again", 9, "log", "info", "flows.deploy"),
    ]


CHAT: list[dict[str, Any]] = [
    {"type": "…", "older": 12},
    {"type": "system", "content": "You release software. Ask before you touch production."},
    {"type": "human", "content": "Is 1.4.2 ready? Here is the board.", "name": "ana"},
    {
        "type": "ai",
        "content": "Let me look at the tests.",
        "tool_calls": [{"name": "run_tests", "args": {"suite": "all", "fail_fast": True}, "id": "call_1"}],
        "usage_metadata": {"input_tokens": 1840, "output_tokens": 96, "total_tokens": 1936},
        "response_metadata": {"model_name": "gpt-x"},
    },
    {
        "type": "tool",
        "name": "run_tests",
        "tool_call_id": "call_1",
        "content": "\n".join(f"test {n} passed" for n in range(40)),
    },
    {
        "type": "human",
        "content": [
            {"type": "text", "text": "And this error?"},
            {"type": "image", "mime_type": "image/png", "bytes": 24_576},
        ],
    },
    {"type": "tool", "tool_call_id": "call_9", "status": "error", "content": "no such host"},
    {"type": "ai", "content": f"It is harmless. {HOSTILE}"},
]


@dataclasses.dataclass
class World:
    """Everything the server would tell."""

    runs: list[Run]
    approvals: list[Approval]
    workflows: list[Workflow]
    hosts: list[Host]
    visits: dict[str, list[NodeVisit]]
    checkpoints: dict[str, list[Checkpoint]]
    pools: list[Pool]
    schedules: list[Schedule] = dataclasses.field(default_factory=list)
    said: dict[str, list[SaidLine]] = dataclasses.field(default_factory=dict)
    ledger: list[LedgerEntry] = dataclasses.field(default_factory=list)
    acts: list[Act] = dataclasses.field(default_factory=list)
    flows: Flows = dataclasses.field(default_factory=Flows)
    older: list[Run] = dataclasses.field(default_factory=list)
    """Runs that the server has and the snapshot does not."""
    at_prefect: list[Run] = dataclasses.field(default_factory=list)
    """Runs that only Prefect has."""
    needs: list[Need] | None = None
    """None: it does not tell of them."""

    def snapshot(self, seq: int = 100) -> dict[str, Any]:
        server = ServerInfo(
            version="0.1.0",
            pid=4242,
            epoch="epoch-1",
            started_at=NOW - 86400,
            seq=seq,
            data="/home/ana/.local/share/mahavishnu/staging",
            socket="/home/ana/.local/share/mahavishnu/staging/server.sock",
            log="/home/ana/.local/state/mahavishnu/staging/server.log",
            running=2,
        )
        return {
            "type": "snapshot",
            "epoch": "epoch-1",
            "seq": seq,
            "server": server.to_json(),
            "runs": [item.to_json() for item in self.runs],
            "counts": {},
            "approvals": [item.to_json() for item in self.approvals],
            "workflows": [item.to_json() for item in self.workflows],
            "hosts": [item.to_json() for item in self.hosts],
            "prefect": self.flows.info.to_json() if self.flows.info is not None else None,
            "needs": None if self.needs is None else [item.to_json() for item in self.needs],
        }


def answers(amber: Run, dusty: Run) -> list[LedgerEntry]:
    """One that was used, one by a deadline, one on its way, one that came too late, one that means harm."""

    def given(seq: int, run_: Run, ago: float, **more: Any) -> LedgerEntry:
        fields: dict[str, Any] = {
            "seq": seq,
            "approval_id": f"{run_.id}.approve",
            "run_id": run_.id,
            "run_name": run_.name,
            "interrupt_id": "approve",
            "node": "approve",
            "question": {"question": "Deploy 1.4.2 to production?", "risk": "high"},
            "question_hash": f"5d1e0c99aa31{seq:04}",
            "answer": True,
            "by": "ana@bastion-2",
            "at": NOW - ago,
            "checkpoint_id": "1f0a0004",
            "workflow": run_.workflow,
            "thread_id": run_.thread_id,
            "asked_at": NOW - ago - 30,
        }
        return LedgerEntry(**{**fields, **more})

    used = {"sent_at": NOW - 25.9, "lease": 2, "applied_at": NOW - 25.5, "checkpoint_after": "1f0a0005"}
    late = {"sent_at": NOW - 18, "lease": 3, "applied_at": NOW - 17, "checkpoint_after": "1f0a0008"}
    return [
        given(4817, amber, 26, answer=False, comment="tests are red", then=["fix"], **used),
        given(4818, amber, 19, then=["deploy"], **late),
        given(4819, dusty, 7000, by="deadline", answer="skip", comment="Nobody answered within 2 hours."),
        given(4820, dusty, 6900, by="bob@bastion-1", not_applied="the run was cancelled"),
        given(4821, dusty, 40, by=HOSTILE, answer={"evil": HOSTILE}, question=HOSTILE),
    ]


def deeds(amber: Run) -> list[Act]:
    """What people did to the run that is at work."""
    done: list[tuple[float, str, str, dict[str, Any]]] = [
        (42, "ana@bastion-2", "start", {}),
        (30, "bob@bastion-1", "claim", {"node": "approve"}),
        (26, "ana@bastion-2", "answer", {"ledger": 4817, "node": "approve", "claimed_by": "bob@bastion-1"}),
        (24, "deadline", "escalate", {"node": "approve", "times": 1}),
        (21, HOSTILE, "pause", {"where": ["test"], "status": "running"}),
        (20, "ana@bastion-2", "resume", {"status": "paused"}),
        (19, "ana@bastion-2", "answer", {"ledger": 4818, "node": "approve", "comment": "green now"}),
    ]
    return [Act(n, amber.id, NOW - ago, by, what, told) for n, (ago, by, what, told) in enumerate(done, 1)]


def world() -> World:
    """Two at work, two that wait for a human, a failure, a queue, loops, names that mean harm."""
    amber = run(20, "amber-otter", "release", "running", 42, where=["deploy"], step=9, host_id="h1")
    brisk = run(19, "brisk-heron", "release", "interrupted", 300, where=["approve"], step=4, waiting=1)
    calm = run(
        18, "calm-wren", "nightly-etl", "running", 75, where=["load_0", "load_1"], step=2, host_id="h1"
    )
    swift = run(17, "swift-ibis", "refund", "interrupted", 7300, where=["ask"], step=1, waiting=1)
    late = run(16, "eager-mole", "release", "queued", 20, note="queued behind 10 others")
    dusty = run(
        15,
        "dusty-lynx",
        "nightly-etl",
        "error",
        7200,
        ended_at=NOW - 7100,
        step=3,
        recoveries=1,
        error={
            "code": "MHV-426",
            "message": "The node transform failed: KeyError: 'price'.",
            "hint": "Correct the node and press r: finished nodes do not run again.",
            "node": "transform",
            "detail": "Traceback (most recent call last):\n  File \"etl.py\", line 12\nKeyError: 'price'",
        },
    )
    evil = run(14, HOSTILE, "[bold]markup[/]", "cancelled", 9000, ended_at=NOW - 8990)
    held = run(13, "frosty-gnu", "release", "paused", 4000, where=["test"], step=2)
    done = [
        run(n, f"{word}-owl", flow, status, 9000 + 600 * (13 - n), ended_at=NOW - 8940 - 600 * (13 - n))
        for n, (word, flow, status) in enumerate(
            [
                ("green", "release", "success"),
                ("happy", "release", "error"),
                ("icy", "nightly-etl", "success"),
                ("jolly", "nightly-etl", "success"),
                ("keen", "release", "success"),
                ("lucky", "refund", "success"),
                ("mild", "release", "success"),
                ("noble", "nightly-etl", "error"),
            ],
            1,
        )
    ]
    release_path = [
        visit(amber.id, 1, "build", 42, 2.1),
        visit(amber.id, 2, "test", 39, 4.0),
        visit(amber.id, 3, "review", 35, 2.0),
        visit(amber.id, 4, "legal", 35, 2.0, namespace="review", step=3, parent=3),
        visit(amber.id, 10, "finance", 35, 1.0, namespace="review", step=3, parent=3),
        visit(amber.id, 5, "approve", 33, 6.0, step=4),
        visit(amber.id, 6, "fix", 27, 3.0, step=5),
        visit(amber.id, 7, "test", 24, 4.0, step=6),
        visit(amber.id, 8, "approve", 19, 7.0, step=8),
        visit(amber.id, 9, "deploy", 12, None, step=9),
    ]
    etl_path = [
        visit(dusty.id, 1, "extract", 7200, 10),
        *(visit(dusty.id, 2 + n, f"load_{n}", 7190, 20 + 10 * n, step=2) for n in range(3)),
        visit(dusty.id, 5, "transform", 7150, 1.5, outcome="retried", error="KeyError: 'price'", step=3),
        visit(
            dusty.id, 6, "transform", 7110, 2, outcome="error", attempt=2, error="KeyError: 'price'", step=3
        ),
    ]
    brisk_path = [
        visit(brisk.id, 1, "build", 300, 2.1),
        visit(brisk.id, 2, "test", 297, 9.0),
        visit(brisk.id, 3, "approve", 240, None, outcome="interrupted"),
    ]
    mild = next(item for item in done if item.name == "mild-owl")
    mild_path = [
        visit(mild.id, 1, "build", 12600, 2.0),
        visit(mild.id, 2, "test", 12590, 1.5),
        visit(mild.id, 3, "review", 12580, 2.1),
        visit(mild.id, 4, "approve", 12570, 6.0),
        visit(mild.id, 5, "deploy", 12560, 9.0),
        visit(mild.id, 6, "announce", 12550, 0.5),
    ]
    stored = [
        Checkpoint(
            id=f"1f0a{n:04}",
            thread_id=amber.thread_id,
            created_at=NOW - 42 + 4 * n,
            step=n,
            source="loop" if n else "input",
            parent_id=f"1f0a{n - 1:04}" if n else None,
            next=[["build"], ["test"], ["review"], ["approve"], ["fix"], ["test"], ["deploy"]][min(n, 6)],
            size=3000 + 37 * n,
            changed=["changes"] if n % 2 else ["verdict", "attempts"],
            latest=n == 8,
        )
        for n in range(8, -1, -1)
    ]
    return World(
        runs=[amber, brisk, calm, swift, late, dusty, evil, held, *done],
        approvals=[
            approval(
                brisk,
                "approve",
                {
                    "question": "Deploy 1.4.2 to production?",
                    "changes": ["feature-x", "bug-fix-y"],
                    "risk": "high",
                    "diff": "+120 −14",
                },
                240,
                hash="5d1e0c99aa31",
            ),
            approval(
                swift,
                "ask",
                {"question": "refund > 500 EUR?", "options": ["pay", "refuse", "escalate"]},
                7200,
                hash="99aa315d1e0c",
                deadline=NOW + 1500,
            ),
        ],
        workflows=[
            workflow("release", RELEASE, description="build, test, review, ask, deploy", input_schema=SCHEMA),
            workflow("nightly-etl", ETL, description="fan-out and join"),
            workflow(
                "broken",
                None,
                error={"code": "MHV-420", "message": "broken.py does not import: No module named 'nope'."},
            ),
            workflow("refund", RELEASE),
        ],
        hosts=[
            Host(
                id="h1",
                project_id="p1",
                project_root="/srv/flows",
                interpreter="/srv/flows/.venv/bin/python",
                state="ready",
                pid=77,
                running=2,
                restarts=1,
                rss=96_000_000,
                versions={"python": "3.11.2", "langgraph": "1.2.22"},
            )
        ],
        visits={amber.id: release_path, dusty.id: etl_path, brisk.id: brisk_path, mild.id: mild_path},
        checkpoints={amber.id: stored},
        pools=[Pool("langgraph", "langgraph", "healthy", 10, 2, 1)],
        said={amber.id: said_by(amber)},
        ledger=answers(amber, dusty),
        acts=deeds(amber),
    )


def notifications() -> list[Notification]:
    """What was told off the terminal, newest first."""
    told = {"kind": "approval", "where": "brisk-heron", "what": "w", "created_at": NOW, "due_at": NOW}
    return [
        Notification(6, "chat", state="sending", **told),
        Notification(5, "ops", state="waiting", attempts=3, error="no answer within 30 s", **told),
        Notification(4, "ops", state="sent", sent_at=NOW, **{**told, "kind": "escalation"}),
        Notification(3, "ops", state="waiting", **{**told, "kind": "late", "where": "etl/nightly"}),
        Notification(2, "chat", state="cancelled", error="answered by ana@bastion-2", **told),
        Notification(1, "ops", state="failed", attempts=12, error="refused\x1b[31m", **told),
    ]


class WorldClient(FlowCalls):
    """Stands in for `ServerClient` in tests of the screens alone; `calls` holds what was asked."""

    def __init__(self, world_: World) -> None:
        self.world = world_
        self.calls: list[tuple[Any, ...]] = []
        self.fail: dict[str, Exception] = {}
        """Method name → what it raises."""
        self.hold: dict[str, asyncio.Event] = {}
        """Method name, or method name and first argument → waits for this before it answers."""
        self.refuse: dict[str, BatchResult] = {}
        """Approval id → what a batch says of it."""
        self.bulk_refuse: dict[str, BulkResult] = {}
        """Run id → what a bulk act says of it."""
        self.preview = SchedulePreview([NOW + 3600 * (n + 1) for n in range(30)], True)
        self.plan = CancelPlan()

    async def _enter(self, name: str, *args: Any) -> None:
        self.calls.append((name, *args))
        held = self.hold.get(name) or self.hold.get(" ".join((name, *map(str, args[:1]))))
        if held is not None:
            await held.wait()
        if name in self.fail:
            raise self.fail[name]

    def _run(self, run_id: str) -> Run:
        known = [*self.world.runs, *self.world.older]
        return next(item for item in known if run_id in (item.id, item.name))

    async def visits(self, run_id: str, after: int = 0) -> list[NodeVisit]:
        await self._enter("visits", run_id)
        return self.world.visits.get(run_id, [])

    async def said(self, run_id: str, *, after: int | None = None, **wanted: Any) -> SaidPage:
        await self._enter("said", run_id, after, wanted)
        least = LEVELS.index(wanted.get("level", "debug"))
        lines = [
            line
            for line in self.world.said.get(run_id, [])
            if line.number > (after or 0)
            and wanted.get("visit") in (None, line.visit)
            and LEVELS.index(line.level) >= least
        ]
        shown = lines[: wanted.get("limit", 1000)]
        every = self.world.said.get(run_id, [])
        last = shown[-1].number if len(shown) < len(lines) else every[-1].number if every else 0
        kept = sum((after or 0) < line.number <= last for line in every)
        return SaidPage(shown, last, len(shown) < len(lines), last - (after or 0) - kept)

    async def graph(self, run_id: str) -> GraphShape:
        await self._enter("graph", run_id)
        if run_id in self.world.flows.graphs:
            return self.world.flows.graphs[run_id]
        flow = next((item for item in self.world.workflows if item.id == self._run(run_id).workflow_id), None)
        return GraphShape.from_json(flow.shape) if flow and flow.shape else GraphShape([], [])

    async def checkpoints(self, run_id: str, limit: int = 100, before: str | None = None) -> list[Checkpoint]:
        await self._enter("checkpoints", run_id)
        return self.world.checkpoints.get(run_id, [])

    async def state(self, run_id: str, checkpoint_id: str = "latest") -> StateView:
        await self._enter("state", run_id, checkpoint_id)
        values = {
            "version": "1.4.2",
            "changes": ["feature-x", "bug-fix-y"],
            "attempts": 1,
            "verdict": None,
            "hostile": HOSTILE,
            "nested": {"deep": {"deeper": list(range(12))}},
            "messages": CHAT,
        }
        return StateView({"id": checkpoint_id}, values)

    async def runs(
        self,
        *,
        status: Iterable[str] = (),
        workflow: str = "",
        limit: int = 200,
        before: float | None = None,
        search: str = "",
        **_: Any,
    ) -> list[Run]:
        await self._enter("runs", tuple(status), workflow, *([search, before] if search or before else []))
        wanted = set(status)
        found = [
            item
            for item in self._matching(search)
            if (not wanted or item.status in wanted)
            and workflow in ("", item.workflow, item.workflow_id)
            and (before is None or item.created_at < before)
        ]
        return sorted(found, key=lambda item: -item.created_at)[:limit]

    def _matching(self, search: str) -> list[Run]:
        wanted = parse_filter(search, RUN_ATTRIBUTES)
        every = [*self.world.runs, *self.world.older]
        return [item for item in every if wanted.matches(run_attributes(item, NOW))]

    async def count_runs(self, search: str = "") -> RunCount:
        await self._enter("count_runs", search)
        found = Counter(str(item.status) for item in self._matching(search))
        total = len(self.world.runs) + len(self.world.older)
        return RunCount(total, found.total(), dict(found))

    async def diff(self, run_id: str, before: str, after: str, other_run: str = "") -> Compared:
        await self._enter("diff", run_id, before, after)
        old = {"version": "1.4.1", "changes": ["feature-x"], "gone": True, "same": 1, "hostile": "a"}
        new = {"version": "1.4.2", "changes": ["feature-x", "bug-fix-y"], "same": 1, "hostile": HOSTILE}
        return Compared(before, after, summarise(old, new))

    async def search_state(
        self, run_id: str, text: str, where: str = "", before: str = "", limit: int = 50
    ) -> SearchPage:
        await self._enter("search_state", run_id, text, where, before)
        found = self.world.checkpoints.get(run_id, [])
        items = found[:2] if not before else found[2:3]
        matches = [
            Match(item.id, item.step, item.created_at, [["changes[0]", f"feature-x {HOSTILE}"]], 3).to_json()
            for item in items
            if text != "nowhere"
        ]
        return SearchPage(matches, len(items), "" if before else "more")

    async def preview_edit(self, run_id: str, edit: StateEdit) -> EditPreview:
        await self._enter("preview_edit", run_id, edit)
        found = summarise(
            {"changes": ["feature-x"], "attempts": 1}, {"changes": ["feature-x", "z"], "attempts": 1}
        )
        drops = [f"gate asks {HOSTILE}"]
        return EditPreview(edit.checkpoint_id, "latest-id", "build", found.to_json(), ["test"], drops)

    async def edit_state(self, run_id: str, edit: StateEdit, by: str, version: int | None = None) -> Edited:
        await self._enter("edit_state", run_id, edit, version)
        return Edited(self._run(run_id).replace(status="paused"), "new-id")

    async def pin(self, run_id: str, pinned: bool, by: str, note: str = "") -> None:
        await self._enter("pin", run_id, pinned)

    async def tag(
        self, run_id: str, checkpoint_id: str, name: str, by: str, note: str = "", remove: bool = False
    ) -> None:
        await self._enter("tag", run_id, checkpoint_id, name, remove)

    async def prune(
        self, room: Room, run_id: str = "", workflow: str = "", expect: int | None = None, by: str = ""
    ) -> PrunePlan:
        await self._enter("prune", run_id, expect)
        return PrunePlan(3, 4200, 1, done=expect is not None)

    async def run(self, run_id: str) -> RunDetail:
        await self._enter("run", run_id)
        path = [item.path for item in self.world.visits.get(run_id, [])]
        values = {"version": "1.4.2", "deployed": True}
        again = list(self._run(run_id).where)
        if self._run(run_id).engine == "prefect":
            given = {"day": "2026-09-20", "limit": 100 if run_id.endswith("030") else 5000}
            raw = {"state_id": "9f", "flow_version": HOSTILE}
            return RunDetail(self._run(run_id), given, None, False, [], path, raw=raw)
        given: dict[str, Any] = {"version": "1.4.2"}
        if self._run(run_id).name == "mild-owl":
            given, values = {"version": "1.4.1", "pace": 2.0}, {"version": "1.4.1", "notes": ["none"]}
        return RunDetail(self._run(run_id), given, values, False, [], path, again=again)

    async def inputs(self, workflow_id: str, limit: int = 20) -> list[Any]:
        await self._enter("inputs", workflow_id)
        return [{"version": "1.4.1", "pace": 0.5}, {"version": HOSTILE}]

    async def validate(self, workflow_id: str) -> list[Finding]:
        await self._enter("validate", workflow_id)
        return [
            Finding(
                "unreachable",
                "error",
                "lost",
                "Nothing leads to 'lost': it never runs.",
                "Add an edge to it.",
            ),
            Finding("loop", "note", "fix", "The loop of 'fix', 'test' is left only when a route says so."),
        ]

    async def approvals(self, status: str = "pending", run: str = "") -> list[Approval]:
        await self._enter("approvals", status, run)
        return [item for item in self.world.approvals if run in ("", item.run_id)]

    async def answer(
        self,
        approval_id: str,
        *,
        hash: str,  # noqa: A002
        value: Any,
        by: str,
        comment: str = "",
    ) -> LedgerEntry:
        await self._enter("answer", approval_id, hash, value, by, comment)
        asked = next(item for item in self.world.approvals if item.id == approval_id)
        return LedgerEntry(
            seq=4821,
            approval_id=approval_id,
            run_id=asked.run_id,
            run_name=asked.run_name,
            interrupt_id=asked.interrupt_id,
            node=asked.node,
            question=asked.value,
            question_hash=hash,
            answer=value,
            by=by,
            at=NOW,
            comment=comment,
        )

    async def answer_many(self, asked: Any, *, value: Any, by: str, count: int, comment: str = "") -> Any:
        asked = list(asked)
        await self._enter("answer_many", [item.id for item in asked], value, count, comment)
        return [
            self.refuse.get(item.id)
            or BatchResult(
                item.id, await self.answer(item.id, hash=item.hash, value=value, by=by, comment=comment)
            )
            for item in asked
        ]

    async def claim(self, approval: Approval, by: str, holder: str = "") -> Approval:
        await self._enter("claim", approval.id, holder)
        return approval.replace(claimed_by=by, claim_until=NOW + 900)

    async def release(self, approval: Approval, by: str, holder: str = "") -> Approval:
        await self._enter("release", approval.id, holder)
        return approval.replace(claimed_by="")

    async def search(self, text: str, *, cursor: str = "", limit: int = 50) -> FoundPage:
        await self._enter("search", text, cursor, limit)
        words = parse_search(text)
        found = []
        for item in sorted([*self.world.runs, *self.world.older], key=lambda item: -item.created_at):
            error = str((item.error or {}).get("message", ""))
            nodes = ", ".join(visit.path for visit in self.world.visits.get(item.id, []))
            places: list[Any] = [
                ("run", item.name),
                ("workflow", item.workflow),
                ("error", error),
                ("node", nodes),
            ]
            places.append(
                ("input", '{"version": "1.4.2", "note": "' + "x" * 60 + ' a needle in a haystack"}')
            )
            place = find_place(places, words)
            if place is not None:
                found.append(SearchHit(item, *place))
        begin = int(cursor or 0)
        more = str(begin + limit) if len(found) > begin + limit else ""
        return FoundPage(tuple(found[begin : begin + limit]), more, len(found))

    async def search_prefect(self, text: str, limit: int = 50) -> list[Run]:
        await self._enter("search_prefect", text)
        return [item for item in self.world.at_prefect if text in item.name]

    async def see(self, keys: Iterable[str], by: str) -> list[dict[str, Any]]:
        keys = list(keys)
        await self._enter("see", *keys)
        return [{"key": key, "ok": True} for key in keys]

    async def claim_need(self, key: str, by: str, holder: str = "") -> Need:
        await self._enter("claim_need", key, holder)
        return Need(key, "failure", "", "", NOW, claimed_by=by, claim_until=NOW + 900)

    async def release_need(self, key: str, by: str, holder: str = "") -> Need:
        await self._enter("release_need", key, holder)
        return Need(key, "failure", "", "", NOW)

    async def ledger(
        self, limit: int = 200, before: int | None = None, run: str = "", *, wanted: Any = None
    ) -> list[LedgerEntry]:
        await self._enter("ledger", limit, before, run, wanted)
        found = [item for item in self.world.ledger if run in ("", item.run_id)]
        found = [item for item in found if before is None or item.seq < before]
        if wanted is not None:
            found = [item for item in found if wanted.text in str(item.to_json()) and wanted.by in item.by]
        return sorted(found, key=lambda item: -item.seq)[:limit]

    async def acts(self, run_id: str, after: int = 0) -> list[Act]:
        await self._enter("acts", run_id, after)
        return [item for item in self.world.acts if item.run_id == run_id and item.seq > after]

    async def export_ledger(self, form: str, wanted: Any = None) -> AsyncGenerator[bytes, None]:
        await self._enter("export_ledger", form, wanted)
        yield b"all of it"

    async def register(self, spec: str, project: Any, name: str = "") -> Workflow:
        await self._enter("register", spec, name)
        return self.world.workflows[0]

    async def run_flow(self, entrypoint: str, by: str, **options: Any) -> Run:
        await self._enter("run_flow", entrypoint)
        return run(98, "early-elk", "etl", "queued", 0, engine="prefect")

    async def stop_server(self) -> None:
        await self._enter("stop_server")

    async def start_run(self, **request: Any) -> Run:
        await self._enter("start_run", request)
        return run(99, "zesty-yak", "release", "queued", 0)

    async def pause(self, run_id: str, by: str) -> Run:
        await self._enter("pause", run_id)
        return self._run(run_id)

    async def resume(
        self, run_id: str, by: str, checkpoint_id: str | None = None, recursion_limit: int | None = None
    ) -> Run:
        await self._enter("resume", run_id, checkpoint_id, *([recursion_limit] if recursion_limit else []))
        return self._run(run_id)

    async def cancel(self, run_id: str, by: str, version: int | None = None, how: str = "now") -> Run:
        await self._enter("cancel", run_id, version, *([how] if how != "now" else []))
        note = "cancelling: waits for deploy, asked by ana"
        return self._run(run_id).replace(**({"status": "cancelled"} if how == "now" else {"note": note}))

    async def cancel_plan(self, run_id: str) -> CancelPlan:
        await self._enter("cancel_plan", run_id)
        return self.plan

    async def set_priority(self, run_id: str, priority: str, by: str) -> Run:
        await self._enter("set_priority", run_id, priority)
        return self._run(run_id)

    async def drain_host(
        self, host_id: str, by: str, limit: float | None = None, *, restart: bool = False
    ) -> Host:
        await self._enter("drain_host", host_id, restart)
        return self.world.hosts[0]

    async def server(self) -> ServerInfo:
        await self._enter("server")
        return ServerInfo.from_json(self.world.snapshot()["server"])

    async def pools(self) -> list[Pool]:
        await self._enter("pools")
        return self.world.pools

    async def schedules(self) -> list[Schedule]:
        await self._enter("schedules")
        return self.world.schedules

    async def make_runs(self, schedule_id: str, by: str) -> Schedule:
        await self._enter("make_runs", schedule_id)
        return self.world.schedules[0]

    async def notifications(self, limit: int = 500) -> list[Notification]:
        await self._enter("notifications", limit)
        return notifications()

    async def logs(self, source: str = "server", lines: int = 500) -> dict[str, Any]:
        await self._enter("logs", source)
        said = [f"2026-09-21 14:13:{n:02} run run-0020 visit deploy {HOSTILE}" for n in range(20)]
        return {"lines": said, "path": f"/var/log/{source}.log"}


class WorldConnection:
    """Stands in for the real connection: a test feeds it lines and link states."""

    def __init__(self, world_: World | None = None) -> None:
        self.world = world_ or world()
        self.client = self.reader = WorldClient(self.world)
        self.mirror = Mirror()
        self.taste = Taste()
        self.context = Context("staging")
        self.contexts = (self.context,)
        self.facts = {"path of data": "/home/ana/.local/share/mahavishnu/staging", "python": "3.11.2"}
        self.notes: tuple[str, ...] = ()
        self.history: Path | None = None
        self.retried = 0
        self.renewed = 0
        self.closed = False
        self.seq = 100
        self._updates: asyncio.Queue[LinkUpdate] = asyncio.Queue()

    def live(self) -> None:
        """The server answers with everything."""
        self.mirror.apply(self.world.snapshot(self.seq))
        self._updates.put_nowait(LinkUpdate(Link("live"), frozenset({EVERYTHING})))

    def link(self, state: str, **more: Any) -> None:
        """The way to the server changes."""
        self._updates.put_nowait(LinkUpdate(Link(state, **more)))  # type: ignore[arg-type]

    def said(self, run_id: str, *texts: str) -> None:
        """The code of a run says more."""
        lines = self.world.said.setdefault(run_id, [])
        for text in texts:
            lines.append(SaidLine((lines[-1].number if lines else 0) + 1, NOW, text, 9))
        mark = {"type": "log", "run_id": run_id, "last": lines[-1].number}
        self._updates.put_nowait(LinkUpdate(Link("live"), frozenset(self.mirror.apply(mark))))

    def event(self, kind: str, key: str, record: Any) -> None:
        """One record changed."""
        self._event(kind, key, record.to_json())

    def gone(self, run_id: str) -> None:
        """A run was deleted where it lived."""
        self._event("gone", run_id, {"id": run_id})

    def listed(self, what: str) -> None:
        """A list of the catalog has changed."""
        self._event("catalog", what, {"what": what})

    def path(self, run_id: str) -> None:
        """Task runs of a flow run have changed."""
        changes = self.mirror.apply({"type": "path", "run_id": run_id})
        self._updates.put_nowait(LinkUpdate(Link("live"), frozenset(changes)))

    def _event(self, kind: str, key: str, data: dict[str, Any]) -> None:
        self.seq += 1
        line = {"type": "event", "seq": self.seq, "at": NOW, "kind": kind, "key": key, "data": data}
        self._updates.put_nowait(LinkUpdate(Link("live"), frozenset(self.mirror.apply(line))))

    async def updates(self) -> AsyncIterator[LinkUpdate]:
        while True:
            yield await self._updates.get()

    async def renew(self) -> bool:
        self.renewed += 1
        return True

    def retry_now(self) -> None:
        self.retried += 1

    async def aclose(self) -> None:
        self.closed = True
