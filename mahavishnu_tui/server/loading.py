"""Making a workflow known: its host loads it and says what it is."""

from __future__ import annotations

import functools
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mahavishnu_tui.models import ErrorCode, Finding, MahavishnuError, Project, Workflow
from mahavishnu_tui.models.finding import worst_first
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.hosts.supervisor import Supervisor
from mahavishnu_tui.server.pauses import lost_pauses
from mahavishnu_tui.server.store import Store, workflows

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RegisterOrder:
    """What a client asked for."""

    spec: str
    project: Project
    name: str = ""
    refresh: bool = False


class Loader:
    """Has graphs loaded by the hosts of their projects.

    Args:
        store: where workflows are kept.
        supervisor: gives hosts.
        load_seconds: how long somebody's code may take to be imported.
    """

    def __init__(self, store: Store, supervisor: Supervisor, load_seconds: float) -> None:
        self._store = store
        self._supervisor = supervisor
        self._load_seconds = load_seconds

    async def register(self, order: RegisterOrder) -> Workflow:
        """Load a graph and remember it; an unchanged one is not loaded again.

        Raises:
            MahavishnuError: MHV-42x it does not load (the workflow keeps that error), MHV-433 no host.
        """
        workflow_id = workflows.workflow_id(order.project.root, order.spec)
        known = await self._store.read(functools.partial(workflows.get, found_id=workflow_id))
        stamp = _stamp(order.project, order.spec)
        if known and not order.refresh and stamp and known[1] == stamp and not known[0].error:
            return known[0]
        before = known[0] if known else None
        workflow = Workflow(
            id=workflow_id,
            name=order.name or (before.name if before else _name(order.spec)),
            spec=order.spec,
            project=order.project.to_json(),
            registered_at=before.registered_at if before else time.time(),
        )
        try:
            loaded = await self._load(order)
        except MahavishnuError as error:
            kept = (before or workflow).replace(error=error.to_json(), project=workflow.project)
            await self._store.write(functools.partial(workflows.save, workflow=kept, stamp=""))
            raise
        workflow = workflow.replace(
            name=workflow.name if order.name or before else str(loaded.get("name") or workflow.name),
            description=str(loaded.get("description") or ""),
            shape=loaded.get("shape"),
            input_schema=loaded.get("input_schema"),
            graph_hash=str(loaded.get("graph_hash") or ""),
        )
        await self._store.write(functools.partial(workflows.save, workflow=workflow, stamp=stamp))
        log.info("workflow %s (%s) is %s", workflow.name, workflow.id, workflow.spec)
        return workflow

    async def validate(self, workflow_id: str) -> list[Finding]:
        """What is wrong with a workflow, and with the runs of it that wait, the worst first.

        Raises:
            MahavishnuError: MHV-010 no such workflow; like `register`.
        """
        known = await self._store.read(functools.partial(workflows.get, found_id=workflow_id))
        if known is None:
            raise MahavishnuError(
                ErrorCode.BAD_INPUT,
                f"There is no workflow {workflow_id!r}.",
                "See `mahavishnu workflow list`.",
            )
        if known[0].server:
            raise MahavishnuError(
                ErrorCode.REMOTE_NOT_OFFERED,
                f"Workflow {known[0].name} is on a LangGraph server, whose code cannot be checked from here.",
                "Check it where its files are: `mahavishnu langgraph validate --workflow-file FILE`.",
            )
        project = Project.from_json(known[0].project)
        order = RegisterOrder(known[0].spec, project, known[0].name, refresh=True)
        workflow = await self.register(order)
        _, found = await self._supervisor.ask(
            project, "validate", timeout=self._load_seconds, spec=workflow.spec
        )
        lost = await self._store.read(functools.partial(lost_pauses, workflow=workflow))
        return worst_first([*(Finding.from_json(item) for item in found), *lost])

    async def refresh(self, workflow_id: str) -> None:
        """Load a workflow again when its file has changed since: a new run is to run the code of now.

        Raises:
            MahavishnuError: like `register`.
        """
        known = await self._store.read(functools.partial(workflows.get, found_id=workflow_id))
        if known is not None:
            project = Project.from_json(known[0].project)
            if _stamp(project, known[0].spec) != known[1]:
                await self.register(RegisterOrder(known[0].spec, project, known[0].name))

    async def _load(self, order: RegisterOrder) -> dict[str, Any]:
        """Have a host load the graph; one that holds older code in use gives way to a new one."""
        loaded: dict[str, Any]
        while True:
            host, loaded = await self._supervisor.ask(
                order.project, "load", timeout=self._load_seconds, spec=order.spec
            )
            if not loaded.get("code_changed"):
                return loaded
            await self._supervisor.retire(host)


def _stamp(project: Project, spec: str) -> str:
    """What changes when the graph's file changes; empty when we cannot tell."""
    file = spec.rpartition(":")[0] or spec
    if not file.endswith(".py"):
        return ""
    try:
        found = (Path(project.root) / file).stat()
    except OSError:
        return ""
    return f"{project.id} {found.st_mtime_ns} {found.st_size}"


def _name(spec: str) -> str:
    """`release` for `/x/release.py:graph`, `tools.release` for `tools.release:graph`."""
    place = spec.rpartition(":")[0] or spec
    return clean_line(Path(place).stem if place.endswith(".py") else place, 80)
