"""What a client knows of the server: a snapshot, and the events since. Pure: no I/O, no clock."""

from __future__ import annotations

import collections
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mahavishnu_tui import models
from mahavishnu_tui.models.run import FINISHED, NodeVisit, Run

if TYPE_CHECKING:
    from mahavishnu_tui.models import Approval, Host, Need, PrefectInfo, ServerInfo, Workflow

Change = tuple[str, str]
"""`(kind, key)`: which record changed; look it up by its key, it may also be gone."""

EVERYTHING: Change = ("*", "*")
"""The marker after a snapshot: draw, and ask for visits, anew."""

KEPT_RUNS = 4000
"""Past this many, the oldest finished runs are forgotten, down to `TRIMMED_RUNS`."""
TRIMMED_RUNS = 2000
SETTLED = 50
"""Needs that are gone and still remembered."""


class Mirror:
    """Runs, open questions, workflows and hosts by id, as of event `seq` of `epoch`.

    Visits come with events, not with the snapshot, and are kept of watched runs only. To show a
    run: `watch(run_id)`, ask for its visits, then `watch(run_id, reply)`.
    """

    def __init__(self) -> None:
        self.epoch = ""
        self.seq = 0
        self.server: ServerInfo | None = None
        self.prefect: PrefectInfo | None = None
        """None as long as nothing was heard; a server that drives no Prefect says `off`."""
        self.runs: dict[str, Run] = {}
        self.runs_since = 0.0
        """Of what was created before, only what has not ended is certain to be here."""
        self.approvals: dict[str, Approval] = {}
        """Questions that are pending, or answered and not yet taken up by their graph."""
        self.workflows: dict[str, Workflow] = {}
        self.hosts: dict[str, Host] = {}
        self.needs: dict[str, Need] | None = None
        """What needs an operator, by key; None until the server tells (an older one never does)."""
        self.settled: collections.deque[Need] = collections.deque(maxlen=SETTLED)
        """What is needed no more, each with why, the newest last."""
        self.visits: dict[str, dict[int, NodeVisit]] = {}
        """Of watched runs: by number."""
        self.said: dict[str, int] = {}
        """Of watched runs: the number of the newest line that their code has said."""
        self._statuses: collections.Counter[str] = collections.Counter()

    @property
    def running(self) -> int:
        """Runs at work now."""
        return self._statuses["running"]

    @property
    def failed(self) -> int:
        """Runs, of those known here, that ended with an error."""
        return self._statuses["error"]

    @property
    def whole(self) -> bool:
        """Whether every run of the server is here; of many only the newest are."""
        return len(self.runs) < TRIMMED_RUNS

    @property
    def queued(self) -> int:
        """Runs that wait for a slot."""
        return self._statuses["queued"]

    @property
    def needed(self) -> int:
        """How many things need an operator."""
        return self.waiting if self.needs is None else len(self.needs)

    @property
    def waiting(self) -> int:
        """Questions that nobody has answered."""
        return sum(approval.status == "pending" for approval in self.approvals.values())

    def apply(self, line: dict[str, Any]) -> set[Change]:
        """Take in one line of the stream; what changed by it (nothing for a repetition)."""
        kind = line.get("type")
        if kind == "snapshot":
            return self._snapshot(line)
        if kind == "beat":
            return self._beat(line)
        if kind == "log":
            return self._log(line)
        if kind == "path":
            return {("path", line["run_id"])} if line["run_id"] in self.visits else set()
        if kind != "event" or line["seq"] <= self.seq:
            return set()
        self.seq = line["seq"]
        take = getattr(self, f"_take_{line['kind']}", None)
        # A newer server may send kinds that this client does not know.
        return take(line["data"]) if take is not None else set()

    def _beat(self, line: dict[str, Any]) -> set[Change]:
        """A server whose disk is full can log no event: its beats tell what is wrong."""
        if self.prefect is not None and line.get("prefect_at"):
            # Nothing is drawn for it: an age that is within what may be expected is not news.
            self.prefect = self.prefect.replace(seen_at=float(line["prefect_at"]))
        if self.server is None or line.get("note", self.server.note) == self.server.note:
            return set()
        self.server = self.server.replace(note=str(line["note"]))
        return {("server", "server")}

    def _log(self, line: dict[str, Any]) -> set[Change]:
        if line["run_id"] not in self.visits:
            return set()
        self.said[line["run_id"]] = line["last"]
        return {("log", line["run_id"])}

    def watch(self, run_id: str, visits: Iterable[NodeVisit] = ()) -> None:
        """Keep the visits of this run. Ended visits win over running ones: an event may overtake a reply."""
        kept = self.visits.setdefault(run_id, {})
        for visit in visits:
            known = kept.get(visit.number)
            if known is None or known.outcome == "running":
                kept[visit.number] = visit

    def show_path(self, run_id: str, visits: Iterable[NodeVisit]) -> None:
        """Replace the visits of a watched run of which no events tell: task runs of Prefect."""
        if run_id in self.visits:
            self.visits[run_id] = {visit.number: visit for visit in visits}

    def unwatch(self, run_id: str) -> None:
        """Forget the visits of this run."""
        self.visits.pop(run_id, None)
        self.said.pop(run_id, None)

    def _snapshot(self, line: dict[str, Any]) -> set[Change]:
        if line["epoch"] != self.epoch:
            # Another database: what we knew of visits belongs to runs that are not there.
            self.visits = {run_id: {} for run_id in self.visits}
        self.epoch = line["epoch"]
        self.seq = line["seq"]
        self.server = models.ServerInfo.from_json(line["server"])
        self.prefect = models.PrefectInfo.from_json(line["prefect"]) if line.get("prefect") else None
        self.runs = {item["id"]: Run.from_json(item) for item in line["runs"]}
        ended = (run.created_at for run in self.runs.values() if run.status in FINISHED)
        self.runs_since = min(ended, default=0.0)
        self.approvals = {item["id"]: models.Approval.from_json(item) for item in line["approvals"]}
        self.workflows = {item["id"]: models.Workflow.from_json(item) for item in line["workflows"]}
        self.hosts = {item["id"]: models.Host.from_json(item) for item in line["hosts"]}
        told = line.get("needs")
        self.needs = None if told is None else {item["key"]: models.Need.from_json(item) for item in told}
        self._statuses = collections.Counter(run.status for run in self.runs.values())
        return {EVERYTHING}

    def _take_run(self, data: dict[str, Any]) -> set[Change]:
        run = Run.from_json(data)
        known = self.runs.get(run.id)
        if known is not None:
            self._statuses[known.status] -= 1
        self.runs[run.id] = run
        self._statuses[run.status] += 1
        return {("run", run.id)} | self._trim()

    def _trim(self) -> set[Change]:
        if len(self.runs) <= KEPT_RUNS:
            return set()
        finished = [run for run in self.runs.values() if run.status in FINISHED]
        finished.sort(key=lambda run: run.created_at)
        surplus = finished[: len(self.runs) - TRIMMED_RUNS]
        for run in surplus:
            del self.runs[run.id]
            self._statuses[run.status] -= 1
        self.runs_since = max([self.runs_since, *(run.created_at for run in surplus)])
        return {("run", run.id) for run in surplus}

    def _take_visit(self, data: dict[str, Any]) -> set[Change]:
        kept = self.visits.get(data["run_id"])
        if kept is None:
            return set()
        visit = NodeVisit.from_json(data)
        kept[visit.number] = visit
        return {("visit", f"{visit.run_id}#{visit.number}")}

    def _take_approval(self, data: dict[str, Any]) -> set[Change]:
        approval = models.Approval.from_json(data)
        if approval.status in ("pending", "answered"):
            self.approvals[approval.id] = approval
        else:
            self.approvals.pop(approval.id, None)
        return {("approval", approval.id)}

    def _take_act(self, data: dict[str, Any]) -> set[Change]:
        return {("act", str(data["run_id"]))}

    def _take_workflow(self, data: dict[str, Any]) -> set[Change]:
        workflow = models.Workflow.from_json(data)
        self.workflows[workflow.id] = workflow
        return {("workflow", workflow.id)}

    def _take_host(self, data: dict[str, Any]) -> set[Change]:
        host = models.Host.from_json(data)
        self.hosts[host.id] = host
        return {("host", host.id)}

    def _take_gone(self, data: dict[str, Any]) -> set[Change]:
        """A run that was deleted where it lived."""
        gone: Change = ("gone", str(data["id"]))
        known = self.runs.pop(data["id"], None)
        if known is None:
            return {gone}
        self._statuses[known.status] -= 1
        self.visits.pop(known.id, None)
        return {gone, ("run", known.id)}

    def _take_prefect(self, data: dict[str, Any]) -> set[Change]:
        self.prefect = models.PrefectInfo.from_json(data)
        return {("prefect", "prefect")}

    def _take_need(self, data: dict[str, Any]) -> set[Change]:
        if self.needs is not None:
            need = models.Need.from_json(data)
            if need.gone:
                self.needs.pop(need.key, None)
                self.settled.append(need)
            else:
                self.needs[need.key] = need
        return {("need", str(data["key"]))}

    def _take_catalog(self, data: dict[str, Any]) -> set[Change]:
        return {("catalog", str(data["what"]))}

    def _take_server(self, data: dict[str, Any]) -> set[Change]:
        self.server = models.ServerInfo.from_json(data)
        return {("server", "server")}
