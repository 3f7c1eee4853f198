"""`RulePreview`: when a rule would start runs, while it is typed."""

from __future__ import annotations

import functools

from textual.timer import Timer
from textual.widgets import Static

from mahavishnu_tui.models.schedule import SchedulePreview, ScheduleRule
from mahavishnu_tui.models.text import clean, clean_line
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.schedules.rules import written
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.status import until

SETTLE = 0.4
"""Seconds that a rule is left alone before its starts are asked for."""
STARTS = 4


class RulePreview(Static):
    """Asks the server a moment after the rule was typed; an older question is dropped for a newer one."""

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id, markup=False)
        self._session = session
        self._timer: Timer | None = None

    def say(self, text: str, severity: str = "") -> None:
        """Show a sentence, and ask nothing."""
        self._stop()
        self._show(text, severity)

    def look(self, rule: ScheduleRule, deployment_id: str) -> None:
        """Show the starts of a rule, and what it would collide with."""
        self._stop()
        ask = functools.partial(self._ask, rule, deployment_id)
        self._timer = self.set_timer(SETTLE, lambda: in_background(self, ask, "preview", exclusive=True))

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self.workers.cancel_group(self, "preview")

    async def _ask(self, rule: ScheduleRule, deployment_id: str) -> None:
        self._show("reckoning its starts …")
        try:
            found = await self._session.client.preview_schedule(
                rule, count=STARTS, deployment_id=deployment_id
            )
        except Exception as error:  # shown here: a rule that makes no sense is no accident
            self._show(str(error), "error")
        else:
            self._show(self._starts(found, rule), "warning" if found.conflicts else "")

    def _show(self, text: str, severity: str = "") -> None:
        self.set_classes(f"-{severity}" if severity else "")
        self.update(clean(text))

    def _starts(self, found: SchedulePreview, rule: ScheduleRule) -> str:
        now = self._session.now()
        dates = [f"{written(at, rule.timezone)}  {until(at - now)}" for at in found.dates[:STARTS]]
        head = f"starts ({'exact' if found.exact else 'an estimate'})  "
        lines = [head + (dates[0] if dates else "never")]
        lines += [" " * len(head) + line for line in dates[1:]]
        lines += [clean_line(found.note, 200)] if found.note else []
        return "\n".join([*lines, *(f"CONFLICT {clean_line(text, 200)}" for text in found.conflicts)])
