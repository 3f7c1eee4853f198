from __future__ import annotations

import math
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mahavishnu_tui.models.approval import ApprovalStatus
from mahavishnu_tui.models.health import HostState
from mahavishnu_tui.models.run import RunStatus, VisitOutcome
from mahavishnu_tui.widgets import status

SETS = [
    (status.run_mark, get_args(RunStatus)),
    (status.visit_mark, get_args(VisitOutcome)),
    (status.approval_mark, get_args(ApprovalStatus)),
    (status.health_mark, [*get_args(HostState), "healthy", "degraded", "unhealthy"]),
]


@pytest.mark.parametrize(("look", "words"), SETS)
def test_every_state_has_glyph_word_and_tone_of_its_own(look, words):
    marks = [look(word) for word in words]
    assert all(
        mark.word and mark.tone and mark.ascii.isascii() and cell_len(mark.ascii) == 1 for mark in marks
    )
    assert len({mark.word for mark in marks}) == len(words)


@pytest.mark.parametrize("look", [look for look, _ in SETS])
def test_an_unknown_state_is_shown_as_it_is_named(look):
    assert look("hibernating").label() == "· hibernating"
    assert look("hibernating").label(ascii_only=True) == "' hibernating"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "0s"),
        (0, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (47 * 3600, "47h"),
        (49 * 3600, "2d"),
    ],
)
def test_age(seconds, shown):
    assert status.age(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-1, "0ms"),
        (0.0001, "1ms"),
        (0.04, "40ms"),
        (0.9996, "1.0s"),
        (2.14, "2.1s"),
        (9.96, "10s"),
        (59.7, "1m00s"),
        (42, "42s"),
        (252, "4m12s"),
        (7500, "2h05m"),
        (273600, "3d04h"),
    ],
)
def test_duration(seconds, shown):
    assert status.duration(seconds) == shown


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_times_never_fail_and_stay_short(seconds):
    assert "-" not in status.age(seconds)
    assert "-" not in status.duration(seconds)
    if not math.isfinite(seconds) or seconds < 1e9:
        assert len(status.duration(min(seconds, 1e7))) <= 7


@given(st.floats(0, 1e7))
def test_next_step_is_when_the_age_reads_differently(seconds):
    wait = status.next_step(seconds)
    assert wait > 0
    assert status.age(seconds + wait + 0.001) != status.age(seconds)
    if wait > 0.1:
        assert status.age(seconds + wait - 0.05) == status.age(seconds)
