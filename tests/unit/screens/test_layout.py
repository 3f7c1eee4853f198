"""Where the panes go."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region, Size

from mahavishnu_tui.screens.layout import PANES, TABBED, Format, PaneName, format_of, regions


@pytest.mark.parametrize(
    ("size", "kind"),
    [
        (Size(80, 24), "small"),
        (Size(99, 60), "small"),
        (Size(120, 19), "small"),
        (Size(100, 24), "middle"),
        (Size(159, 60), "middle"),
        (Size(200, 39), "middle"),
        (Size(160, 40), "wide"),
    ],
)
def test_layout_by_size(size: Size, kind: Format) -> None:
    assert format_of(size) == kind


SIZES = st.builds(Size, st.integers(60, 400), st.integers(15, 120))


@given(SIZES, st.sampled_from(PANES), st.sampled_from(TABBED), st.booleans())
def test_panes_fill_the_room_and_never_overlap(
    size: Size, active: PaneName, tab: PaneName, full: bool
) -> None:
    kind = format_of(size)
    if active in TABBED:
        tab = active
    # The room is what header, messages and hints leave.
    room = Size(size.width, size.height - 3)
    found = regions(room, kind, active, tab, full)
    whole = Region(0, 0, *room)
    assert all(region in whole and region.area > 0 for region in found.values())
    assert sum(region.area for region in found.values()) == whole.area
    for one, other in itertools.combinations(found.values(), 2):
        assert not one.overlaps(other)
    assert full or kind != "wide" or set(found) == set(PANES)
    assert kind != "middle" or active == "schedules" or full or active in found
    assert full is False or set(found) == {active}
