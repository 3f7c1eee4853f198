"""`Problem`: one thing that a value has wrong, and where in it."""

from __future__ import annotations

import dataclasses
from typing import Any

from mahavishnu_tui.models.text import clean_line

ValuePath = tuple[str | int, ...]
"""Keys and indexes from the root of a value."""


@dataclasses.dataclass(frozen=True)
class Problem:
    """One thing that a value has wrong."""

    path: ValuePath
    message: str
    """A sentence without its subject: `must be one of EUR, USD`."""

    @property
    def where(self) -> str:
        """`lines[2].price`; empty for the value as a whole."""
        text = ""
        for part in self.path:
            text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
        return clean_line(text, 80)

    @classmethod
    def told(cls, details: dict[str, Any]) -> list[Problem]:
        """Those that an error of the server names in its details: `problems: [{path, message}]`."""
        told = details.get("problems")
        items = told if isinstance(told, list) else []
        return [
            cls(tuple(item.get("path") or ()), str(item.get("message") or ""))
            for item in items
            if isinstance(item, dict)
        ]

    def sentence(self, whole: str = "The answer") -> str:
        """A whole sentence; `whole` names the value itself."""
        return f"{self.where or whole} {self.message}."
