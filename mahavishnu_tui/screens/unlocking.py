"""`Unlocking`: an app in which a production context only looks until its name is typed."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import AwaitMount, Widget
from textual.worker import NoActiveWorker, get_current_worker

from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.base import OperatorScreen
from mahavishnu_tui.screens.session import Session, Taste
from mahavishnu_tui.screens.typeahead import TypeAhead

TOUCHES = (events.Key, events.Paste, events.MouseDown)
"""What an operator does who is there."""


class Unlocking(TypeAhead):
    """`:unlock`, `:lock`, and the lock that falls by itself."""

    session: Session

    def listen(self) -> None:
        """Follow the server of the session, and no other any longer."""
        raise NotImplementedError

    def follow_taste(self, before: Taste) -> None:
        """Look, and take keys, as the settings of another context say."""
        raise NotImplementedError

    def push_screen(
        self,
        screen: Any,
        callback: Any = None,
        wait_for_dismiss: bool = False,
        *,
        mode: str | None = None,
    ) -> Any:
        """Open a screen; not one that a reply opens whose context has been left meanwhile."""
        where = _where_from()
        if getattr(where, "session", self.session) is not self.session:
            return AwaitMount(self.screen, [])
        return super().push_screen(screen, callback, wait_for_dismiss, mode=mode)  # type: ignore[call-overload]

    def __init__(self) -> None:
        super().__init__()
        self._lock_timer: Timer | None = None

    async def on_event(self, event: events.Event) -> None:
        """Note that somebody is there."""
        guard = self.session.guard
        # Seen before the key acts: timers stand still while a machine sleeps.
        if guard.unlocked and isinstance(event, TOUCHES) and not self._lock_when_due():
            guard.touch()
        await super().on_event(event)

    def action_unlock(self) -> None:
        """Ask for the name of a production context; once it is typed, what acts is bound."""
        guard, name = self.session.guard, clean_line(self.session.context.name, 64)
        if not guard.context.production and not guard.held:
            self.say(f"{name} is no production context: nothing is locked.")
        elif guard.held:
            self.say(f"Nothing unlocks {name}: {guard.held}.", "warning")
        elif guard.unlocked:
            self.say(f"{name} is unlocked; :lock locks it.")
        else:
            self._ask_name(name)

    def _ask_name(self, name: str) -> None:
        from mahavishnu_tui.screens.asking import AskScreen

        session, minutes = self.session, self.session.context.unlock_minutes
        until = f"for {minutes:g} minutes without a key" if minutes else "until :lock"
        facts = [
            clean_line(session.context.description, 200),
            f"What acts on it is bound then, {until}. Other contexts are not touched by it.",
            f"Type {name} to unlock it:",
        ]

        def problem(text: str) -> str:
            return "" if text == name else f"Type {name} to unlock it; esc goes back."

        def decided(text: str | None) -> None:
            if text and session is self.session:
                session.guard.unlock()
                self._plan_lock()
                self.show_guard()
                self.say(f"{name} is unlocked: keys act on production now. :lock locks it.", "warning")

        asked = AskScreen(f"Unlock the production context {name}?", list(filter(None, facts)), problem)
        self.push_screen(asked, decided)

    def action_lock(self) -> None:
        """Only look again."""
        guard = self.session.guard
        if guard.lock():
            self.show_guard()
            self.say(f"{clean_line(guard.context.name, 64)} is locked.", "success")
        elif not guard.context.production:
            self.say(f"{clean_line(guard.context.name, 64)} is no production context: it has no lock.")
        else:
            self.say(f"{clean_line(guard.context.name, 64)} is locked; :unlock unlocks it.")

    def _plan_lock(self) -> None:
        """Look at the lock when it may be due; no key costs more than a look at the clock."""
        if self._lock_timer is not None:
            self._lock_timer.stop()
            self._lock_timer = None
        left = self.session.guard.locks_in()
        if left is not None:
            self._lock_timer = self.set_timer(max(left, 0.05), self._look_at_lock)

    def _look_at_lock(self) -> None:
        if not self._lock_when_due():
            self._plan_lock()

    def _lock_when_due(self) -> bool:
        left = self.session.guard.locks_in()
        if left is None or left > 0:
            return False
        guard = self.session.guard
        guard.lock(lapsed=True)
        self.show_guard()
        minutes = f"{guard.context.unlock_minutes:g}"
        self.say(
            f"{clean_line(guard.context.name, 64)} is locked: {minutes} minutes without a key.", "warning"
        )
        return True

    def show_guard(self) -> None:
        """Header, hints and menus follow the lock."""
        for screen in self.screen_stack:
            if isinstance(screen, OperatorScreen):
                screen.show_header()
            screen.refresh_bindings()


def _where_from() -> Screen[Any] | None:
    """The screen whose background work this is; None where it is nobody's."""
    try:
        worker = get_current_worker()
    except NoActiveWorker:
        return None
    node = worker.node
    # What a worker has opened is still said to be its work once it has ended.
    if worker.is_finished or not isinstance(node, Widget) or not node.is_attached:
        return None
    return node.screen
