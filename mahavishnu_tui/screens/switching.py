"""`Switcher`: from one context to another. Each has a session, a dashboard and a client of its own.

What belongs to one context ends in that one: a reply goes to the session that asked, a result is said with
its context's name, and a dialog that a late reply would open is not opened (`Unlocking.push_screen`).
"""

from __future__ import annotations

import dataclasses
import functools

from textual.screen import ModalScreen, Screen
from textual.widgets import Input, TextArea

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.context import Context
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.dashboard import Dashboard
from mahavishnu_tui.screens.session import DashboardOptions, Session
from mahavishnu_tui.screens.unlocking import Unlocking

BACK = "-"
"""In place of a name: the context before this one."""
_KEPT = ("ui.", "contexts.")
"""Settings of the command line that go along; all others are about the context that was opened with them."""


class Switcher:
    """The contexts that were visited, as they were left.

    Args:
        app: the app; its session is the first of them.
    """

    def __init__(self, app: Unlocking) -> None:
        self._app = app
        self.sessions: dict[str, Session] = {app.session.options.context: app.session}
        self._modes: dict[str, str] = {app.session.options.context: app.current_mode}
        self._last = ""
        # Textual leads back to modes that are declared; the one that it begins with is not.
        first = app.session
        app._modes.setdefault(app.current_mode, lambda: Dashboard(first))

    def go(self, name: str) -> None:
        """Switch, if there is such a context and nothing is lost by it."""
        app = self._app
        here = app.session.options.context
        wanted = self._last if name == BACK else name
        if not wanted:
            app.say("There is no context before this one.")
        elif wanted == here:
            app.say(f"This is the context {clean_line(here, 64)}.")
        elif wanted in self.names():
            self._leave_for(wanted)
        else:
            in_background(app, functools.partial(self._look_for, wanted), "contexts", exclusive=True)

    async def _look_for(self, name: str) -> None:
        """The settings may name it by now."""
        app, here = self._app, self._app.session
        await self.renew()
        if app.session is not here:
            return
        names = self.names()
        if name in names:
            self._leave_for(name)
            return
        message = f"There is no context {clean_line(name, 64)}: {', '.join(names)}."
        unknown = MahavishnuError(ErrorCode.BAD_INPUT, message, "`mahavishnu --context NAME` makes one.")
        app.say(str(app.session.record(unknown)), "error")

    async def renew(self) -> None:
        """Read anew which contexts there are."""
        session = self._app.session
        if session.connection is not None:
            try:
                await session.connection.renew()
            except Exception as error:  # those that were known stay
                self._app.say(str(session.record(error)), "error")

    def _leave_for(self, name: str) -> None:
        if unsaved(self._app.screen_stack):
            self._ask(name)
        else:
            self._switch(name)

    def contexts(self) -> list[Context]:
        """Every context that there is, as it was last heard of."""
        found: dict[str, Context] = {}
        for session in (self._app.session, *self.sessions.values()):
            for context in (*session.contexts, session.context):
                found.setdefault(context.name, context)
        return list(found.values())

    def names(self) -> list[str]:
        """Their names."""
        return [context.name for context in self.contexts()]

    def options(self, name: str) -> DashboardOptions:
        """What the command line says to a context that it did not name."""
        options = self._app.session.options
        flags = tuple(flag for flag in options.settings_flags if flag.startswith(_KEPT))
        return dataclasses.replace(options, context=name, data_dir=None, settings_flags=flags)

    def _ask(self, name: str) -> None:
        from mahavishnu_tui.screens.confirm import ConfirmScreen

        def decided(yes: str | None) -> None:
            if yes:
                self._switch(name)

        facts = ["What is typed into the form that is open would be lost."]
        asked = ConfirmScreen(f"Switch to the context {clean_line(name, 64)}?", facts, "Switch")
        self._app.push_screen(asked, decided)

    def _switch(self, name: str) -> None:
        """Nothing here waits for a server, least of all for the one that is left."""
        app, old = self._app, self._app.session
        new = self.sessions.get(name) or self._begin(name)
        self._last = old.options.context
        relocked = old.guard.lock()
        while len(app.screen_stack) > 1:
            app.pop_screen()
        app.session = new
        old.rest()
        new.clock.slow, new.clock.seen = old.clock.slow, old.clock.seen
        app.switch_mode(self._modes[name])
        app.follow_taste(old.taste)
        app.listen()
        app.show_guard()
        left = f"; {clean_line(self._last, 64)} is locked again" if relocked else ""
        app.say(f"context {clean_line(name, 64)}{left}")

    def _begin(self, name: str) -> Session:
        app, old = self._app, self._app.session
        session = Session(app, self.options(name), old.clock.exact)
        session.commands = old.commands
        # PROD is said before its settings are read.
        session.guard.context = next(item for item in self.contexts() if item.name == name)
        self.sessions[name] = session
        self._modes[name] = f"context {name}"
        app.add_mode(self._modes[name], lambda: Dashboard(session))
        return session


def unsaved(stack: list[Screen[object]]) -> bool:
    """Whether a form is open in which something stands."""
    forms = [screen for screen in stack if isinstance(screen, ModalScreen)]
    return any(
        line.value if isinstance(line, Input) else line.text
        for form in forms
        for line in form.query("*")
        if isinstance(line, Input | TextArea)
    )
