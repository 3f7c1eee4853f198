"""`:` commands, completion, history."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.screens.commands import COMMANDS, History, command_options, complete, parse_command


@pytest.mark.parametrize(
    ("line", "name", "argument"),
    [
        ("runs", "runs", ""),
        (":runs state:failed", "runs", "state:failed"),
        ("  q ", "q", ""),
        ("quit", "q", ""),
        ("sch", "schedules", ""),
        ("LOGS host:h1", "logs", "host:h1"),
        ("cp", "checkpoints", ""),
        ("pools /state:x", "pools", "state:x"),
    ],
)
def test_understood(line: str, name: str, argument: str) -> None:
    spoken = parse_command(line)
    assert (spoken.command.name, spoken.argument) == (name, argument)


@pytest.mark.parametrize(("line", "hint"), [("", ":help"), ("nope", ":help"), ("p", ":pools")])
def test_not_understood_names_what_is_known(line: str, hint: str) -> None:
    with pytest.raises(MahavishnuError) as caught:
        parse_command(line)
    assert hint in caught.value.hint


@pytest.mark.parametrize("line", ["q now", "info x", "lock prod"])
def test_what_would_not_be_heeded_is_refused(line: str) -> None:
    with pytest.raises(MahavishnuError, match="takes nothing") as caught:
        parse_command(line)
    assert caught.value.code is ErrorCode.BAD_INPUT


def test_every_name_and_alias_is_one_command() -> None:
    words = [word for command in COMMANDS for word in (command.name, *command.aliases)]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("line", "candidates", "completed"),
    [
        ("ch", (), "checkpoints "),
        ("sor", (), "sort "),
        ("p", (), None),
        ("inb", (), "inbox "),
        ("ho", (), "hosts"),
        ("logs  ho", ("host:h1",), "logs  host:h1"),
        ("zz", (), None),
        ("logs ho", ("server", "host:h1", "host:h2"), "logs host:h"),
        ("logs server", ("server",), None),
    ],
)
def test_completion(line: str, candidates: tuple[str, ...], completed: str | None) -> None:
    assert complete(line, command_options(line, candidates)) == completed


def test_history_walks_like_a_shell() -> None:
    history = History(limit=2)
    assert history.older() is None
    for line in ("a", "b", "b", "", "c"):
        history.add(line)
    assert [history.older(), history.older(), history.older()] == ["c", "b", None]
    assert [history.newer(), history.newer(), history.newer()] == ["c", "", ""]


@given(st.text(max_size=20))
def test_completion_only_ever_adds(line: str) -> None:
    completed = complete(line, command_options(line))
    assert completed is None or (completed.startswith(line) and len(completed) > len(line))
