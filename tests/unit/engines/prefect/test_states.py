"""Prefect's states among ours, its times, and its answers to wishes."""

from __future__ import annotations

import pytest

from mahavishnu_tui.engines.prefect.api.system import version_note
from mahavishnu_tui.engines.prefect.states import (
    STATE_TYPES,
    TERMINAL,
    UNFINISHED,
    Orchestrated,
    iso,
    keyset,
    moment,
    run_status,
    visit_outcome,
)
from mahavishnu_tui.models.run import FINISHED


def test_every_state_has_its_place() -> None:
    assert set(UNFINISHED) | TERMINAL == set(STATE_TYPES)
    for state in STATE_TYPES:
        assert (run_status(state) in FINISHED) == (state in TERMINAL)
        assert (visit_outcome(state) in ("running", "interrupted")) == (state not in TERMINAL)
    assert run_status(None) == "queued"
    assert run_status("SCHEDULED", is_due=False) == "scheduled"
    assert run_status("PAUSED") == "paused"
    assert run_status("PAUSED", waits_for_input=True) == "interrupted"
    assert run_status("SOMETHING_NEW") == "running"
    assert visit_outcome("COMPLETED", "Cached") == "cached"
    assert visit_outcome(None) == "running"


def test_questions_of_paused_runs() -> None:
    assert keyset(None) == {}
    assert keyset({"state_details": None}) == {}
    assert keyset({"state_details": {"run_input_keyset": None}}) == {}
    assert keyset({"state_details": {"run_input_keyset": {"schema": "s"}}}) == {"schema": "s"}


def test_times() -> None:
    assert moment("2026-01-01T00:00:01Z") == moment("2026-01-01T00:00:01") == 1767225601.0
    assert moment(iso(1767225601.5)) == 1767225601.5
    assert moment(None) is moment("") is moment("soon") is moment(7) is None


@pytest.mark.parametrize(
    ("wanted", "answer", "done", "reason"),
    [
        ("CANCELLING", {"status": "ACCEPT"}, True, ""),
        ("CANCELLING", {"status": "REJECT", "state": {"type": "CANCELLED"}}, True, ""),
        ("CANCELLING", {"status": "REJECT", "state": {"type": "RUNNING"}}, False, "Prefect answered REJECT."),
        (
            "RUNNING",
            {"status": "REJECT", "state": {"type": "CANCELLED"}, "details": {"reason": "r"}},
            False,
            "r",
        ),
        ("RUNNING", {"status": "WAIT", "details": {"reason": "full", "delay_seconds": 3}}, False, "full"),
        ("RUNNING", {"status": "new word", "details": 3}, False, "Prefect answered ABORT."),
    ],
)
def test_bodies_are_believed(wanted: str, answer: dict[str, object], done: bool, reason: str) -> None:
    found = Orchestrated.read("id", wanted, answer)
    assert (found.done, found.reason) == (done, reason)
    assert found.wait == (3.0 if found.status == "WAIT" else 0.0)


def test_versions() -> None:
    assert "too old" in version_note("2.20.1")
    assert "newer" in version_note("4.0.0")
    assert version_note("3.8.8") == version_note("") == version_note("unknown") == ""
