"""What a command waits for."""

from __future__ import annotations

from typing import Any

import pytest

from mahavishnu_tui.cli import waiting
from mahavishnu_tui.client.calls.runs import RunDetail
from tests.snapshots.scenes import approval, run


class Server:
    """Gives one answer after the other, the last one for ever."""

    def __init__(self, *details: RunDetail) -> None:
        self._details = list(details)

    async def run(self, _: str) -> RunDetail:
        return self._details.pop(0) if len(self._details) > 1 else self._details[0]


def stands(status: str, *asked: Any) -> RunDetail:
    return RunDetail(run(1, "r1", "f", status, 10), None, None, False, list(asked), [])


async def test_a_run_that_waits_is_told_with_what_it_asks() -> None:
    asked = stands("interrupted", approval(run(1, "r1", "f", "interrupted", 10), "n", "Ship?", 1))
    server: Any = Server(stands("interrupted"), asked)
    assert await waiting.with_question(server, "r1") is asked


async def test_a_question_that_never_comes_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "ASKED_SECONDS", 0.0)
    silent, ended = stands("interrupted"), stands("success")
    server: Any = Server(silent)
    assert await waiting.with_question(server, "r1") is silent
    server = Server(ended)
    assert await waiting.with_question(server, "r1") is ended
