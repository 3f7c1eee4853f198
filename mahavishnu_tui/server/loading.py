"""Making a workflow known: its host loads it and says what it is."""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mahavishnu_tui.models import MahavishnuError, Project, Workflow
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.routes.body import Body, bad
from mahavishnu_tui.server.store import workflows

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RegisterOrder:
    """What a client asked for."""

    spec: str
    project: Project
    name: str = ""
    refresh: bool = False


def read_request(body: Body) -> RegisterOrder:
    """The fields of `POST /v1/workflows`; raises MHV-010."""
    given = Body(body.mapping("project"))
    project = Project(given.text("root"), given.text("interpreter"), given.text("env_file", ""))
    for name, value in (("root", project.root), ("interpreter", project.interpreter)):
        if not value.startswith("/") or "\0" in value:
            raise bad(f"The project's {name!r} must be an absolute path.")
    spec = body.text("spec")
    if not spec or "\0" in spec:
        raise bad("The field 'spec' must name a graph.", "`/abs/file.py:name` or `package.module:name`.")
    return RegisterOrder(spec, project, clean_line(body.text("name", ""), 80), body.flag("refresh", False))


async def register(core: Core, order: RegisterOrder) -> Workflow:
    """Load a graph in its project's host and remember it; an unchanged one is not loaded again.

    Raises:
        MahavishnuError: MHV-42x it does not load (the workflow keeps that error), MHV-433 no host.
    """
    workflow_id = workflows.workflow_id(order.project.root, order.spec)
    known = await core.store.read(functools.partial(workflows.get, found_id=workflow_id))
    stamp = await asyncio.to_thread(_stamp, order)
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
        loaded = await _load(core, order)
    except MahavishnuError as error:
        kept = (before or workflow).replace(error=error.to_json(), project=workflow.project)
        await core.store.write(functools.partial(workflows.save, workflow=kept, stamp=""))
        raise
    workflow = workflow.replace(
        name=workflow.name if order.name or before else str(loaded.get("name") or workflow.name),
        description=str(loaded.get("description") or ""),
        shape=loaded.get("shape"),
        input_schema=loaded.get("input_schema"),
        graph_hash=str(loaded.get("graph_hash") or ""),
    )
    await core.store.write(functools.partial(workflows.save, workflow=workflow, stamp=stamp))
    log.info("workflow %s (%s) is %s", workflow.name, workflow.id, workflow.spec)
    return workflow


async def _load(core: Core, order: RegisterOrder) -> dict[str, Any]:
    """Have a host load the graph; one with older code in memory gives way to a new one."""
    host = await core.supervisor.acquire(order.project)
    loaded: dict[str, Any] = await host.request("load", timeout=core.options.load_seconds, spec=order.spec)
    if loaded.get("code_changed"):
        await core.supervisor.retire(host)
        host = await core.supervisor.acquire(order.project)
        loaded = await host.request("load", timeout=core.options.load_seconds, spec=order.spec)
    return loaded


def _stamp(order: RegisterOrder) -> str:
    """What changes when the graph's file changes; empty when we cannot tell."""
    file = order.spec.rpartition(":")[0] or order.spec
    if not file.endswith(".py"):
        return ""
    try:
        found = (Path(order.project.root) / file).stat()
    except OSError:
        return ""
    return f"{order.project.id} {found.st_mtime_ns} {found.st_size}"


def _name(spec: str) -> str:
    """`release` for `/x/release.py:graph`, `tools.release` for `tools.release:graph`."""
    place = spec.rpartition(":")[0] or spec
    return clean_line(Path(place).stem if place.endswith(".py") else place, 80)
