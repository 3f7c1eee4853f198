"""Checkpoints and the state in them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from mahavishnu_tui import models
from mahavishnu_tui.client.calls.base import Calls, part
from mahavishnu_tui.models.run import Run

if TYPE_CHECKING:
    from mahavishnu_tui.models.checkpoint import (
        Checkpoint,
        EditPreview,
        PrunePlan,
        SearchPage,
        StateView,
        ThreadSize,
    )
    from mahavishnu_tui.models.diff import StateDiff
    from mahavishnu_tui.models.edit import StateEdit

PRUNE_TIMEOUT = 300.0
"""Seconds for what removes many checkpoints."""
PARENT = "parent"
"""As the older side of a comparison: the checkpoint that the newer one followed."""


@dataclasses.dataclass(frozen=True)
class Compared:
    """Two checkpoints and what differs."""

    before: str
    """Id of the older one; empty where the newer one is the first of its thread."""
    after: str
    diff: StateDiff


@dataclasses.dataclass(frozen=True)
class Edited:
    """What became of an edit."""

    run: Run
    checkpoint_id: str
    """Empty while it is not made yet: it waits for a slot or a host."""


@dataclasses.dataclass(frozen=True)
class Room:
    """What stays when checkpoints are pruned."""

    keep_last: int = 1
    older_than_days: float = 0.0


class CheckpointCalls(Calls):
    """The checkpoints of a run."""

    async def checkpoints(self, run_id: str, limit: int = 100, before: str | None = None) -> list[Checkpoint]:
        """The checkpoints of a run's thread, newest first; `before` is the last id of the page before."""
        found = await self._get(f"/v1/runs/{part(run_id)}/checkpoints", slow=True, limit=limit, before=before)
        return [models.Checkpoint.from_json(item) for item in found]

    async def state(self, run_id: str, checkpoint_id: str = "latest") -> StateView:
        """The values of one checkpoint (MHV-107 when there is none)."""
        path = f"/v1/runs/{part(run_id)}/checkpoints/{part(checkpoint_id)}"
        return models.StateView.from_json(await self._get(path, slow=True))

    async def diff(
        self, run_id: str, before: str = PARENT, after: str = "latest", other_run: str = ""
    ) -> Compared:
        """What changed from one checkpoint to another; `before` may be of `other_run`."""
        path = f"/v1/runs/{part(run_id)}/checkpoints/{part(before)}/diff/{part(after)}"
        found = await self._get(path, slow=True, run=other_run)
        return Compared(found["before"], found["after"], models.StateDiff.from_json(found["diff"]))

    async def search_state(
        self, run_id: str, text: str, where: str = "", before: str = "", limit: int = 50
    ) -> SearchPage:
        """Checkpoints whose state has `text`, newest first, in places whose path has `where`."""
        path = f"/v1/runs/{part(run_id)}/search"
        return models.SearchPage.from_json(
            await self._get(path, slow=True, text=text, where=where, before=before, limit=limit)
        )

    async def preview_edit(self, run_id: str, edit: StateEdit) -> EditPreview:
        """What an edit would do (MHV-107, MHV-121, MHV-122); nothing is written."""
        body = {**edit.to_json(), "dry": True}
        found = await self._post(f"/v1/runs/{part(run_id)}/edit", slow=True, asks=True, **body)
        return models.EditPreview.from_json(found)

    async def edit_state(self, run_id: str, edit: StateEdit, by: str, version: int | None = None) -> Edited:
        """Make an edit (MHV-101 the run is at work, MHV-121 the thread has gone on, MHV-122)."""
        body = {**edit.to_json(), "by": by, "version": version}
        found = await self._post(f"/v1/runs/{part(run_id)}/edit", slow=True, **body)
        return Edited(Run.from_json(found["run"]), str(found.get("checkpoint_id") or ""))

    async def pin(self, run_id: str, pinned: bool, by: str, note: str = "") -> None:
        """Keep a run's thread from ever being pruned, or no longer."""
        await self._post(f"/v1/runs/{part(run_id)}/pin", slow=True, pinned=pinned, by=by, note=note)

    async def tag(
        self, run_id: str, checkpoint_id: str, name: str, by: str, note: str = "", remove: bool = False
    ) -> None:
        """Give a checkpoint a name, or take it away."""
        path = f"/v1/runs/{part(run_id)}/checkpoints/{part(checkpoint_id)}/tag"
        await self._post(path, slow=True, name=name, by=by, note=note, remove=remove)

    async def size(self, run_id: str) -> ThreadSize:
        """The room that a run's thread takes."""
        return models.ThreadSize.from_json(await self._get(f"/v1/runs/{part(run_id)}/size", slow=True))

    async def sizes(self) -> list[dict[str, Any]]:
        """`{project, path, file, free, threads: [ThreadSize]}` of each project."""
        found: list[dict[str, Any]] = await self._get("/v1/sizes", slow=True)
        return found

    async def prune(
        self, room: Room, run_id: str = "", workflow: str = "", expect: int | None = None, by: str = ""
    ) -> PrunePlan:
        """Remove old checkpoints of ended runs; without `expect` only say which (MHV-121, MHV-123)."""
        path = f"/v1/runs/{part(run_id)}/prune" if run_id else "/v1/prune"
        body = {**dataclasses.asdict(room), "dry": expect is None}
        body |= {"workflow": workflow} if workflow else {}
        body |= {} if expect is None else {"expect": expect, "by": by}
        asks = expect is None
        return models.PrunePlan.from_json(
            await self._wire.call("POST", path, body=body, timeout=PRUNE_TIMEOUT, asks=asks)
        )

    async def delete_checkpoints(self, run_id: str, by: str) -> int:
        """Remove all that is stored of an ended run's thread (MHV-123); the number of checkpoints."""
        path = f"/v1/runs/{part(run_id)}/delete_checkpoints"
        return int(
            (await self._wire.call("POST", path, body={"by": by}, timeout=PRUNE_TIMEOUT))["checkpoints"]
        )
