"""`ScheduleDetails`: a schedule in full, with its next starts."""

from __future__ import annotations

import json

from mahavishnu_tui.models import Schedule
from mahavishnu_tui.models.schedule import SchedulePreview, ScheduleRule
from mahavishnu_tui.models.text import clean_line, counted
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.document import DocumentScreen
from mahavishnu_tui.screens.schedules.rules import written
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.status import age, until

STARTS = 20


class ScheduleDetails(DocumentScreen):
    """What is known at once; the starts once the server has reckoned them."""

    CSS_PATH = "../document.tcss"

    def __init__(self, session: Session, schedule: Schedule) -> None:
        super().__init__(
            session,
            f"{schedule.name} · schedule",
            text="\n".join(detail_lines(schedule, None, session.now())),
        )
        self._schedule = schedule

    def on_mount(self) -> None:
        """Ask for the next starts."""
        super().on_mount()
        in_background(self, self._preview, "preview")

    async def _preview(self) -> None:
        schedule = self._schedule
        if not schedule.spec:
            return
        rule = ScheduleRule.from_json(schedule.spec)
        try:
            found = await self.session.client.preview_schedule(
                rule, count=STARTS, deployment_id=schedule.deployment_id
            )
        except Exception as error:  # said in the row, kept in :errors; the rest is shown
            self.flash_error(error)
        else:
            self.show_text("\n".join(detail_lines(schedule, found, self.session.now())))


def detail_lines(schedule: Schedule, preview: SchedulePreview | None, now: float) -> list[str]:
    """What a schedule is, in lines."""
    state = "active" if schedule.active else "paused"
    if schedule.deployment_paused:
        state += ", and its deployment is paused: nothing starts"
    facts = {
        "of": schedule.name,
        "rule": f"{schedule.rule}",
        "time zone": schedule.timezone,
        "state": state,
        "slug": schedule.slug,
        "workflow": schedule.workflow,
        "parameters": json.dumps(schedule.parameters, ensure_ascii=False) if schedule.parameters else "",
        "note": schedule.note,
    }
    if schedule.late:
        since = f", the first for {age(now - schedule.late_since)}" if schedule.late_since else ""
        facts["late"] = f"{counted(schedule.late, 'run')} that nobody takes{since}: x skips them"
    facts["schedule id"], facts["deployment id"] = schedule.schedule_id, schedule.deployment_id
    lines = [f"{name:<14} {clean_line(value, 400)}" for name, value in facts.items() if value]
    dates, how = schedule.coming, "made by Prefect already"
    if schedule.estimated and schedule.next_at is not None:
        dates, how = [schedule.next_at], "an estimate"
    if preview is not None:
        dates, how = preview.dates, "exact, as the server reckons" if preview.exact else "an estimate"
    lines += ["", f"NEXT STARTS ({how})", ""]
    lines += [f"  {written(at, schedule.timezone)}  {until(at - now)}" for at in dates] or ["  none"]
    if preview is not None:
        lines += ["", *([clean_line(preview.note, 300)] if preview.note else [])]
        lines += [f"CONFLICT {clean_line(text, 300)}" for text in preview.conflicts]
    return lines
