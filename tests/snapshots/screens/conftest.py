"""A fixed place and a fixed operator: pictures must not depend on the machine."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.client import probing
from mahavishnu_tui.projects import surroundings
from mahavishnu_tui.projects.starter import FILES
from mahavishnu_tui.projects.surroundings import Surroundings

PYTHON = (("langgraph", "1.2.22"), ("langgraph-checkpoint-sqlite", "3.1.2"), ("prefect", "3.8.8"))
NOTHING = Surroundings(Path("/srv/empty"), interpreter="/usr/bin/python3", versions=PYTHON, missing=FILES)


@pytest.fixture(autouse=True)
def _fixed_place(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # Not undone with the rest: a test may set these once more, and that is undone later.
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setattr(surroundings, "look_around", lambda *_: NOTHING)
    monkeypatch.setattr(probing, "prefect_answers", nobody)
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        patch.setenv("LOGNAME", "ana")
        patch.setattr(socket, "gethostname", lambda: "bastion-2")
        time.tzset()
        yield
    time.tzset()


async def nobody() -> bool:
    return False


@pytest.fixture
def picture(snap_compare: Callable[..., bool]) -> Callable[[tuple[int, int], Any], None]:
    """Takes a picture of a scene at a size, and compares it with the one that is kept."""

    def take(size: tuple[int, int], scene: Any) -> None:
        assert snap_compare(scene.app, terminal_size=size, run_before=scene.act)

    return take
