"""Every call that the server answers (docs/protocols.md, section 1), in the project's nouns."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Iterable
from typing import Any, Literal
from urllib.parse import quote

from mahavishnu_tui.client.transport import Transport
from mahavishnu_tui.models.approval import Approval, LedgerEntry
from mahavishnu_tui.models.checkpoint import Checkpoint, StateView
from mahavishnu_tui.models.graph import GraphShape
from mahavishnu_tui.models.health import Host, Pool, Schedule, ServerInfo
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.run import NodeVisit, Run
from mahavishnu_tui.models.workflow import Project, Workflow

LOAD_TIMEOUT = 90.0
"""Seconds a host may take to start and to import somebody's code."""
READ_TIMEOUT = 30.0
"""Seconds for what a host reads from its checkpoints."""


@dataclasses.dataclass(frozen=True)
class RunDetail:
    """A run with what only its own screen needs."""

    run: Run
    input: Json
    values: Json
    """The last values, bounded; None while there are none."""
    values_truncated: bool
    approvals: list[Approval]
    execution_path: list[str]
    """The nodes that ran, in order, as `node` or `subgraph/node`."""


class ServerClient:
    """The server, as an object. Every method raises `MahavishnuError` and nothing else.

    Args:
        socket: path of the server's Unix socket.
        timeout: seconds for an ordinary call.
    """

    def __init__(self, socket: str, *, timeout: float = 10.0) -> None:
        self._wire = Transport(socket, timeout)

    @property
    def socket(self) -> str:
        """Path of the server's Unix socket."""
        return self._wire.socket

    async def aclose(self) -> None:
        """Close all connections."""
        await self._wire.aclose()

    async def __aenter__(self) -> ServerClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    # -- the server itself

    async def server(self) -> ServerInfo:
        """The server about itself."""
        return ServerInfo.from_json(await self._get("/v1/server"))

    async def stop_server(self, *, drain: bool = True, timeout: float = 10.0) -> None:
        """Ask the server to end; it returns at once, before the server is gone."""
        await self._wire.call("POST", "/v1/server/stop", body={"drain": drain, "timeout": timeout})

    async def hosts(self) -> list[Host]:
        """The engine hosts."""
        return [Host.from_json(item) for item in await self._get("/v1/hosts")]

    async def pools(self) -> list[Pool]:
        """Where runs find slots."""
        return [Pool.from_json(item) for item in await self._get("/v1/pools")]

    async def schedules(self) -> list[Schedule]:
        """The rules by which runs start."""
        return [Schedule.from_json(item) for item in await self._get("/v1/schedules")]

    async def logs(self, source: str = "server", lines: int = 500) -> dict[str, Any]:
        """`{"lines": […], "path": …}` of the server (`server`) or of a host (`host:<id>`)."""
        found: dict[str, Any] = await self._get("/v1/logs", source=source, lines=lines)
        return found

    # -- workflows

    async def workflows(self) -> list[Workflow]:
        """The workflows that the server has been told of."""
        return [Workflow.from_json(item) for item in await self._get("/v1/workflows")]

    async def register(self, spec: str, project: Project, name: str = "", refresh: bool = False) -> Workflow:
        """Make a workflow known and load it (MHV-42x when it does not load)."""
        body = {"spec": spec, "project": project.to_json(), "refresh": refresh}
        if name:
            body["name"] = name
        return Workflow.from_json(
            await self._wire.call("POST", "/v1/workflows", body=body, timeout=LOAD_TIMEOUT)
        )

    # -- runs

    async def runs(
        self,
        *,
        status: Iterable[str] = (),
        workflow: str = "",
        thread: str = "",
        limit: int = 200,
        before: float | None = None,
    ) -> list[Run]:
        """Runs, newest first; `before` is the `created_at` of the last one of the page before."""
        found = await self._get(
            "/v1/runs",
            status=",".join(status),
            workflow=workflow,
            thread=thread,
            limit=limit,
            before=before,
        )
        return [Run.from_json(item) for item in found]

    async def start_run(
        self,
        *,
        workflow_id: str,
        input: Json,  # noqa: A002 - the protocol's word
        by: str,
        thread_id: str | None = None,
        request_id: str | None = None,
        tags: Iterable[str] = (),
        config: dict[str, Any] | None = None,
    ) -> Run:
        """Start a run. The same `request_id` twice gives the same run (MHV-102: the thread is busy)."""
        body: dict[str, Any] = {"workflow_id": workflow_id, "input": input, "by": by, "tags": list(tags)}
        optional = {"thread_id": thread_id, "request_id": request_id, "config": config}
        body |= {key: value for key, value in optional.items() if value is not None}
        return Run.from_json(await self._wire.call("POST", "/v1/runs", body=body))

    async def run(self, run_id: str) -> RunDetail:
        """One run, by its id or its name (MHV-100 when there is none)."""
        found = await self._get(f"/v1/runs/{_part(run_id)}")
        return RunDetail(
            run=Run.from_json(found["run"]),
            input=found.get("input"),
            values=found.get("values"),
            values_truncated=bool(found.get("values_truncated", False)),
            approvals=[Approval.from_json(item) for item in found.get("approvals", [])],
            execution_path=list(found.get("execution_path", [])),
        )

    async def visits(self, run_id: str, after: int = 0) -> list[NodeVisit]:
        """The path record of a run from visit number `after` (exclusive) on."""
        found = await self._get(f"/v1/runs/{_part(run_id)}/visits", after=after)
        return [NodeVisit.from_json(item) for item in found]

    async def graph(self, run_id: str) -> GraphShape:
        """The drawing of a run's workflow, with the edges that only runs have shown."""
        return GraphShape.from_json(await self._get(f"/v1/runs/{_part(run_id)}/graph"))

    async def cancel(self, run_id: str, by: str, version: int | None = None) -> Run:
        """Cancel a run (MHV-101 when it has ended, or is no longer at `version`)."""
        return await self._act(run_id, "cancel", by, version=version)

    async def pause(self, run_id: str, by: str) -> Run:
        """Ask a run to stop at its next step boundary."""
        return await self._act(run_id, "pause", by)

    async def resume(self, run_id: str, by: str, checkpoint_id: str | None = None) -> Run:
        """Go on with a paused, failed or cancelled run; with `checkpoint_id`, from there."""
        return await self._act(run_id, "resume", by, checkpoint_id=checkpoint_id)

    # -- checkpoints

    async def checkpoints(self, run_id: str, limit: int = 100, before: str | None = None) -> list[Checkpoint]:
        """The checkpoints of a run's thread, newest first; `before` is the last id of the page before."""
        found = await self._get(
            f"/v1/runs/{_part(run_id)}/checkpoints", slow=True, limit=limit, before=before
        )
        return [Checkpoint.from_json(item) for item in found]

    async def state(self, run_id: str, checkpoint_id: str = "latest") -> StateView:
        """The values of one checkpoint (MHV-107 when there is none)."""
        path = f"/v1/runs/{_part(run_id)}/checkpoints/{_part(checkpoint_id)}"
        return StateView.from_json(await self._get(path, slow=True))

    # -- approvals

    async def approvals(
        self, status: Literal["pending", "answered", "applied", "superseded", ""] = "pending", run: str = ""
    ) -> list[Approval]:
        """The questions, oldest first; an empty `status` means all of them."""
        found = await self._get("/v1/approvals", status=status, run=run)
        return [Approval.from_json(item) for item in found]

    async def answer(
        self,
        approval_id: str,
        *,
        hash: str,  # noqa: A002 - the protocol's word
        value: Json,
        by: str,
        comment: str = "",
    ) -> LedgerEntry:
        """Answer the question with that hash; once this returns, the answer is on disk.

        Raises:
            MahavishnuError: MHV-104 the question changed, MHV-105 somebody has answered it, MHV-103.
        """
        body = {"hash": hash, "value": value, "by": by, "comment": comment}
        path = f"/v1/approvals/{_part(approval_id)}/answer"
        return LedgerEntry.from_json(await self._wire.call("POST", path, body=body))

    async def ledger(self, limit: int = 200, before: int | None = None, run: str = "") -> list[LedgerEntry]:
        """Who answered what, newest first; `before` is the last `seq` of the page before."""
        found = await self._get("/v1/ledger", limit=limit, before=before, run=run)
        return [LedgerEntry.from_json(item) for item in found]

    # -- the stream

    async def stream(self, after: int, epoch: str) -> AsyncIterator[dict[str, Any]]:
        """The lines of the change stream, for ever; see `stream_chunks`."""
        async for lines in self.stream_chunks(after, epoch):
            for line in lines:
                yield line

    def stream_chunks(self, after: int, epoch: str) -> AsyncIterator[list[dict[str, Any]]]:
        """The change stream, lines that arrived together in one list, the first list empty.

        Raises MHV-109 after 6 s of silence (the server beats every 2 s), MHV-002 when it breaks;
        ends when the server closes it.
        """
        return self._wire.chunks("/v1/stream", {"after": after, "epoch": epoch})

    # -- helpers

    async def _get(self, path: str, *, slow: bool = False, **params: Any) -> Any:
        """GET with the parameters that are neither None nor empty."""
        given = {key: value for key, value in params.items() if value not in (None, "")}
        return await self._wire.call("GET", path, params=given, timeout=READ_TIMEOUT if slow else None)

    async def _act(self, run_id: str, act: str, by: str, **body: Any) -> Run:
        given = {key: value for key, value in body.items() if value is not None}
        path = f"/v1/runs/{_part(run_id)}/{act}"
        return Run.from_json(
            await self._wire.call("POST", path, body={"by": by, **given}, timeout=READ_TIMEOUT)
        )


def _part(text: str) -> str:
    """One segment of a URL path."""
    return quote(text, safe="")
