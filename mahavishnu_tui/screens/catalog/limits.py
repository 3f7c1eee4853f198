"""`LimitsScreen`: the limits that runs and tasks of Prefect share."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from mahavishnu_tui.models.pool import ConcurrencyLimit
from mahavishnu_tui.screens import catalog_rows
from mahavishnu_tui.screens.catalog.listing import ListScreen
from mahavishnu_tui.screens.panes.pane import Listed
from mahavishnu_tui.screens.session import Session

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient


class LimitsScreen(ListScreen[ConcurrencyLimit]):
    """What is full keeps runs waiting."""

    HEADING = "concurrency limits"
    COLUMNS = catalog_rows.LIMIT_COLUMNS
    ATTRIBUTES = frozenset({"name", "kind", "state"})
    CATALOG: ClassVar[frozenset[str]] = frozenset({"pools"})
    ACTS = False
    EMPTY = "No concurrency limits: `prefect gcl create` and flows with tags make some."

    def __init__(self, session: Session) -> None:
        super().__init__(session, _ask)

    def key_of(self, item: ConcurrencyLimit) -> str:
        """Kind and name."""
        return f"{item.kind}:{item.name}"

    def listed(self) -> list[Listed]:
        """By name."""
        found = []
        for item in sorted(self.fetched.items, key=lambda item: (item.name, item.kind)):
            state = "off" if not item.active else "full" if item.used >= item.limit else "free"
            about = {"text": f"{item.name} {item.kind} {state}", "name": item.name, "kind": item.kind}
            found.append(Listed(catalog_rows.limit_row(item), {**about, "state": state}))
        return found

    def said(self) -> str:
        """How many keep runs waiting."""
        full = sum(item.active and item.used >= item.limit for item in self.fetched.items)
        return f"{full:,} full" if full else ""


async def _ask(client: ServerClient) -> list[ConcurrencyLimit]:
    return await client.limits()
