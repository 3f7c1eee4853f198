"""`FlowRunScreen`: one flow run of Prefect, opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.binding import BindingType

from mahavishnu_tui.screens.run.artifacts import ArtifactsTab
from mahavishnu_tui.screens.run.audit import AuditTab
from mahavishnu_tui.screens.run.flow_errors import FlowErrorsTab
from mahavishnu_tui.screens.run.io import InputOutputTab
from mahavishnu_tui.screens.run.logs import LogsTab
from mahavishnu_tui.screens.run.metrics import MetricsTab
from mahavishnu_tui.screens.run.path import PathTab
from mahavishnu_tui.screens.run.screen import RunScreen, tab_bindings
from mahavishnu_tui.screens.run.states import StatesTab
from mahavishnu_tui.screens.run.tab import RunTab
from mahavishnu_tui.screens.run.tasks import TasksTab
from mahavishnu_tui.screens.run.timeline import TimelineTab


class FlowRunScreen(RunScreen):
    """What Prefect keeps: states and task runs, where a graph's run has checkpoints."""

    TABS: ClassVar[tuple[type[RunTab], ...]] = (
        PathTab,
        TimelineTab,
        TasksTab,
        LogsTab,
        InputOutputTab,
        StatesTab,
        ArtifactsTab,
        MetricsTab,
        AuditTab,
        FlowErrorsTab,
    )
    SHORTS: ClassVar[Mapping[str, str]] = {
        "logs": "Log",
        "states": "State",
        "artifacts": "Art",
        "metrics": "Met",
        "errors": "Err",
    }
    BINDINGS: ClassVar[list[BindingType]] = [*tab_bindings(TABS)]

    def look_at_node(self, path: str, until: int) -> None:
        """The task that it was opened at."""
        tasks = self.tabs[TasksTab.NAME]
        if isinstance(tasks, TasksTab):
            tasks.draw()
            tasks.look_at(path)

    def enter_node(self, path: str, until: int = 0) -> None:
        """Show the runs of a task."""
        self.action_tab(TasksTab.NAME)
        self.look_at_node(path, until)

    def enter_row(self, tab: RunTab) -> None:
        """Show what a task run has said."""
        if isinstance(tab, TimelineTab | TasksTab):
            self.action_logs()
