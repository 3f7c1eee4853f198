"""Pictures of searching every run: before, typing, found, nothing, an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from tests.snapshots.flow_scenes import flows
from tests.snapshots.scenes import WorldConnection
from tests.snapshots.screens.test_screens import SIZES, SMALL, Scene, size_id


def broken(connection: WorldConnection, _: App[None]) -> None:
    connection.client.fail["search"] = MahavishnuError(
        ErrorCode.DATABASE_LOCKED, "engine.db is locked by another program.", "Close it."
    )


SCENES: dict[str, tuple[str, list[tuple[int, int]], dict[str, Any]]] = {
    "search": ("ctrl+f", SMALL, {}),
    "search-found": ("ctrl+f 'release_otter enter", SIZES, {}),
    "search-many": ("ctrl+f 'needle enter j", SMALL, {}),
    "search-nothing": ("ctrl+f 'zebra enter", SMALL, {}),
    "search-error": ("ctrl+f 'x enter", SMALL, {"before": broken}),
    "search-ascii": ("ctrl+f 'needle enter", SMALL, {"ascii": True}),
}


@pytest.mark.parametrize(
    ("name", "size"),
    [
        pytest.param(name, size, id=f"{name}-{size_id(size)}")
        for name, (_, sizes, _) in SCENES.items()
        for size in sizes
    ],
)
def test_search(name: str, size: tuple[int, int], picture: Callable[..., None]) -> None:
    keys, _, more = SCENES[name]
    picture(size, Scene("", keys, **{"given": flows(), **more}))
