"""What the code of the run says: prints, log records, custom stream events."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from mahavishnu_tui.client.mirror import EVERYTHING, Change
from mahavishnu_tui.models import NodeVisit
from mahavishnu_tui.models.said import LEVELS, SaidLevel, SaidLine, SaidPage
from mahavishnu_tui.models.spans import age
from mahavishnu_tui.models.text import clean_line, counted
from mahavishnu_tui.screens.base import OperatorScreen
from mahavishnu_tui.screens.run.tab import RunTab, RunView
from mahavishnu_tui.widgets.log_view import LogView
from mahavishnu_tui.widgets.status import Tone

PAGE = 5000
WINDOWS = (0, 60, 300, 900, 3600)
"""Seconds; 0 is all of it."""
KEPT = 200_000
"""Lines in the view; a run's own limit is reached before."""
_TONES: dict[str, Tone] = {"critical": "error", "error": "error", "warning": "warning", "debug": "muted"}


class LogsTab(RunTab):
    """A tail of it that follows while the run goes on."""

    NAME: ClassVar[str] = "logs"
    TITLE: ClassVar[str] = "Logs"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("L", "level", "Level", id="said.level"),
        Binding("v", "visit(1)", "Visit", key_display="v V", id="said.visit"),
        Binding("V", "visit(-1)", "Visit before", show=False, id="said.visit_before"),
        Binding("W", "window", "Time window", show=False, id="said.window"),
        Binding("T", "times", "Times", show=False, id="said.times"),
        Binding("s,ctrl+s", "save", "Save", id="said.save"),
        Binding("H", "screen.host_log", "Host log", show=False, id="said.host"),
    ]

    def __init__(self, view: RunView) -> None:
        self.log_view = LogView(max_lines=KEPT, id="said")
        super().__init__(view, self.log_view)
        self.least: SaidLevel = "debug"
        self.visit: int | None = None
        """The visit that is heard alone."""
        self.window = 0
        """Only what was said in so many seconds before now, or before the run's end; 0: everything."""
        self.times = True
        self._form = self.session.time_form
        self._last = 0
        self._again = True
        """There may be more than what is shown."""
        self._asked = 0
        """Counts what was asked for: an answer to an older wish is dropped."""
        self._lines = 0

    def hints(self, action: str) -> bool:
        """Without lines there is nothing to save."""
        return action != "save" or not self.log_view.empty

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self.log_view.clear("loading …")

    def note(self, changes: frozenset[Change], visits: list[NodeVisit]) -> None:
        """After a break there may be lines of which nobody told."""
        if EVERYTHING in changes:
            self._again = True

    def forget(self) -> None:
        """The server is back."""
        self._again = True

    def draw(self) -> None:
        """Ask for what has been said since; for all of it where times are told in another way now."""
        if self.times and self._form != self.session.time_form:
            self._anew()
            return
        known = self.view.following.now
        if (known.loaded or known.error) and (self._again or self._told > self._last):
            self.ask(self._load)

    @property
    def _told(self) -> int:
        return self.session.mirror.said.get(self.view.run_id, 0)

    async def _load(self) -> None:
        while True:
            asked, before = self._asked, self._last
            page = await self.session.client.said(
                self.view.run_id, after=before, limit=PAGE, visit=self.visit, level=self.least
            )
            if asked != self._asked:
                continue  # another level or visit is wanted by now
            self._again = False
            self._take(page)
            if not page.more and (self._told <= self._last or self._last == before):
                return
            await asyncio.sleep(0)  # a key may come first

    def _take(self, page: SaidPage) -> None:
        texts, tones = list[str](), list[Tone]()
        at = self._last
        whole = self.visit is None and self.least == "debug" and not self.window
        lines = [line for line in page.lines if line.at >= self._since()]
        if page.dropped and not whole:
            texts.append(_gap(page.dropped))
            tones.append("muted")
        for line in lines:
            if whole and line.number > at + 1:
                texts.append(_gap(line.number - at - 1))
                tones.append("muted")
            at = line.number
            texts.append(self._text(line))
            tones.append("accent" if line.stream == "custom" else _TONES.get(line.level, ""))
        self._last, self._lines = page.last, self._lines + len(lines)
        if texts:
            self.log_view.write_lines(texts, tones)
        if not self._lines:
            self.log_view.clear(self._nothing())
        self._say_rest()

    def _since(self) -> float:
        """The beginning of the time window."""
        if not self.window:
            return 0.0
        run = self.view.run
        ended = run.ended_at if run is not None else None
        return (ended or self.session.now()) - self.window

    @on(LogView.FollowChanged)
    def _say_rest(self) -> None:
        screen = self.screen
        if self.display and isinstance(screen, OperatorScreen):
            screen.flash_row.set_rest(self.rest())

    def _text(self, line: SaidLine) -> str:
        run = self.view.run
        began = run.started_at if run is not None else None
        clock = f"{self.session.times.line(line.at, began)} " if self.times else ""
        who = f"{self._visit_name(line.visit)} " if self.visit is None else ""
        level = f"{line.level.upper()} {clean_line(line.logger, 60)}: " if line.stream == "log" else ""
        return f"{clock}{who}{level}{line.text}"

    def _visit_name(self, number: int) -> str:
        if not number:
            return "run│"
        visit = self.session.mirror.visits.get(self.view.run_id, {}).get(number)
        return f"{clean_line(visit.path, 24) if visit is not None else ''}#{number}│"

    def _nothing(self) -> str:
        if self.window:
            return f"Nothing was said in the last {age(self.window)}: W shows other times."
        if self.visit is not None or self.least != "debug":
            return "Nothing of that kind was said: v shows all visits, L all levels."
        server = self.session.server_of(self.view.run)
        if server:
            return f"LangGraph server {clean_line(server)} does not tell what code prints; its log has it."
        return "The code of this run has printed and logged nothing."

    def only(self, visit: int | None) -> None:
        """Hear one visit alone, or all."""
        self.visit = visit
        self._anew()

    def _anew(self) -> None:
        """Read all of it again, in another way."""
        self._asked += 1
        self._form = self.session.time_form
        self._last = self._lines = 0
        self._again = True
        self.log_view.clear("loading …")
        self.log_view.follow = True
        self.draw()
        self._say_rest()

    def action_level(self) -> None:
        """The next level: everything, info, warnings, errors, and everything again."""
        self.least = LEVELS[(LEVELS.index(self.least) + 1) % (len(LEVELS) - 1)]
        self._anew()

    def action_window(self) -> None:
        """The last minute, five, fifteen, the last hour, and everything again."""
        self.window = WINDOWS[(WINDOWS.index(self.window) + 1) % len(WINDOWS)]
        self._anew()

    def action_visit(self, by: int) -> None:
        """The next or previous visit alone; after the last one, all of them."""
        wheel: Sequence[int | None] = [None, *(visit.number for visit in self.view.visits())]
        at = wheel.index(self.visit) if self.visit in wheel else 0
        self.only(wheel[(at + by) % len(wheel)])

    def action_times(self) -> None:
        """Show the time of each line, or not."""
        self.times = not self.times
        self._anew()

    def action_save(self) -> None:
        """Write what is shown to a file of the operator's own."""
        screen = self.screen
        assert isinstance(screen, OperatorScreen)
        if self._busy:
            screen.flash("Not all of it is here yet: press s again in a moment.", "warning")
        elif not self._lines:
            screen.flash("There is nothing here to save.", "warning")
        else:
            screen.save(self.log_view.text() + "\n")

    def rest(self) -> str:
        """How much, and of what."""
        parts = [counted(self._lines, "line")]
        if self.visit is not None:
            parts.append(f"of {self._visit_name(self.visit).rstrip('│')}")
        if self.least != "debug":
            parts.append(f"{self.least} and worse")
        if self.window:
            parts.append(f"the last {age(self.window)}")
        return " · ".join(filter(None, (*parts, self.log_view.follow_said)))

    def failed(self, sentence: str) -> None:
        """In place of the text, unless some of it is there."""
        self._again = True
        if not self._lines:
            self.log_view.clear(sentence)

    def copied_text(self) -> str:
        """What is shown."""
        return self.log_view.text()


def _gap(count: int) -> str:
    return f"… {count:,} lines dropped: the run said more than it may keep"
