"""`MarkedRuns`: one act on all runs that are marked."""

from __future__ import annotations

from typing import ClassVar

from mahavishnu_tui.models import Run
from mahavishnu_tui.screens.refusing import Refusing


class MarkedRuns(Refusing):
    """An operator screen on which runs may be marked."""

    WRITES: ClassVar[frozenset[str]] = frozenset({"bulk"})

    @property
    def marked_runs(self) -> list[Run]:
        """The runs that are marked, where they can be."""
        return []

    @property
    def hidden_marks(self) -> frozenset[str]:
        """The ids of those that a filter hides."""
        return frozenset()

    @property
    def left_out(self) -> str:
        """Which of those that are marked could not be had, and why; empty where none is missing."""
        return ""

    def action_unmark(self) -> None:
        """Take all marks away."""

    def bulk_of(self, *acts: str) -> None:
        """The first of these acts that can be done to any of the marked runs."""
        from mahavishnu_tui.screens.bulk import BULK_ACTS

        for act in acts:
            if any(map(BULK_ACTS[act].fits, self.marked_runs)):
                self.action_bulk(act)
                return
        deeds = " or ".join(BULK_ACTS[act].deed for act in acts)
        self.flash(f"None of the {len(self.marked_runs):,} marked runs can {deeds} now.", "warning")

    def action_bulk(self, act: str) -> None:
        """Do one thing to those of the marked runs to which it can be done, after asking."""
        from mahavishnu_tui.screens.bulk import BULK_ACTS, BulkScreen

        deed, marked = BULK_ACTS[act], self.marked_runs
        runs = [run for run in marked if deed.fits(run)]
        unfit = len(marked) - len(runs)
        left_out = f"{unfit:,} of the {len(marked):,} marked cannot {deed.deed} now." if unfit else ""

        def done(count: int | None) -> None:
            if count:
                self.action_unmark()
                self.flash(f"{count:,} of {len(runs):,} {deed.done}", "success")

        self.app.push_screen(
            BulkScreen(
                self.session, deed, runs, self.hidden_marks, " ".join(filter(None, [left_out, self.left_out]))
            ),
            done,
        )
