"""What a flow run took."""

from __future__ import annotations

from typing import ClassVar

from mahavishnu_tui.client.mirror import EVERYTHING, Change
from mahavishnu_tui.models import NodeVisit
from mahavishnu_tui.models.prefect import RunMetrics
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.run.tab import RunTab, RunView
from mahavishnu_tui.widgets.log_view import LogView
from mahavishnu_tui.widgets.status import duration


class MetricsTab(RunTab):
    """Counts and times; what nobody measures is said to be so."""

    NAME: ClassVar[str] = "metrics"
    TITLE: ClassVar[str] = "Metrics"

    def __init__(self, view: RunView) -> None:
        self.log_view = LogView(id="metrics")
        super().__init__(view, self.log_view)
        self.log_view.follow, self.log_view.wrap, self.log_view.wrap_words = False, True, True
        self._stale = True

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self.log_view.clear("loading …")

    def note(self, changes: frozenset[Change], visits: list[NodeVisit]) -> None:
        """Something of the run has changed."""
        own = {EVERYTHING, ("run", self.view.run_id), ("path", self.view.run_id)}
        self._stale = self._stale or bool(own & changes)

    def forget(self) -> None:
        """Ask again."""
        self._stale = True

    def draw(self) -> None:
        """Ask for what is new, once it is looked at."""
        if self._stale and self.session.link.live:
            self.ask(self._load)

    async def _load(self) -> None:
        self._stale = False
        found = await self.session.client.metrics(self.view.run_id)
        self.log_view.show(metric_lines(found))

    def failed(self, sentence: str) -> None:
        """In place of the figures."""
        self.log_view.clear(sentence)

    def copied_text(self) -> str:
        """All of it."""
        return self.log_view.text()


def metric_lines(found: RunMetrics) -> list[str]:
    """Name and figure, aligned."""
    absent = "not measured"
    average = found.average_task_seconds
    states = ", ".join(f"{count} {name.lower()}" for name, count in sorted(found.by_state.items()))
    facts = {
        "task runs": f"{found.tasks:,}" + (f": {states}" if states else ""),
        "time": duration(found.seconds),
        "time of its tasks": duration(found.task_seconds),
        "average task": absent if average is None else duration(average),
        "retries of tasks": f"{found.retries:,}",
        "results from cache": f"{found.cache_hits:,}",
        "peak memory": absent if found.peak_memory_mb is None else f"{found.peak_memory_mb:,.0f} MB",
        "CPU": absent if found.cpu_percent is None else f"{found.cpu_percent:.0f} %",
    }
    lines = [f"{name:<20} {clean_line(value, 200)}" for name, value in facts.items()]
    return [*lines, *(["", clean_line(found.note, 400)] if found.note else [])]
