"""What an operator sees when something fails."""

from __future__ import annotations

import os
import sys

import pytest

from mahavishnu_tui.cli import guard
from mahavishnu_tui.models import ErrorCode, MahavishnuError


def test_an_error_is_told_also_where_nobody_reads_the_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)

    def fail() -> int:
        raise MahavishnuError(ErrorCode.RUN_UNKNOWN, "There is no such run.")

    with os.fdopen(writing, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        assert guard.guarded(fail, as_json=True) == guard.FAILURE
    assert "MHV-100 There is no such run." in capsys.readouterr().err
