"""What `/` finds in a run: the same in the dashboard, in commands, and on the server, which has them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mahavishnu_tui.models.filtering import several
from mahavishnu_tui.models.graph import path_title
from mahavishnu_tui.models.run import FINISHED, STALE, Run
from mahavishnu_tui.models.text import clean_line

RUN_ATTRIBUTES: Final = frozenset(
    {"state", "run", "workflow", "where", "thread", "tag", "by", "engine", "deployment", "pool"}
)
CARRIER: Final = "mahavishnu-workflow"
"""The flow by which Prefect starts workflows; each of its deployments has the name of one."""
RUN_WORDS: Final[Mapping[str, str]] = {"interrupted": "waiting", "success": "done", "error": "failed"}
"""The words of states for people, where they are not those of the record."""


def flow_name(run: Run) -> str:
    """The workflow; with the deployment where that is another name; of what only carries one, that one."""
    if run.workflow == CARRIER:
        return run.deployment or run.workflow
    own = run.deployment and run.deployment != run.workflow
    return f"{run.workflow}/{run.deployment}" if own else run.workflow


def where(run: Run) -> str:
    """Where a run is, stopped or failed, in a few words."""
    if run.status == "error" and run.error:
        return clean_line(path_title(str(run.error.get("node") or run.error.get("code") or "")), 60)
    if run.note.startswith(STALE):
        place = ", ".join(clean_line(node, 40) for node in run.where)
        return f"{STALE} {place}".strip()
    if run.where:
        counts: dict[str, int] = {}
        for node in run.where:
            counts[node] = counts.get(node, 0) + 1
        return ", ".join(
            clean_line(path_title(node), 40)
            + (f" ×{count}" if count > 1 else "")
            + (f" {clean_line(run.progress[node], 20)}" if node in run.progress else "")
            for node, count in counts.items()
        )
    return clean_line(run.note, 60) if run.status not in FINISHED else ""


def run_attributes(run: Run, now: float) -> Mapping[str, str]:
    """What can be searched in a run."""
    states = RUN_WORDS.get(run.status, run.status), run.status, run.state
    place = where(run)
    flow = f"{run.workflow}/{run.deployment}" if run.deployment else run.workflow
    text = " ".join((*states, run.name, flow, place, run.id, run.thread_id, run.twin, run.note, *run.tags))
    return {
        "text": text,
        "state": several(*states),
        "run": several(run.name, run.id, run.twin),
        "workflow": several(flow, run.workflow),
        "where": several(place, *run.where),
        "thread": run.thread_id,
        "tag": several(*run.tags),
        "by": run.created_by,
        "engine": run.engine,
        "deployment": run.deployment,
        "pool": run.pool,
        "age": str(now - run.created_at),
    }
