"""Pictures of what comes from Prefect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App

from mahavishnu_tui.models.prefect import PrefectInfo
from tests.snapshots.flow_scenes import READY, flows
from tests.snapshots.scenes import NOW, World, WorldConnection
from tests.snapshots.screens.test_screens import ENDS, LARGE, MIDDLE, SIZES, SMALL, Scene, broken, size_id


def away() -> World:
    """Prefect has not answered for a while."""
    given = flows()
    error = {"code": "MHV-400", "message": "Connection refused.", "hint": "Is it up?"}
    given.flows.info = READY.replace(state="lost", seen_at=NOW - 42, since=NOW - 40, error=error)
    return given


def off() -> World:
    """An embedded one that nobody has started."""
    given = flows()
    given.flows.info = PrefectInfo("auto", "off")
    given.schedules, given.flows.deployments = [], []
    return given


def no_list(connection: WorldConnection, _: App[None]) -> None:
    broken(connection, _)
    connection.client.fail["troubles"] = connection.client.fail["checkpoints"]


# name: (run under the cursor, keys, sizes, further arguments of Scene)
SCENES: dict[str, tuple[str, str, list[tuple[int, int]], dict[str, Any]]] = {
    "dashboard": ("calm-cobra", "", SIZES, {}),
    "dashboard-ascii": ("calm-cobra", "", SMALL, {"ascii": True}),
    "dashboard-away": ("calm-cobra", "", SMALL, {"given": away()}),
    "scheduled": ("", "slash 'state:scheduled enter", SMALL, {}),
    "bulk": ("calm-cobra", "space j space x G k enter", SIZES, {}),
    "tasks": ("calm-cobra", "enter 3", SIZES, {}),
    "states": ("calm-cobra", "enter 6", MIDDLE, {}),
    "artifacts": ("calm-cobra", "enter 7", MIDDLE, {}),
    "metrics": ("calm-cobra", "enter 8", SMALL, {}),
    "errors": ("eager-eel", "enter 0", LARGE, {}),
    "schedules": ("", "5 f", ENDS, {}),
    "schedules-off": ("", "5", SMALL, {"given": off()}),
    "schedule": ("", "5 j j enter", SIZES, {}),
    "schedule-edit": ("", "5 j j e", SIZES, {}),
    "pools": ("", "6 f z", ENDS, {}),
    "deployments": ("", "colon 'dep enter", SIZES, {}),
    "deployment": ("", "colon 'dep enter enter", SIZES, {}),
    "compare": ("eager-eel", "equals_sign 2", MIDDLE, {}),
    "deployment-launch": ("", "colon 'dep enter t", MIDDLE, {}),
    "problems": ("", "colon 'problems enter", SIZES, {}),
    "problems-cannot": ("", "colon 'problems enter", SMALL, {"before": no_list}),
    "cure": ("", "colon 'problems enter G a C", SMALL, {}),
    "limits": ("", "colon 'limits enter", SIZES, {}),
    "prefect": ("", "colon 'prefect enter s", SIZES, {}),
    "prefect-away": ("", "colon 'prefect enter", SMALL, {"given": away()}),
}


@pytest.mark.parametrize(
    ("name", "size"),
    [
        pytest.param(name, size, id=f"{name}-{size_id(size)}")
        for name, (_, _, sizes, _) in SCENES.items()
        for size in sizes
    ],
)
def test_flows(name: str, size: tuple[int, int], picture: Callable[..., None]) -> None:
    run, keys, _, more = SCENES[name]
    picture(size, Scene(run, keys, **{"given": flows(), **more}))
