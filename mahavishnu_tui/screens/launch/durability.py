"""`DurabilityButton`: when checkpoints are on disk, chosen for one run, with its price."""

from __future__ import annotations

from typing import Final

from textual.widgets import Button

PRICES: Final = {
    "": "as the settings say for this workflow",
    "sync": "sync: each step waits for the disk; a crash repeats only what was at work",
    "async": "async: stored beside the next step; a crash may repeat the step before too",
    "exit": "exit: one checkpoint when it stops; a crash loses all progress; no history",
}
"""Each choice and what is said of it; empty: none is made."""


class DurabilityButton(Button):
    """Each press is the next choice."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(_label(""), id=id, compact=True)
        self.choice = ""

    @property
    def price(self) -> str:
        """What the choice costs, in a sentence."""
        return PRICES[self.choice]

    def step(self) -> None:
        """The next choice."""
        known = list(PRICES)
        self.choice = known[(known.index(self.choice) + 1) % len(known)]
        self.label = _label(self.choice)


def _label(choice: str) -> str:
    return f"Durability: {choice or 'as set'}"
