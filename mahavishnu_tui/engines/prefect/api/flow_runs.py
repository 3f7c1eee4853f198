"""Flow runs: look, start, steer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from mahavishnu_tui.engines.prefect.api.base import (
    BULK,
    EVERYTHING,
    PAGE,
    Calls,
    Filter,
    Json,
    Page,
    Select,
    part,
)
from mahavishnu_tui.engines.prefect.api.transport import Repeat
from mahavishnu_tui.engines.prefect.errors import About, PrefectError
from mahavishnu_tui.engines.prefect.states import Orchestrated, iso
from mahavishnu_tui.models import ErrorCode

_NOUNS = ("flows", "flow_runs", "task_runs", "deployments", "work_pools", "work_pool_queues")
_RUNS = About("flow runs")
_MOST_BUCKETS = 500
"""Prefect cuts a history off after these, without saying so."""


class FlowRunCalls(Calls):
    """Everything about flow runs and their states."""

    async def filter(
        self,
        select: Select = EVERYTHING,
        *,
        sort: str = "START_TIME_DESC",
        limit: int = PAGE,
        offset: int = 0,
    ) -> list[Json]:
        """Flow runs, one page of at most 200.

        Args:
            select: which; by any noun.
            sort: ID_DESC, START_TIME_ASC or _DESC, EXPECTED_START_TIME_ASC or _DESC, NAME_ASC or _DESC,
                NEXT_SCHEDULED_START_TIME_ASC, END_TIME_DESC.
            limit: how many.
            offset: how many to leave out first.
        """
        body = {**select.body(*_NOUNS), "sort": sort, "limit": limit, "offset": offset}
        return self._objects(_RUNS, await self._wire.read("/flow_runs/filter", _RUNS, body), "id")

    def all(
        self, select: Select = EVERYTHING, *, sort: str = "START_TIME_DESC", most: int = 20_000
    ) -> AsyncIterator[Json]:
        """Flow runs, page after page."""
        return self._everything(_RUNS, "/flow_runs/filter", {**select.body(*_NOUNS), "sort": sort}, most)

    async def paginate(
        self, select: Select = EVERYTHING, *, sort: str = "START_TIME_DESC", limit: int = 50, page: int = 1
    ) -> Page:
        """One page, with how many there are in all."""
        body = {**select.body(*_NOUNS), "sort": sort, "limit": limit, "page": page}
        return await self._page(_RUNS, "/flow_runs/paginate", body)

    async def count(self, select: Select = EVERYTHING) -> int:
        """How many there are."""
        return self._number(_RUNS, await self._wire.read("/flow_runs/count", _RUNS, select.body(*_NOUNS)))

    async def history(
        self, start: float, end: float, buckets: int, select: Select = EVERYTHING
    ) -> list[Json]:
        """How many runs there were in each state, over time.

        Args:
            start: seconds since the epoch.
            end: the same.
            buckets: into how many equal parts the time is cut; 500 at most.
            select: which runs.
        """
        body = {
            **select.body("flows", "flow_runs", "task_runs", "deployments", "work_pools"),
            "history_start": iso(start),
            "history_end": iso(end),
            "history_interval_seconds": max(1.0, (end - start) / max(1, min(buckets, _MOST_BUCKETS))),
        }
        return self._objects(_RUNS, await self._wire.read("/flow_runs/history", _RUNS, body))

    async def get(self, run_id: str) -> Json:
        """One flow run."""
        about = _about(run_id)
        return self._object(about, await self._wire.get(f"/flow_runs/{part(run_id)}", about), "id")

    async def states(self, run_id: str) -> list[Json]:
        """Its states, the oldest first."""
        about = About(f"the states of flow run {run_id}", missing=ErrorCode.RUN_UNKNOWN)
        found = await self._wire.get("/flow_run_states/", about, flow_run_id=run_id)
        return sorted(self._objects(about, found), key=lambda state: str(state.get("timestamp")))

    async def graph(self, run_id: str, since: float | None = None) -> Json:
        """The graph of its task runs and subflows; with `since`, of what changed since that moment."""
        about = About(f"graph of flow run {run_id}", missing=ErrorCode.RUN_UNKNOWN)
        found = await self._wire.get(
            f"/flow_runs/{part(run_id)}/graph-v2", about, since=None if since is None else iso(since)
        )
        return self._object(about, found, "nodes")

    async def inputs(self, run_id: str, prefix: str = "", limit: int = PAGE) -> list[Json]:
        """What is kept for its questions and messages: `key`, and `value` as JSON text."""
        about = About(f"inputs of flow run {run_id}", missing=ErrorCode.RUN_UNKNOWN)
        body = {"prefix": prefix, "limit": limit}
        found = await self._wire.read(f"/flow_runs/{part(run_id)}/input/filter", about, body)
        return self._objects(about, found, "key")

    async def input(self, run_id: str, key: str) -> Any:
        """One of these, as a value; None when it is not there (a schema comes after its question)."""
        about = About(f"input {key} of flow run {run_id}")
        try:
            return await self._wire.get(f"/flow_runs/{part(run_id)}/input/{part(key)}", about)
        except PrefectError as error:
            if error.kind == "missing":
                return None
            raise

    async def create_input(self, run_id: str, key: str, value: str, sender: str = "") -> None:
        """Send a run a message; a key is used once."""
        about = About(f"input {key} of flow run {run_id}", missing=ErrorCode.RUN_UNKNOWN)
        body = {"key": key, "value": value, "sender": sender or None}
        await self._wire.write("POST", f"/flow_runs/{part(run_id)}/input", about, body)

    async def create(
        self,
        flow_id: str,
        *,
        idempotency_key: str,
        name: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        tags: Sequence[str] | None = None,
        state: Mapping[str, Any] | None = None,
        deployment_id: str | None = None,
        work_pool_name: str | None = None,
        job_variables: Mapping[str, Any] | None = None,
    ) -> Json:
        """A flow run without a deployment's help; a repeated key gives the run that there is.

        Its code is started by whoever asks for it: no worker takes it up.
        """
        about = About("a new flow run", missing=ErrorCode.PREFECT_FLOW_NOT_FOUND)
        body = {
            "flow_id": flow_id,
            "idempotency_key": idempotency_key,
            "name": name,
            "parameters": parameters,
            "tags": tags,
            "state": state,
            "deployment_id": deployment_id,
            "work_pool_name": work_pool_name,
            "job_variables": job_variables,
        }
        found = await self._wire.write("POST", "/flow_runs/", about, body, repeat=Repeat.SAFE)
        return self._object(about, found, "id")

    async def update(
        self,
        run_id: str,
        *,
        name: str | None = None,
        tags: Sequence[str] | None = None,
        infrastructure_pid: str | None = None,
    ) -> None:
        """Change its name or tags, or say where its process is (`host:pid`)."""
        body = {"name": name, "tags": tags, "infrastructure_pid": infrastructure_pid}
        await self._wire.write(
            "PATCH", f"/flow_runs/{part(run_id)}", _about(run_id), body, repeat=Repeat.SAFE
        )

    async def set_state(self, run_id: str, state: Mapping[str, Any], *, force: bool = False) -> Orchestrated:
        """Ask for another state.

        Args:
            run_id: the run.
            state: `{"type": …, "name"?, "message"?, "state_details"?}`.
            force: without the server's rules. It says yes to everything then, and stops nothing.
        """
        about = _about(run_id)
        body = {"state": state, "force": force}
        found = await self._wire.write("POST", f"/flow_runs/{part(run_id)}/set_state", about, body)
        return Orchestrated.read(run_id, str(state["type"]), self._object(about, found, "status"))

    async def resume(self, run_id: str, run_input: Mapping[str, Any] | None = None) -> Orchestrated:
        """Let a paused run go on, with the answer to its question where it asked one."""
        about = _about(run_id)
        found = await self._wire.write(
            "POST", f"/flow_runs/{part(run_id)}/resume", about, {"run_input": run_input}
        )
        return Orchestrated.read(run_id, "RUNNING", self._object(about, found, "status"))

    async def delete(self, run_id: str) -> None:
        """Delete a run with all that belongs to it."""
        await self._wire.write("DELETE", f"/flow_runs/{part(run_id)}", _about(run_id), repeat=Repeat.SAFE)

    async def bulk_set_state(
        self, run_ids: Iterable[str], state: Mapping[str, Any], *, force: bool = False
    ) -> dict[str, Orchestrated]:
        """`set_state` for many, with what became of each; a run that is not there has no entry."""
        results: dict[str, Orchestrated] = {}
        for chunk in _chunks(run_ids):
            body = {"flow_runs": _these(chunk), "state": state, "force": force, "limit": BULK}
            found = await self._wire.write("POST", "/flow_runs/bulk_set_state", _RUNS, body)
            answer = self._object(_RUNS, found, "results")
            for item in self._objects(_RUNS, answer["results"], "flow_run_id", "status"):
                run_id = str(item["flow_run_id"])
                results[run_id] = Orchestrated.read(run_id, str(state["type"]), item)
        return results

    async def bulk_delete(self, run_ids: Iterable[str]) -> set[str]:
        """Delete many; gives the ids of those that were there and are gone."""
        gone: set[str] = set()
        for chunk in _chunks(run_ids):
            body = {"flow_runs": _these(chunk), "limit": BULK}
            found = await self._wire.write("POST", "/flow_runs/bulk_delete", _RUNS, body)
            gone |= set(map(str, self._object(_RUNS, found, "deleted")["deleted"]))
        return gone


def _about(run_id: str) -> About:
    return About(f"flow run {run_id}", missing=ErrorCode.RUN_UNKNOWN, refused=ErrorCode.RUN_STATE)


def _these(run_ids: list[str]) -> Filter:
    return {"id": {"any_": run_ids}}


def _chunks(run_ids: Iterable[str]) -> Iterable[list[str]]:
    # An empty filter would mean every run.
    found = list(dict.fromkeys(run_ids))
    return (found[start : start + BULK] for start in range(0, len(found), BULK))
