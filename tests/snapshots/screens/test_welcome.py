"""Pictures of what is shown where nothing has run yet."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.client import probing
from mahavishnu_tui.models.prefect import PrefectInfo
from mahavishnu_tui.projects import surroundings
from mahavishnu_tui.projects.code import Code
from mahavishnu_tui.projects.surroundings import Surroundings
from tests.snapshots.flows import Flows
from tests.snapshots.scenes import World
from tests.snapshots.screens.conftest import PYTHON
from tests.snapshots.screens.test_screens import SIZES, SMALL, Compare, Scene, size_id

AGENTS = Path("/srv/agents")
PROJECT = Surroundings(
    AGENTS,
    graphs=(Code("graph", AGENTS / "support.py", "graph"), Code("graph", AGENTS / "lib/review.py", "agent")),
    flows=(Code("flow", AGENTS / "nightly.py", "nightly", ("day",)),),
    files=14,
    interpreter="/srv/agents/.venv/bin/python",
    own=True,
    versions=PYTHON,
    missing=("workflow.py", "flow.py", "mahavishnu.yaml"),
)
BARE = dataclasses.replace(PROJECT, versions=PYTHON[2:], named=("support",), files=300, whole=False)
NOBODY = PrefectInfo("auto")
AWAY = PrefectInfo(
    "auto",
    "lost",
    url="https://prefect.example.org/api",
    source="PREFECT_API_URL",
    error={"code": "MHV-400", "message": "Connection refused."},
)


def empty(info: PrefectInfo) -> World:
    return World([], [], [], [], {}, {}, [], flows=Flows(info=info))


async def somebody() -> bool:
    return True


@pytest.mark.parametrize(
    ("around", "info", "options", "size"),
    [
        *(pytest.param(PROJECT, NOBODY, {}, size, id=f"project-{size_id(size)}") for size in SIZES),
        pytest.param(BARE, AWAY, {}, SMALL[0], id="lacks-langgraph"),
        pytest.param(PROJECT, NOBODY, {"readonly": True, "ascii": True}, SMALL[0], id="read-only"),
        pytest.param(PROJECT, NOBODY, {}, (60, 15), id="smallest"),
    ],
)
def test_welcome(
    around: Surroundings,
    info: PrefectInfo,
    options: dict[str, Any],
    size: tuple[int, int],
    snap_compare: Compare,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(surroundings, "look_around", lambda *_: around)
    monkeypatch.setattr(probing, "prefect_answers", somebody)
    scene = Scene("", "", empty(info), **options)
    assert snap_compare(scene.app, terminal_size=size, run_before=scene.act)
