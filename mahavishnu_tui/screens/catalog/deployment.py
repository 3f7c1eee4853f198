"""`DeploymentScreen`: a deployment in full: parameters, versions, schedules, recent runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from mahavishnu_tui.client.mirror import Change
from mahavishnu_tui.models import Run, Schedule
from mahavishnu_tui.models.deployment import Deployment
from mahavishnu_tui.models.text import clean, clean_line
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.catalog.deployments import launch
from mahavishnu_tui.screens.catalog_rows import deployment_mark, schedule_mark
from mahavishnu_tui.screens.document import DocumentScreen
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.screens.times import Times
from mahavishnu_tui.widgets.form.field import Missing
from mahavishnu_tui.widgets.form.reading import fields
from mahavishnu_tui.widgets.status import duration, run_mark, until

RUNS = 10
"""Recent runs that are listed."""


class DeploymentScreen(DocumentScreen):
    """What is known at once; versions and schedules once the server has told them."""

    CSS_PATH = "../document.tcss"
    WRITES: ClassVar[frozenset[str]] = frozenset({"launch", "schedule"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "launch", "Launch", id="deployment.launch"),
        Binding("s", "schedule", "Schedule", id="deployment.schedule"),
    ]

    def __init__(self, session: Session, deployment: Deployment) -> None:
        self._deployment = deployment
        self._versions: list[dict[str, Any]] | None = None
        self._schedules: list[Schedule] = []
        super().__init__(session, f"{deployment.title} · deployment", text="")

    def on_mount(self) -> None:
        """Ask for what is not known."""
        super().on_mount()
        self._show()
        in_background(self, self._load, "deployment")

    def note_changes(self, changes: frozenset[Change]) -> None:
        """It has changed, or its schedules have."""
        if changes & {("catalog", "deployments"), ("catalog", "schedules")}:
            in_background(self, self._load, "deployment", exclusive=True)

    async def _load(self) -> None:
        client = self.session.client
        try:
            self._deployment = await client.deployment(self._deployment.id)
            self._schedules = [
                item for item in await client.schedules() if item.deployment_id == self._deployment.id
            ]
            self._versions = await client.deployment_versions(self._deployment.id)
        except Exception as error:  # said in the row, kept in :errors; what is known is shown
            self.flash_error(error)
        self._show()

    def _show(self) -> None:
        times = self.session.times.still
        now = times.now
        lines = [
            *_facts(self._deployment, times),
            *_parameters(self._deployment),
            *_schedules(self._schedules, now, self.session.ascii),
            *_runs(self._recent(), times, self.session.ascii),
            *_versions(self._versions, times),
        ]
        self.show_text("\n".join(lines))

    def _recent(self) -> list[Run]:
        own = [run for run in self.session.mirror.runs.values() if run.deployment_id == self._deployment.id]
        begun = [run for run in own if run.status != "scheduled"]
        return sorted(begun, key=lambda run: -run.created_at)[:RUNS]

    def action_launch(self) -> None:
        """Start a run of it."""
        launch(self, self._deployment)

    def action_schedule(self) -> None:
        """Make a schedule for it."""
        from mahavishnu_tui.screens.schedules.acts import create

        create(self, self._deployment.id)


def _facts(item: Deployment, times: Times) -> list[str]:
    mark = deployment_mark(item)
    facts = {
        "flow": item.flow,
        "state": mark.word
        + ("" if item.ready or item.paused else ": no worker has asked for its runs lately"),
        "starts": f"workflow {item.workflow} on this server" if item.workflow else item.entrypoint,
        "in": item.path,
        "work pool": f"{item.pool}/{item.queue}" if item.queue else item.pool or "none: it is served",
        "limit": f"{item.limit} runs at a time" if item.limit else "",
        "tags": ", ".join(item.tags),
        "job variables": json.dumps(item.job_variables, ensure_ascii=False) if item.job_variables else "",
        "version": item.version,
        "changed": times.whole(item.updated_at) if item.updated_at else "",
        "made by": item.created_by,
        "id": item.id,
    }
    lines = [f"{name:<14} {clean_line(value, 400)}" for name, value in facts.items() if value]
    about = clean(item.description).strip().splitlines()
    return [*about, *([""] if about else []), *lines]


def _parameters(item: Deployment) -> list[str]:
    """Name, type, default and meaning of each parameter, as its schema has them."""
    lines = ["", "PARAMETERS" + ("" if item.enforce_schema else " (not checked)"), ""]
    known = [field for field in fields(item.schema or {}) if len(field.path) == 1]
    for field in known:
        value = item.parameters.get(field.label, field.default)
        default = "required" if field.required else ""
        if not isinstance(value, Missing):
            default = f"= {json.dumps(value, ensure_ascii=False, default=str)}"
        kind = field.format or " or ".join(field.types) or ("object" if field.kind == "group" else "any")
        about = field.description.partition("\n")[0]
        lines.append(clean_line(f"  {field.label:<20} {kind:<10} {default}  {about}", 300).rstrip())
    others = {name: value for name, value in item.parameters.items() if name not in {f.label for f in known}}
    lines += [clean_line(f"  {name:<20} = {json.dumps(value)}", 300) for name, value in others.items()]
    return lines if len(lines) > 3 else [*lines, "  none"]


def _schedules(found: Sequence[Schedule], now: float, ascii_only: bool) -> list[str]:
    lines = ["", "SCHEDULES", ""]
    for item in found:
        mark = schedule_mark(item)
        coming = until(item.next_at - now) if item.runs and item.next_at and item.next_at > now else ""
        coming = f"~{coming}" if coming and item.estimated else coming
        line = f"  {mark.label(ascii_only):<14} {item.rule:<20} {item.timezone:<16} {coming}"
        lines.append(clean_line(line, 200).rstrip())
    return lines if found else [*lines, "  none"]


def _runs(found: Sequence[Run], times: Times, ascii_only: bool) -> list[str]:
    lines = ["", "RECENT RUNS", ""]
    for run in found:
        mark = run_mark(run.status, run.state)
        took = duration(run.ended_at - run.started_at) if run.ended_at and run.started_at else ""
        began = times.soon(run.started_at or run.created_at)
        line = f"  {mark.label(ascii_only):<14} {run.name:<20} {began:<12} {took}"
        lines.append(clean_line(line, 200).rstrip())
    return lines if found else [*lines, "  none that is known here"]


def _versions(found: Sequence[dict[str, Any]] | None, times: Times) -> list[str]:
    lines = ["", "VERSIONS", ""]
    if found is None:
        return [*lines, "  loading …"]
    for item in found:
        now = " (current)" if item.get("current") else ""
        at = times.whole(item.get("at"))
        parts = [f"{item.get('version') or '?'}{now}", at, item.get("by"), item.get("entrypoint")]
        lines.append(clean_line(f"  {'  '.join(str(part) for part in parts if part)}", 200))
    return lines if found else [*lines, "  its server keeps none"]
