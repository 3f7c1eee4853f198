"""How a run is started: its thread, or its time, name, tags and pool."""

from __future__ import annotations

import dataclasses
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Button, Input

from mahavishnu_tui.models.pool import PoolSelector
from mahavishnu_tui.screens.schedules.rules import local_zone, read_moment
from mahavishnu_tui.widgets.step_line import StepLine

SELECTORS: Final[tuple[PoolSelector | None, ...]] = (
    None,
    "least-loaded",
    "round-robin",
    "random",
    "affinity",
)
"""How a pool is chosen; None: the deployment's own."""


class OptionsRow(Horizontal):
    """A row of inputs."""

    DEFAULT_CSS = """
    OptionsRow { height: 1; margin: 1 0; }
    OptionsRow Input { height: 1; width: 1fr; background: $boost; margin-right: 1; }
    """

    class Changed(Message):
        """Something was typed."""

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed())


class WorkflowOptions(OptionsRow):
    """Of a LangGraph workflow: the thread."""

    class Changed(OptionsRow.Changed):
        """Another thread was typed."""

    def compose(self) -> ComposeResult:
        """One input."""
        yield StepLine(placeholder="thread id (empty: a new thread)", compact=True, id="launch-thread")

    @property
    def thread(self) -> str:
        """The thread's id; empty for a new one."""
        return self.query_one("#launch-thread", Input).value.strip()


@dataclasses.dataclass(frozen=True)
class RunOptions:
    """What was typed about a run of a deployment."""

    at: float | None
    name: str
    tags: list[str]


class DeploymentOptions(OptionsRow):
    """Of a deployment: when, under which name, with which tags."""

    class Changed(OptionsRow.Changed):
        """Something was typed."""

    def compose(self) -> ComposeResult:
        """Three inputs."""
        yield StepLine(placeholder="when (empty: now)", compact=True, id="launch-when")
        yield StepLine(placeholder="name (or a random one)", compact=True, id="launch-name")
        yield StepLine(placeholder="tags, with blanks", compact=True, id="launch-tags")

    def read(self, now: float) -> RunOptions:
        """What was typed. Raises MahavishnuError (MHV-010): the time is none."""
        when, name, tags = (
            self.query_one(f"#launch-{part}", Input).value.strip() for part in ("when", "name", "tags")
        )
        at = read_moment(when, local_zone(), now) if when else None
        return RunOptions(at, name, tags.replace(",", " ").split())


class PoolButton(Button):
    """Each press is the next way of choosing the work pool."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__("Pool: its own", id=id, compact=True)
        self.choice: PoolSelector | None = None

    def step(self) -> None:
        """The next choice."""
        self.choice = SELECTORS[(SELECTORS.index(self.choice) + 1) % len(SELECTORS)]
        self.label = f"Pool: {self.choice or 'its own'}"
