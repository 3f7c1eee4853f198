"""Pictures of runs on a LangGraph server that somebody else runs, beside our own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App

from mahavishnu_tui.models import Pool
from mahavishnu_tui.screens.session import Link, LinkUpdate
from tests.snapshots.scenes import World, WorldConnection, world
from tests.snapshots.screens.test_screens import ENDS, MIDDLE, SMALL, Scene, size_id

AWAY = "STALE: what is shown is of 12:00:00 UTC; prod does not answer"


def both(note: str = "") -> World:
    """The fixed world, whose nightly-etl and refund are on a server called prod."""
    ours = world()
    theirs = {
        item.id: item.replace(name=f"{item.name}@prod", engine="langgraph-server", server="prod")
        for item in ours.workflows
        if item.name in ("nightly-etl", "refund")
    }
    runs = [
        item.replace(
            workflow=theirs[item.workflow_id].name,
            engine="langgraph-server",
            host_id=None,
            note=note if item.status in ("running", "interrupted") else "",
        )
        if item.workflow_id in theirs
        else item
        for item in ours.runs
    ]
    health = "unhealthy" if note else "healthy"
    about = (
        "STALE: LangGraph server prod cannot be reached: refused." if note else "https://graphs.example.org"
    )
    return dataclasses.replace(
        ours,
        runs=runs,
        workflows=[theirs.get(item.id, item) for item in ours.workflows],
        pools=[*ours.pools, Pool("prod", "LangGraph server", health, 0, 1, 0, about)],  # type: ignore[arg-type]
    )


def gone(connection: WorldConnection, _: App[None]) -> None:
    """The server's next beat says that prod is away."""
    changes = connection.mirror.apply({"type": "beat", "seq": 1, "note": "STALE: prod"})
    connection._updates.put_nowait(LinkUpdate(Link("live"), frozenset(changes)))


SCENES: list[tuple[str, list[tuple[int, int]], Callable[[], Scene]]] = [
    ("both", ENDS, lambda: Scene("calm-wren", "", both())),
    ("away", MIDDLE, lambda: Scene("calm-wren", "", both(AWAY), after=gone)),
    ("pools", SMALL, lambda: Scene("calm-wren", "6", both())),
    ("run", SMALL, lambda: Scene("calm-wren", "enter", both())),
    ("logs", SMALL, lambda: Scene("calm-wren", "enter 6", both())),
]


@pytest.mark.parametrize(
    ("size", "scene"),
    [
        pytest.param(size, scene, id=f"{name}-{size_id(size)}")
        for name, sizes, scene in SCENES
        for size in sizes
    ],
)
def test_elsewhere(picture: Callable[..., Any], size: tuple[int, int], scene: Callable[[], Scene]) -> None:
    picture(size, scene())
