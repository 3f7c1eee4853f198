"""`Guard`: whether a dashboard may change anything in its context, or only looks."""

from __future__ import annotations

from collections.abc import Callable

from mahavishnu_tui.models.context import Context


class Guard:
    """The lock of a production context, and what nothing unlocks.

    It guards against slips of the operator. It is no access control: the server knows nothing of it.

    Args:
        readonly: whether the command line says `--readonly`.
        now: the clock.
    """

    def __init__(self, readonly: bool, now: Callable[[], float]) -> None:
        self._readonly = readonly
        self._now = now
        self.context = Context()
        self.unlocked = False
        self.lapsed = False
        """Whether it has locked by itself."""
        self._touched = 0.0

    @property
    def held(self) -> str:
        """Why nothing can ever be changed from here; empty where it can, or could be unlocked."""
        if self._readonly:
            return "this dashboard was opened with --readonly"
        return f"the settings call {self.context.name} readonly" if self.context.readonly else ""

    @property
    def locked(self) -> bool:
        """Whether this is a production context that nobody has unlocked."""
        return self.context.production and not self.unlocked

    @property
    def readonly(self) -> bool:
        """Whether this dashboard only looks."""
        return self._readonly or self.context.readonly or self.locked

    def unlock(self) -> None:
        """Let a production context be changed, until `lock` or too long a pause."""
        self.unlocked = True
        self.touch()

    def lock(self, lapsed: bool = False) -> bool:
        """Only look again, since nobody was there where it is `lapsed`; whether that is a change."""
        was, self.unlocked, self.lapsed = self.unlocked, False, lapsed
        return was

    def touch(self) -> None:
        """The operator is there."""
        self._touched = self._now()

    def locks_in(self) -> float | None:
        """Seconds until this locks by itself, if nothing is touched; None where it never does."""
        if not self.unlocked or not self.context.unlock_minutes:
            return None
        return self.context.unlock_minutes * 60 - (self._now() - self._touched)
