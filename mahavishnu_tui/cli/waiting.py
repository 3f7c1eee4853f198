"""Starts runs and follows them to where they stop: success, failure, or a question."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from mahavishnu_tui.cli.common import group_of, who
from mahavishnu_tui.cli.guard import FAILURE, OK, WAITS
from mahavishnu_tui.client.api import RunDetail, ServerClient
from mahavishnu_tui.client.feed import Feed
from mahavishnu_tui.client.launcher import LaunchOptions, ensure_server
from mahavishnu_tui.client.mirror import EVERYTHING, Change, Mirror
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.run import ACTIVE, NodeVisit, Run
from mahavishnu_tui.models.workflow import Workflow

ATTEMPTS = 3
ASKED_SECONDS = 5.0
"""How long it may take until it is known what a run asks that waits."""
Seen = Callable[[Run, list[NodeVisit]], None]


async def start(
    client: ServerClient,
    launch: LaunchOptions,
    workflow: Workflow,
    given: Any,
    *,
    thread_id: str | None = None,
    tags: tuple[str, ...] = (),
    config: dict[str, Any] | None = None,
    priority: str | None = None,
) -> Run:
    """Start a run; repeated when the server dies over it."""
    return await surely(
        launch,
        lambda request_id: client.start_run(
            workflow_id=workflow.id,
            input=given,
            by=who(),
            thread_id=thread_id,
            request_id=request_id,
            tags=tags,
            config=config,
            priority=priority,
        ),
    )


async def surely(launch: LaunchOptions, begin: Callable[[str], Awaitable[Run]]) -> Run:
    """Begin a run, and again when the server dies over it: the request id that `begin` gets makes it one."""
    request_id = uuid.uuid4().hex
    attempt = 1
    while True:
        try:
            return await begin(request_id)
        except MahavishnuError as error:
            if error.code is not ErrorCode.SERVER_UNREACHABLE or attempt == ATTEMPTS:
                raise
        attempt += 1
        await ensure_server(launch)


async def settle(
    client: ServerClient,
    launch: LaunchOptions,
    run_id: str,
    version: int,
    timeout: float | None,
    seen: Seen | None = None,
) -> RunDetail:
    """Wait until a run is no longer at work; through deaths of the server.

    A flow run that has started a workflow of ours is that run from then on.

    Args:
        client: the server.
        launch: how to start it again.
        run_id: the run.
        version: what an act of ours left the run at: an older state of it is not an outcome.
        timeout: seconds; None waits for ever.
        seen: told how the run stands and which of its visits are new or changed, as often as that changes.

    Raises:
        MahavishnuError: MHV-109 when it takes longer. The run goes on.
    """
    try:
        async with asyncio.timeout(timeout):
            run_id = await _settled(client, launch, run_id, version, seen)
    except TimeoutError:
        group = group_of((await client.run(run_id)).run)
        raise MahavishnuError(
            ErrorCode.TIMEOUT,
            f"The run is still at work after {timeout:g} s.",
            f"It goes on; `mahavishnu {group} cancel {run_id}` ends it.",
        ) from None
    return await with_question(client, run_id)


async def with_question(client: ServerClient, run_id: str) -> RunDetail:
    """The run, and what it asks where it waits: Prefect stores a question after it has paused for it."""
    until = time.monotonic() + ASKED_SECONDS
    while True:
        detail = await client.run(run_id)
        waits = detail.run.status == "interrupted"
        asked = any(approval.status == "pending" for approval in detail.approvals)
        if not waits or asked or time.monotonic() > until:
            return detail
        await asyncio.sleep(0.2)


async def _settled(
    client: ServerClient, launch: LaunchOptions, run_id: str, version: int, seen: Seen | None
) -> str:
    """Wait; the run that was waited for in the end."""
    mirror = Mirror()
    if seen is not None:
        mirror.watch(run_id)
    feed = Feed(client, mirror, start_server=lambda: ensure_server(launch))
    updates = feed.__aiter__()
    try:
        async for update in updates:
            changed = _numbers(run_id, update.changes)
            path = ("path", run_id) in update.changes
            if not ({("run", run_id), EVERYTHING} & update.changes or changed or path):
                continue
            run = mirror.runs.get(run_id) or (await client.run(run_id)).run
            if run.engine == "prefect" and run.twin:
                # Of such a pair only the run of ours is told.
                run_id, version, path = run.twin, 0, True
                run = mirror.runs.get(run_id) or (await client.run(run_id)).run
            if seen is not None:
                if path or EVERYTHING in update.changes:  # what was not told is asked for
                    mirror.watch(run_id, await client.visits(run_id))
                    changed = sorted(mirror.visits[run_id])
                seen(run, [mirror.visits[run_id][number] for number in changed])
            # A flow run that waits for its next try is scheduled again.
            if run.version >= version and run.status not in ACTIVE and run.status != "scheduled":
                return run_id
    finally:
        await updates.aclose()
    raise AssertionError("a feed has no end")


def _numbers(run_id: str, changes: frozenset[Change]) -> list[int]:
    """The visits of a run among what changed."""
    prefix = f"{run_id}#"
    return sorted(
        int(key.removeprefix(prefix)) for kind, key in changes if kind == "visit" and key.startswith(prefix)
    )


def outcome(detail: RunDetail) -> dict[str, Any]:
    """The one JSON object that says how a run stands."""
    run = detail.run
    return {
        "run_id": run.id,
        "run_name": run.name,
        "thread_id": run.thread_id,
        "workflow": run.workflow,
        "workflow_id": run.workflow_id,
        "deployment": run.deployment,
        "status": run.status,
        "state": run.state,
        "execution_path": detail.execution_path,
        "values": detail.values,
        "values_truncated": detail.values_truncated,
        "interrupts": [
            {
                "id": approval.interrupt_id,
                "approval_id": approval.id,
                "node": f"{approval.namespace}/{approval.node}" if approval.namespace else approval.node,
                "value": approval.value,
                "hash": approval.hash,
                "kind": approval.kind,
                "schema": approval.schema,
            }
            for approval in detail.approvals
            if approval.status == "pending"
        ],
        "error": run.error,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
    }


def asks_to_go_on(run: Run) -> bool:
    """Whether somebody has to let it go on: a flow run is paused by its own code, or suspended."""
    return run.status == "paused" and run.engine == "prefect"


def status_of(run: Run) -> int:
    """The exit status that goes with how a run stands."""
    if run.status == "interrupted" or asks_to_go_on(run):
        return WAITS
    return FAILURE if run.status in ("error", "cancelled") else OK
