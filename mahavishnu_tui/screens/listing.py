"""`ListTable`: the table of every list here."""

from __future__ import annotations

from typing import Any

from mahavishnu_tui.widgets.table import VirtualTable


class ListTable(VirtualTable):
    """A table whose rows can be marked only where an act takes more than the row under the cursor."""

    def __init__(self, *args: Any, markable: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._markable = markable

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the key unbound that would mark what cannot be."""
        if action == "mark" and not self._markable:
            return False
        return super().check_action(action, parameters)
