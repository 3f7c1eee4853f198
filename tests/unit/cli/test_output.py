"""What commands print."""

from __future__ import annotations

import pytest

from mahavishnu_tui.cli import output


def test_columns_stay_aligned_beside_characters_of_two_columns(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(["RUN", "STATE"], [["日本 🔥", "done"], ["plain-otter", "cafe\u0301"]], "none")
    assert capsys.readouterr().out.splitlines() == [
        "RUN          STATE",
        "日本 🔥      done",
        "plain-otter  cafe\u0301",
    ]
