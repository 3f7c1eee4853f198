"""Commands that write to a production context want to hear that it is meant."""

from __future__ import annotations

import io
import subprocess

import pytest

from mahavishnu_tui.cli.production import WriteGuard
from mahavishnu_tui.models.context import Context
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.health import ServerInfo
from mahavishnu_tui.models.schedule import SchedulePreview
from tests.unit.cli.stub import Operator, operator
from tests.unit.cli.test_completing import offered

__all__ = ["operator"]

SETTINGS = "contexts:\n  prod: {production: true}\n  audit: {readonly: true}\n  lab: {}\n"


@pytest.fixture
def prod(operator: Operator) -> Operator:
    own = operator.home / ".config/mahavishnu/mahavishnu.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(SETTINGS)
    answers = operator.server.answers
    answers["POST", "/v1/pools/local"] = operator.server.pools[0].to_json()
    answers["POST", "/v1/schedules/preview"] = SchedulePreview([], exact=True).to_json()
    return operator


def written(prod: Operator) -> list[object]:
    return [call for call in prod.server.calls if call[0] != "GET"]


def test_reading_is_free(prod: Operator) -> None:
    prod("pool", "list", "--context", "prod")
    prod("prefect", "deployment", "list", "--context", "audit")
    prod("schedule", "preview", "--cron", "0 2 * * *", "--context", "prod")


def test_writing_is_not(prod: Operator) -> None:
    pause = ("pool", "pause", "local")
    refused = prod(*pause, "--context", "prod", code=2)
    assert "MHV-012 The context prod is production" in refused.err
    assert "--production" in refused.err
    assert '"MHV-012"' in prod(*pause, "--context", "prod", "--json", code=2).out
    assert not written(prod)
    prod(*pause, "--context", "prod", "--production")
    assert len(written(prod)) == 1
    prod("--context", "prod", "--production", *pause)
    prod(*pause, "--context", "lab")
    assert len(written(prod)) == 3
    held = prod(*pause, "--context", "audit", "--production", code=2)
    assert "the settings call it readonly" in held.err
    assert len(written(prod)) == 3


def test_read_only_is_about_runs_and_engines_not_about_the_operators_own_server(prod: Operator) -> None:
    answers = prod.server.answers
    answers["POST", "/v1/prefect/check"] = []
    prod("prefect", "health", "--check", "--context", "audit")
    assert "/v1/prefect/check" in prod.server.acts()
    info = ServerInfo("1", _ended(), "e", 1.0, 1, "/d", "/s", "/l")
    answers["GET", "/v1/server"] = info.to_json()
    answers["POST", "/v1/server/stop"] = None
    assert "has ended" in prod("server", "stop", "--context", "audit").out
    assert "MHV-012" in prod("server", "stop", "--context", "prod", code=2).err


def _ended() -> int:
    """The id of a process that there was."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_it_asks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Terminal()
    monkeypatch.setattr("sys.stderr", said)
    monkeypatch.setattr("sys.stdin", Terminal("prod\n"))
    guard = WriteGuard(Context("prod", production=True), confirmed=False)
    guard()
    guard()
    assert said.getvalue() == "The context prod is production. Type its name to go on: "


@pytest.mark.parametrize("typed", ["yes\n", "", "Prod\n"])
def test_another_word_is_no(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    monkeypatch.setattr("sys.stderr", Terminal())
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    with pytest.raises(MahavishnuError) as caught:
        WriteGuard(Context("prod", production=True), confirmed=False)()
    assert caught.value.code is ErrorCode.READ_ONLY
    assert "nothing was done" in caught.value.message


def test_the_shell_completes_contexts(prod: Operator) -> None:
    assert offered("pool list --context p") == ["prod"]
    assert offered("--context ") == ["default", "prod", "audit", "lab"]
    (prod.home / ".config/mahavishnu/mahavishnu.yaml").write_text("contexts: 5")
    assert offered("--context ") == []
