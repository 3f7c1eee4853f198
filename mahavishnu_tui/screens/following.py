"""Following one run: its graph, visits and checkpoints, kept fresh while it goes on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.timer import Timer
from textual.widget import Widget

from mahavishnu_tui import models
from mahavishnu_tui.client.mirror import EVERYTHING, Change
from mahavishnu_tui.models.run import FINISHED
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.session import Session

if TYPE_CHECKING:
    from mahavishnu_tui.models import Checkpoint, GraphShape, MahavishnuError, NodeVisit, Run

SETTLE = 0.15
"""Seconds that the cursor rests on a run before anything is asked about it."""
REFRESH = 0.5
"""Seconds between two looks at the checkpoints of a run that goes on."""


@dataclasses.dataclass(frozen=True)
class Followed:
    """What is known of the followed run."""

    run_id: str = ""
    shape: GraphShape | None = None
    checkpoints: tuple[Checkpoint, ...] | None = None
    """Newest first; None until the first answer."""
    loaded: bool = False
    """Whether the visits are there."""
    error: MahavishnuError | None = None


def is_flow(session: Session, run_id: str) -> bool:
    """Whether a run is a flow run of Prefect."""
    run = session.run(run_id)
    return run is not None and run.engine == "prefect"


class Following:
    """Loads what belongs to the selected run, a moment after it was selected.

    One request at a time: a selection that changes meanwhile is taken up when the reply is in, and a
    reply for a run (or for a generation) that is no longer wanted is dropped.

    Args:
        host: the widget whose workers and timers are used.
        session: where mirror and client come from.
        changed: called with the new state after every change of it.
    """

    def __init__(self, host: Widget, session: Session, changed: Callable[[Followed], None]) -> None:
        self._host = host
        self._session = session
        self._changed = changed
        self.now = Followed()
        self._selected = ""
        self._rest: Timer | None = None
        self._generation = 0
        self._busy = False
        self._again = False
        self._timer: Timer | None = None

    def select(self, run_id: str, delay: float = SETTLE) -> None:
        """Follow another run (or none, with an empty id).

        Where one is followed already that stays so until the cursor has rested for `delay` seconds: the
        frame of a key that moves the cursor draws no path.
        """
        if run_id == self._selected:
            return
        self._selected = run_id
        self._stop_rest()
        if run_id and self.now.run_id and delay:
            self._rest = self._host.set_timer(delay, self.settle)
        else:
            self._switch(delay)

    def settle(self) -> None:
        """Follow what is selected now: the cursor rests, or something is about to act on it."""
        if self._rest is not None:
            self._stop_rest()
            self._switch(0)

    def _stop_rest(self) -> None:
        if self._rest is not None:
            self._rest.stop()
            self._rest = None

    def _switch(self, delay: float) -> None:
        run_id = self._selected
        if run_id == self.now.run_id:
            return
        self._leave()
        self._generation += 1
        if run_id:
            self._session.watch(run_id)
        # The frame with the first rows draws no path: there it comes with the first answer.
        self._show(Followed(run_id, None if delay else self._known_shape(run_id)))
        self._later(delay if run_id else None)

    def _known_shape(self, run_id: str) -> GraphShape | None:
        """The graph of its workflow, as far as the server has told of it unasked."""
        run = self._session.run(run_id)
        workflow = self._session.workflow_of(run) if run else None
        return models.GraphShape.from_json(workflow.shape) if workflow and workflow.shape else None

    def close(self) -> None:
        """Stop following."""
        self._stop_rest()
        self._selected = ""
        self._leave()
        self._generation += 1
        self._later(None)
        self.now = Followed()

    def reload(self) -> None:
        """Ask for everything again: the server is back, or the operator wants it."""
        if self.now.run_id:
            self.now = dataclasses.replace(self.now, error=None)
            self._later(0)

    def apply(self, changes: frozenset[Change]) -> list[NodeVisit]:
        """Take note of changes; returns the visits of the followed run that are new or changed."""
        run_id = self.now.run_id
        if not run_id:
            return []
        if EVERYTHING in changes:
            self.reload()
            return []
        if ("prefect", "prefect") in changes and self.now.error is not None:
            self.reload()  # it may be there again
        if ("run", run_id) in changes or ("path", run_id) in changes:
            self._later(REFRESH, keep=True)
        prefix = f"{run_id}#"
        numbers = [
            int(key[len(prefix) :]) for kind, key in changes if kind == "visit" and key.startswith(prefix)
        ]
        visits = self._session.mirror.visits.get(run_id, {})
        return [visits[number] for number in sorted(numbers) if number in visits]

    def visits(self) -> list[NodeVisit]:
        """The path of the followed run, in order."""
        visits = self._session.mirror.visits.get(self.now.run_id, {})
        return [visits[number] for number in sorted(visits)]

    @property
    def run(self) -> Run | None:
        """The followed run as last heard."""
        return self._session.run(self.now.run_id)

    def _later(self, delay: float | None, keep: bool = False) -> None:
        """Load after `delay` seconds; `keep` leaves a load that is already planned as it is."""
        if keep and self._timer is not None:
            return
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if delay is not None:
            self._timer = self._host.set_timer(max(delay, 0.001), self._start)

    def _start(self) -> None:
        self._timer = None
        if self._busy:
            self._again = True
            return
        self._busy = True
        in_background(self._host, self._load, "following")

    async def _load(self) -> None:
        run_id, generation = self.now.run_id, self._generation
        try:
            loaded = await self._ask(run_id)
        except Exception as error:  # whatever it is: it is shown in the pane and kept in :errors
            recorded = self._session.record(error)
            shape = self.now.shape or self._known_shape(run_id)
            loaded = dataclasses.replace(self.now, shape=shape, error=recorded)
        finally:
            self._busy = False
        if generation == self._generation and self.now.run_id == run_id:
            self._show(loaded)
        if self._again or generation != self._generation:
            self._again = False
            if self.now.run_id and self._timer is None:
                self._start()

    async def _ask(self, run_id: str) -> Followed:
        before = self.now
        client = self._session.client
        if is_flow(self._session, run_id):
            return await self._ask_flow(run_id)
        if not before.loaded:
            self._session.mirror.watch(run_id, await client.visits(run_id))
        run = self._session.run(run_id)
        shape = before.shape
        ended = run is not None and run.status in FINISHED
        if shape is None or not before.loaded or ended or shape.undeclared():
            shape = await client.graph(run_id)
        checkpoints = await client.checkpoints(run_id, limit=200)
        return Followed(run_id, shape, tuple(checkpoints), loaded=True)

    async def _ask_flow(self, run_id: str) -> Followed:
        """Task runs come with no events and make the graph as they go: both are asked for each time."""
        client = self._session.client
        self._session.mirror.show_path(run_id, await client.visits(run_id))
        found = await client.graph(run_id)
        begun = any(node.kind not in ("start", "end") for node in found.nodes)
        shape = self.now.shape if self.now.shape == found else found
        return Followed(run_id, shape if begun else None, (), loaded=True)

    def _show(self, followed: Followed) -> None:
        self.now = followed
        self._changed(followed)

    def _leave(self) -> None:
        if self.now.run_id:
            self._session.unwatch(self.now.run_id)
