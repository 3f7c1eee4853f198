"""Branches of a thread, and warnings of its size."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.models.checkpoint import ThreadSize
from mahavishnu_tui.models.growth import size_text, size_warning
from mahavishnu_tui.models.lineage import branches


def test_what_leads_to_the_latest_is_the_present_line() -> None:
    links = [("1", None), ("2", "1"), ("3", "2"), ("4", "1"), ("5", "4"), ("6", "1")]
    assert branches(links) == {"1": "", "2": "b1", "3": "b1", "4": "b2", "5": "b2", "6": ""}


def test_a_pruned_parent_is_no_trouble() -> None:
    assert branches([("2", "1"), ("3", "2")]) == {"2": "", "3": ""}
    assert branches([]) == {}


@given(st.lists(st.integers(0, 30), min_size=1, max_size=30))
def test_every_checkpoint_belongs_to_one_branch(parents: list[int]) -> None:
    links = [
        (f"{number:02}", f"{parent:02}" if parent < number else None) for number, parent in enumerate(parents)
    ]
    found = branches(links)
    assert set(found) == {item for item, _ in links}
    assert found[links[-1][0]] == ""


def test_a_large_thread_is_warned_of_and_so_is_one_that_will_be() -> None:
    small = ThreadSize("t", checkpoints=50, bytes=100_000, latest=2_000, growth=0)
    assert size_warning(small, 50_000_000) == ""
    large = small.replace(bytes=60_000_000)
    assert "57 MB in 50 checkpoints" in size_warning(large, 50_000_000)
    growing = ThreadSize("t", checkpoints=60, bytes=3_600_000, latest=120_000, growth=2_000)
    assert "each step adds 2.0 KB" in size_warning(growing, 50_000_000)
    assert size_warning(large, 0) == ""
    assert [size_text(n) for n in (-1, 312, 999, 3174, 7400, 123_456, 48_234_496, 2.5e9, 2**50)] == [
        "0 B", "312 B", "999 B", "3.1 KB", "7.2 KB", "121 KB", "46 MB", "2.3 GB", "1024.0 TB",
    ]  # fmt: skip
