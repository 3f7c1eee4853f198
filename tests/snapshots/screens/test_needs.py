"""Pictures of what needs the operator: the list, the strip, nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.snapshots.need_scenes import calm, needy
from tests.snapshots.screens.test_screens import ENDS, SIZES, SMALL, Scene, size_id

SCENES: dict[str, tuple[str, str, list[tuple[int, int]], dict[str, Any]]] = {
    "needs": ("", "exclamation_mark", SIZES, {}),
    "needs-failure": ("", "exclamation_mark j j j j space", SMALL, {}),
    "needs-read-only": ("", "exclamation_mark j j j j", SMALL, {"readonly": True}),
    "needs-ascii": ("", "exclamation_mark", SMALL, {"ascii": True}),
    "needs-none": ("", "exclamation_mark", SMALL, {"given": calm()}),
    "strip": ("amber-otter", "", ENDS, {}),
}


@pytest.mark.parametrize(
    ("name", "size"),
    [
        pytest.param(name, size, id=f"{name}-{size_id(size)}")
        for name, (_, _, sizes, _) in SCENES.items()
        for size in sizes
    ],
)
def test_needs(name: str, size: tuple[int, int], picture: Callable[..., None]) -> None:
    run, keys, _, more = SCENES[name]
    picture(size, Scene(run, keys, **{"given": needy(), **more}))
