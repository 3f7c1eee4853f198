"""What is known of two runs beside their paths: versions, settings, errors, who and when. Pure."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.times import Times
from mahavishnu_tui.widgets.status import duration, run_mark
from mahavishnu_tui.widgets.table import Cell, Column, Row

if TYPE_CHECKING:
    from mahavishnu_tui.client.calls.runs import RunDetail
    from mahavishnu_tui.models import Workflow

FACT_COLUMNS: Final = (
    Column("what", "WHAT", 16, min_width=12),
    Column("here", "THIS RUN", 24, min_width=16, flex=1),
    Column("there", "THE OTHER", 24, min_width=16, flex=1),
)
_ALWAYS_DIFFER: Final = frozenset({"run", "began", "took"})
"""Differences in them say nothing."""
_OF_PREFECT: Final = {
    "flow version": "flow_version",
    "deployment version": "deployment_version",
    "queue": "work_queue_name",
    "process": "infrastructure_pid",
}
_LONGEST: Final = 300


@dataclasses.dataclass(frozen=True)
class Fact:
    """One thing that is known of both, or of one of them."""

    name: str
    here: str
    there: str

    @property
    def differs(self) -> bool:
        """Whether it may explain why the runs went as they did."""
        return self.here != self.there and self.name not in _ALWAYS_DIFFER


def facts(
    here: RunDetail, there: RunDetail, workflows: Mapping[str, Workflow], times: Times
) -> tuple[Fact, ...]:
    """What differs first; what is known of neither is left out."""
    one, two = _known(here, workflows, times), _known(there, workflows, times)
    found = [Fact(name, one.get(name, ""), two.get(name, "")) for name in dict.fromkeys([*one, *two])]
    return tuple(sorted(found, key=lambda fact: not fact.differs))


def fact_rows(found: tuple[Fact, ...]) -> list[Row]:
    """A row per fact; what is the same is muted."""
    return [
        Row(
            fact.name,
            (
                Cell(fact.name, "warning" if fact.differs else "muted"),
                Cell(fact.here or "-", "" if fact.differs else "muted"),
                Cell(fact.there or "-", "" if fact.differs else "muted"),
            ),
        )
        for fact in found
    ]


def _known(detail: RunDetail, workflows: Mapping[str, Workflow], times: Times) -> dict[str, str]:
    run, error = detail.run, detail.run.error or {}
    workflow = workflows.get(run.workflow_id)
    began = run.started_at or run.created_at
    found: dict[str, Json] = {
        "run": f"{run.name} ({run.id})",
        "state": run_mark(run.status, run.state).word,
        "error": " ".join(str(item) for item in (error.get("code"), error.get("message")) if item),
        "failed at": error.get("node"),
        "began": times.whole(began),
        "took": duration((run.ended_at or times.now) - began),
        "engine": run.engine,
        "workflow": run.workflow,
        "deployment": run.deployment,
        "graph": workflow.graph_hash[:12] if workflow is not None else "",
        "code": workflow.spec if workflow is not None else "",
        "interpreter": str(workflow.project.get("interpreter", "")) if workflow is not None else "",
        **{name: detail.raw.get(key) for name, key in _OF_PREFECT.items()},
        "started by": run.created_by,
        "tags": ", ".join(sorted(run.tags)),
        "pool": run.pool,
        "priority": run.priority if run.engine != "prefect" else "",
        "tries": run.attempts or "",
        "recovered": run.recoveries or "",
    }
    config = detail.config.get("job_variables", detail.config)
    found.update((f"config {key}", value) for key, value in config.items() if key != "job_variables")
    texts = {name: _text(value) for name, value in found.items()}
    return {name: text for name, text in texts.items() if text}


def _text(value: Json) -> str:
    if value in (None, "", [], {}):
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return clean_line(text, _LONGEST)
