"""`SortedView`: rows in the order of a column that the operator has chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from mahavishnu_tui.widgets.columns import Column
from mahavishnu_tui.widgets.table_lines import TableLines


class SortedView(TableLines):
    """The base of a table: which column its rows follow, and the keys that change it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("less_than_sign", "sort_column(-1)", "Sort: column left", show=False, id="table.sort_left"),
        Binding(
            "greater_than_sign", "sort_column(1)", "Sort: column right", show=False, id="table.sort_right"
        ),
        Binding("I", "sort_invert", "Sort: the other way", show=False, id="table.sort_invert"),
    ]

    class Sorted(Message):
        """Rows follow another column now, or the other way round."""

        def __init__(self, table: SortedView) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> SortedView:
            """The table that sent it."""
            return self.table

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        ascii_only: bool,
        sortable: bool,
        id: str | None,  # noqa: A002
        classes: str | None,
    ) -> None:
        super().__init__(columns, ascii_only=ascii_only, id=id, classes=classes)
        self.sortable = sortable

    @property
    def sorted_by(self) -> Column | None:
        """The column that the rows follow; None for the owner's order."""
        if self._sort is None:
            return None
        return next((column for column in self.columns if column.key == self._sort[0]), None)

    @property
    def sort_said(self) -> str:
        """`sort began ↓`; empty for the owner's order."""
        column = self.sorted_by
        if column is None or self._sort is None:
            return ""
        return f"sort {(column.title or column.key).lower()} {'↓' if self._sort[1] else '↑'}"

    def sort_by(self, key: str | None, reverse: bool = False) -> None:
        """Keep rows sorted by a column (numbers, lengths and times by value), or with None as given."""
        wanted = None if key is None else (key, reverse)
        if wanted != self._sort:
            self._sort = wanted
            self.reorder()
            self.refresh()
            self.post_message(self.Sorted(self))

    def reorder(self) -> None:
        """Show the rows in their new order."""
        raise NotImplementedError

    def seen_columns(self) -> list[Column]:
        """Those that there is room for."""
        return [self.columns[index] for index, _ in self._fit(self.line_width)]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the keys unbound where the order of rows means something."""
        if action.startswith("sort_") and not self.sortable:
            return False
        return super().check_action(action, parameters)

    def action_sort_column(self, by: int) -> None:
        """Follow the next column that is seen; after the last one, the owner's order."""
        keys: list[str | None] = [None, *(column.key for column in self.seen_columns() if column.title)]
        now = self._sort[0] if self._sort is not None else None
        at = keys.index(now) if now in keys else 0
        key = keys[(at + by) % len(keys)]
        self.sort_by(key, self._sort[1] if self._sort is not None and key is not None else False)

    def action_sort_invert(self) -> None:
        """The other way round; the owner's order has none, so there the first column begins."""
        if self._sort is None:
            self.action_sort_column(1)
        if self._sort is not None:
            self.sort_by(self._sort[0], not self._sort[1])
