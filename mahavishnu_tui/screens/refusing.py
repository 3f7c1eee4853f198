"""`Refusing`: on a dashboard that only looks, a key that would act says why it does not."""

from __future__ import annotations

from typing import Final

from textual import events
from textual.binding import Binding

from mahavishnu_tui.screens.base import OperatorScreen

DANGEROUS: Final = frozenset(
    {"answer", "launch", "pause", "retry", "cancel", "again", "priority", "delete", "cure", "bulk", "claim"}
)
"""Actions that a read-only dashboard does not bind."""


class Refusing(OperatorScreen):
    """An operator screen with keys that act."""

    @property
    def why_not(self) -> str:
        """Why nothing can be changed from here."""
        return f"this dashboard is {'locked (:unlock)' if self.session.guard.locked else 'read-only'}"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Read-only leaves dangerous keys unbound."""
        if self.session.readonly and action in DANGEROUS:
            return False
        return super().check_action(action, parameters)

    def on_key(self, event: events.Key) -> None:
        """A key that is unbound and would act else is not simply dead; what is said already stays."""
        unbound = self.session.readonly and event.key not in self.active_bindings
        if unbound and event.key in self._acting() and not self.flash_row.message:
            self.flash(f"Keys that act are off: {self.why_not}.", "warning")

    def _acting(self) -> set[str]:
        found = (item for owner in type(self).__mro__ for item in vars(owner).get("BINDINGS", ()))
        bound = [item for item in found if isinstance(item, Binding) and item.action in DANGEROUS]
        keys = (self.app._keymap.get(item.id or "", item.key) for item in bound)
        return {key.strip() for several in keys for key in several.split(",")}
