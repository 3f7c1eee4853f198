"""What a flow run has put on show: tables, markdown, links, progress."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, ClassVar

from textual import on

from mahavishnu_tui.models.prefect import Artifact
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean, clean_line
from mahavishnu_tui.screens.document import DocumentScreen
from mahavishnu_tui.screens.run.listed import ListedTab
from mahavishnu_tui.screens.run.tab import RunView
from mahavishnu_tui.widgets.table import Cell, Column, Row, VirtualTable

_WIDEST = 60
"""Cells of a column of a table that was put on show."""


class ArtifactsTab(ListedTab):
    """The newest first; `enter` shows one as text."""

    NAME: ClassVar[str] = "artifacts"
    TITLE: ClassVar[str] = "Artifacts"
    EMPTY = "This run has put nothing on show."
    COLUMNS = (
        Column("at", "AT", 8, priority=1),
        Column("type", "TYPE", 9),
        Column("key", "KEY", 16, min_width=10, flex=1),
        Column("by", "BY", 14, min_width=8, priority=2),
        Column("what", "WHAT", 30, min_width=12, flex=3),
    )

    def __init__(self, view: RunView) -> None:
        super().__init__(view)
        self._found: list[Artifact] = []

    async def fetch(self) -> Iterable[Row]:
        """Every artifact of the run and of its tasks."""
        self._found = await self.session.client.artifacts(self.view.run_id)
        return [self._row(item) for item in self._found]

    def _row(self, item: Artifact) -> Row:
        visits = self.session.mirror.visits.get(self.view.run_id, {})
        visit = visits.get(item.visit)
        return Row(
            item.id,
            (
                Cell(self.session.times.clock(item.updated_at), by=item.updated_at),
                clean_line(item.type, 20),
                clean_line(item.key, 60),
                Cell(clean_line(visit.label or visit.path, 40) if visit is not None else "the flow", "muted"),
                clean_line(item.description or artifact_text(item).strip().partition("\n")[0], 200),
            ),
        )

    @on(VirtualTable.Activated)
    def _open(self, event: VirtualTable.Activated) -> None:
        event.stop()
        item = next((item for item in self._found if item.id == event.key), None)
        if item is not None:
            title = f"{item.key or item.type} · {item.type}"
            self.app.push_screen(DocumentScreen(self.session, title, text=artifact_text(item)))

    def copied_text(self) -> str:
        """The one under the cursor, as text."""
        item = next((item for item in self._found if item.id == self.table.cursor_key), None)
        return artifact_text(item) if item is not None else ""

    def rest(self) -> str:
        """How many."""
        return f"artifacts: {len(self._found)}; enter shows one" if self._found else ""


def artifact_text(item: Artifact) -> str:
    """An artifact as plain text: no markup of it is followed."""
    value = _parsed(item.data)
    if item.type == "table" and isinstance(value, list) and all(isinstance(row, dict) for row in value):
        body = _table([row for row in value if isinstance(row, dict)])
    elif item.type == "table" and isinstance(value, dict):
        body = _table(_by_row(value))
    elif item.type == "progress":
        body = f"{value} %"
    else:
        body = (
            value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False, default=str)
        )
    return clean(f"{item.description}\n\n{body}" if item.description else body)


def _parsed(data: Json) -> Json:
    """Prefect keeps tables as JSON text."""
    if isinstance(data, str) and data[:1] in "[{":
        try:
            parsed: Json = json.loads(data)
        except ValueError:
            return data
        return parsed
    return data


def _by_row(columns: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a table that is told column by column."""
    lists = {name: value for name, value in columns.items() if isinstance(value, list)}
    count = max(map(len, lists.values()), default=0)
    return [{name: value[n] for name, value in lists.items() if n < len(value)} for n in range(count)]


def _table(rows: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names, *([_cell(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(names))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return clean_line(text, _WIDEST)
