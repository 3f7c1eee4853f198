"""Checkpoints and the state in them."""

from __future__ import annotations

from mahavishnu_tui.client.calls.base import Calls, part
from mahavishnu_tui.models.checkpoint import Checkpoint, StateView


class CheckpointCalls(Calls):
    """The checkpoints of a run."""

    async def checkpoints(self, run_id: str, limit: int = 100, before: str | None = None) -> list[Checkpoint]:
        """The checkpoints of a run's thread, newest first; `before` is the last id of the page before."""
        found = await self._get(f"/v1/runs/{part(run_id)}/checkpoints", slow=True, limit=limit, before=before)
        return [Checkpoint.from_json(item) for item in found]

    async def state(self, run_id: str, checkpoint_id: str = "latest") -> StateView:
        """The values of one checkpoint (MHV-107 when there is none)."""
        path = f"/v1/runs/{part(run_id)}/checkpoints/{part(checkpoint_id)}"
        return StateView.from_json(await self._get(path, slow=True))
