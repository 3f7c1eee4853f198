"""What only flow runs have, and acts on many runs at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mahavishnu_tui import models
from mahavishnu_tui.client.calls.base import READ_TIMEOUT, Calls, part

if TYPE_CHECKING:
    from mahavishnu_tui.models.prefect import Artifact, BulkResult, RunMetrics, StateChange, Trouble

_BULK_SECONDS = 15.0
"""How long one run of many may take."""


class FlowRunCalls(Calls):
    """Flow runs. MHV-452 for runs of another engine."""

    async def states(self, run_id: str) -> list[StateChange]:
        """The states that a flow run was in, oldest first."""
        return [
            models.StateChange.from_json(item)
            for item in await self._get(f"/v1/runs/{part(run_id)}/states", slow=True)
        ]

    async def artifacts(self, run_id: str) -> list[Artifact]:
        """What a flow run and its tasks have put on show, newest first."""
        return [
            models.Artifact.from_json(item)
            for item in await self._get(f"/v1/runs/{part(run_id)}/artifacts", slow=True)
        ]

    async def metrics(self, run_id: str) -> RunMetrics:
        """What a flow run took."""
        return models.RunMetrics.from_json(await self._get(f"/v1/runs/{part(run_id)}/metrics", slow=True))

    async def delete_run(self, run_id: str, by: str, version: int) -> None:
        """Take a flow run away for ever, as long as it is still at `version`."""
        await self._post(f"/v1/runs/{part(run_id)}/delete", slow=True, by=by, version=version)

    async def troubles(self) -> list[Trouble]:
        """Runs that will not come right by themselves, the oldest first."""
        return [models.Trouble.from_json(item) for item in await self._get("/v1/troubles", slow=True)]

    async def bulk(self, act: str, runs: Iterable[tuple[str, int]], by: str) -> list[BulkResult]:
        """Do one thing to many runs, each only if it is still at the version that was seen.

        Args:
            act: `cancel`, `retry`, `resume`, `suspend`, `delete`, or a `Cure`: `crash`, `force-cancel`,
                `reschedule`, `skip`.
            runs: ids and versions.
            by: who.
        """
        items = [{"id": run_id, "version": version} for run_id, version in runs]
        body = {"act": act, "runs": items, "count": len(items), "by": by}
        # One run after the other, and each takes three answers of Prefect, which may be slow.
        seconds = READ_TIMEOUT + _BULK_SECONDS * len(items)
        found = await self._wire.call("POST", "/v1/runs/bulk", body=body, timeout=seconds)
        return [models.BulkResult.from_json(item) for item in found["results"]]
