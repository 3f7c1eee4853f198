"""`Refusing`: on a dashboard that only looks, a key that would act says why it does not."""

from __future__ import annotations

import functools
from typing import ClassVar

from textual import events

from mahavishnu_tui.screens.base import OperatorScreen
from mahavishnu_tui.screens.hints import key_text


@functools.cache
def writes(owner: type) -> frozenset[str]:
    """Actions of a screen or pane that a read-only dashboard does not bind: the `WRITES` of its classes."""
    return frozenset().union(*(vars(part).get("WRITES", ()) for part in owner.__mro__))


class Refusing(OperatorScreen):
    """An operator screen with keys that act."""

    WRITES: ClassVar[frozenset[str]] = frozenset()
    """The actions of this class that change something."""

    @property
    def why_not(self) -> str:
        """Why nothing can be changed from here."""
        guard = self.session.guard
        if not guard.locked:
            return "this dashboard is read-only"
        since = f" after {guard.context.unlock_minutes:g} minutes without a key" if guard.lapsed else ""
        return f"locked{since} (:unlock)"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Read-only leaves unbound what acts."""
        if self.session.readonly and action in writes(type(self)):
            return False
        return super().check_action(action, parameters)

    def on_key(self, event: events.Key) -> None:
        """A key that is unbound here and acts elsewhere is not simply dead."""
        deed = self._act_of(event.key) if event.key not in self.active_bindings else ""
        if deed and self.session.readonly:
            self.flash(f"Keys that act are off: {self.why_not}.", "warning")
        elif deed:
            self.flash(f"{key_text(event.key)} ({deed}) does nothing here.", "warning")

    def _act_of(self, key: str) -> str:
        """What a key that acts is described by; empty for any other."""
        for node, bindings in self._modal_binding_chain:
            for binding in bindings.key_to_bindings.get(key, ()):
                if binding.action.partition("(")[0] in writes(type(node)):
                    return binding.description.lower()
        return ""
