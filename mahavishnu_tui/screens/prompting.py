"""`Prompting`: the `:` commands and the `/` filters of a screen that has panes."""

from __future__ import annotations

from typing import ClassVar, cast

from textual import on
from textual.binding import Binding, BindingType

from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.screens.commands import Spoken, parse_command
from mahavishnu_tui.screens.panes.pane import Pane
from mahavishnu_tui.screens.prompt import Prompt, PromptKind
from mahavishnu_tui.screens.run_acts import RunActs
from mahavishnu_tui.screens.session import Session

HERE = ("logs", "workflows", "pane")
"""Actions that the dashboard does itself; the others are the application's."""
STATES = ("running", "waiting", "failed", "queued", "paused", "done", "cancelled")


class Prompting(RunActs):
    """A screen with a prompt over its message row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "prompt('/')", "Filter", id="prompt.filter"),
        Binding("colon", "prompt(':')", "Command", id="prompt.command"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.prompt = Prompt(self._candidates)

    @property
    def active_pane(self) -> Pane:
        """The pane that is filtered."""
        raise NotImplementedError

    def action_pane(self, name: str) -> None:
        """Go to a pane."""
        raise NotImplementedError

    def show_titles(self) -> None:
        """The counts changed."""
        raise NotImplementedError

    def action_prompt(self, kind: str) -> None:
        """Type a command or a filter."""
        if kind == "/" and not self.active_pane.ATTRIBUTES:
            self.flash("This pane has nothing to filter.", "warning")
            return
        self.add_class("-prompting")
        self.prompt.open(cast(PromptKind, kind), self.active_pane.filter.text if kind == "/" else "")

    def _leave_prompt(self) -> None:
        self.remove_class("-prompting")
        self.prompt.close()
        self.active_pane.target.focus()

    @on(Prompt.Typed)
    async def _typed(self, event: Prompt.Typed) -> None:
        event.stop()
        if event.done or event.left:
            self._leave_prompt()
        if event.kind == "/":
            self.filter_pane("" if event.left else event.text, say=event.done)
        elif event.done and event.text.strip():
            await self._command(event.text)

    def filter_pane(self, text: str, say: bool = True) -> None:
        """Filter the active pane; a text that makes no sense (yet) leaves the last good one."""
        try:
            self.active_pane.set_filter(text)
        except MahavishnuError as error:
            if say:
                self.flash_error(error)
            return
        self.show_titles()

    async def _command(self, line: str) -> None:
        try:
            spoken = parse_command(line)
        except MahavishnuError as error:
            self.flash_error(error)
            return
        action = spoken.command.action
        if spoken.argument and self._with_argument(spoken):
            return
        here = action.partition("(")[0] in HERE
        await self.run_action(action if here else f"app.{action}")

    def _with_argument(self, spoken: Spoken) -> bool:
        """Commands that take an argument; False when this one does not."""
        word = spoken.argument
        if spoken.command.name == "logs":
            self.open_logs(word if word == "server" or word.startswith("host:") else f"host:{word}")
        elif spoken.command.name == "runs":
            self.action_pane("runs")
            self.filter_pane(word)
        else:
            return False
        return True

    def _candidates(self, command: str) -> list[str]:
        if command.startswith("log"):
            return ["server", *(f"host:{host}" for host in self.session.mirror.hosts)]
        return [f"state:{word}" for word in STATES] if command == "runs" else []

    def action_workflows(self) -> None:
        """The workflows are shown where they can be launched."""
        self.action_launch()
