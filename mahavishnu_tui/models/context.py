"""A context: one server with its own data, and how careful an operator has to be there."""

from __future__ import annotations

import dataclasses
from typing import Final, Literal, get_args

Colour = Literal["red", "yellow", "green", "cyan", "blue", "magenta"]
COLOURS: Final[tuple[Colour, ...]] = get_args(Colour)
DEFAULT: Final = "default"
"""The context of those who name none."""
DEMO: Final = "demo"
"""The one of `mahavishnu demo`."""


@dataclasses.dataclass(frozen=True)
class Context:
    """What the settings say of a context; of one that they do not name only the name is known."""

    name: str = DEFAULT
    description: str = ""
    production: bool = False
    """The dashboard only looks until it is unlocked; commands that write want a confirmation."""
    readonly: bool = False
    """Nothing is written from here, and nothing unlocks that."""
    colour: Colour | None = None
    unlock_minutes: float = 15.0
    """Minutes without a key after which an unlocked dashboard locks itself; 0: never."""
    listed: bool = False
    """Whether the settings name it."""
    own_prefect: bool = False
    """Whether it names a Prefect server of its own."""
