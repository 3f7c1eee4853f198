"""`ListTable`: the table of every list here."""

from __future__ import annotations

from mahavishnu_tui.widgets.table import VirtualTable


class ListTable(VirtualTable):
    """A table whose rows cannot be marked: no act here takes more than the row under the cursor."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the key unbound that would mark."""
        return False if action == "mark" else super().check_action(action, parameters)
