"""Bell, title and desktop notification: what is written past the screen, and what is not."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mahavishnu_tui.screens.attention import BELL_SECONDS, PUSH_TITLE, Attention, Needed

XTERM = {"TERM": "xterm-256color"}


class Desk:
    """An attention with a clock that is set by hand and a terminal that is a list."""

    def __init__(self, environ: dict[str, str] = XTERM, **taste: Any) -> None:
        self.at = 1000.0
        self.out: list[str] = []
        wanted = {"bell": True, "title": True, "desktop": False, **taste}
        self.attention = Attention(self.out.append, lambda: self.at, environ, **wanted)

    def look(self, *waiting: str, wrong: str = "", context: str = "staging", **more: Any) -> list[str]:
        """What a look writes."""
        self.out.clear()
        needed = Needed(context, frozenset(waiting), frozenset(wrong.split()), **more)
        self.attention.look(needed, False)
        return list(self.out)


def test_the_title_is_written_when_it_changes_and_the_old_one_is_pushed_once() -> None:
    desk = Desk()
    assert desk.look("q1", "q2", wrong="r1") == [f"{PUSH_TITLE}\x1b]2;✋2 ✘1 mahavishnu staging\x07"]
    assert desk.look("q1", "q2", wrong="r1") == []
    assert desk.look("q1") == ["\x1b]2;✋1 mahavishnu staging\x07"]
    assert desk.look() == ["\x1b]2;mahavishnu staging\x07"]
    assert desk.look(lost=True) == ["\x1b]2;⚠ mahavishnu staging\x07"]
    assert desk.look(context="default") == ["\x1b]2;mahavishnu\x07"]


@pytest.mark.parametrize(
    ("environ", "title"),
    [
        ({"TERM": "screen.xterm-256color"}, "?1 mahavishnu"),
        ({"TERM": "screen", "TMUX": "/tmp/x"}, "✋1 mahavishnu"),
    ],
)
def test_gnu_screen_gets_a_title_that_does_not_end_within_a_sign(environ: dict[str, str], title: str) -> None:
    assert Desk(environ).look("q1", context="default") == [f"{PUSH_TITLE}\x1b]2;{title}\x07"]


def test_ascii_and_a_hostile_name_reach_no_terminal_raw() -> None:
    assert Needed("default", frozenset("a"), frozenset("b"), True).title(True) == "! ?1 x1 mahavishnu"
    title = Needed("x\x07\x1b]2;evil\x9c", frozenset()).title(False)
    assert not re.search("[\x00-\x1f\x7f-\x9f]", title)
    assert len(Needed("x" * 500).title(False)) <= 120


def test_the_bell_rings_for_what_is_new_and_not_for_what_was_there_at_the_start() -> None:
    desk = Desk(title=False)
    assert desk.look("q1") == []
    assert desk.look("q1", "q2") == ["\x07"]
    assert desk.look("q1", "q2", "q3") == []  # at most one in ten seconds
    desk.at += BELL_SECONDS
    assert desk.look("q1", "q2", "q3") == []  # and none later for what came then
    assert desk.look("q2", "q3", "q4") == ["\x07"]  # as many as before, and one of them new
    desk.at += BELL_SECONDS
    assert desk.look("q2") == []
    assert desk.look("q2", wrong="r1") == ["\x07"]


def test_nothing_rings_for_what_is_known_again_after_a_break() -> None:
    desk = Desk(title=False)
    desk.look("q1")
    desk.look(lost=True)
    assert desk.look("q1") == []
    assert desk.look(context="prod", known=False) == []
    assert desk.look("q8", "q9", context="prod") == []  # another context was opened
    assert desk.look("q7", "q8", "q9", context="prod") == ["\x07"]


@pytest.mark.parametrize("term", ["", "dumb", "linux"])
def test_terminals_without_titles_are_left_alone(term: str) -> None:
    desk = Desk({"TERM": term})
    assert desk.look("q1") == []
    assert not desk.attention.titled


def test_what_is_switched_off_writes_nothing() -> None:
    desk = Desk(title=False, bell=False)
    desk.look()
    assert desk.look("q1") == []
    assert not desk.attention.titled


def test_a_desktop_notification_goes_through_tmux() -> None:
    desk = Desk({**XTERM, "TMUX": "/tmp/t"}, title=False, bell=False, desktop=True)
    desk.look()
    assert desk.look("q1", wrong="r1") == [
        "\x1bPtmux;\x1b\x1b]9;mahavishnu staging: 1 to answer, 1 gone wrong\x07\x1b\\"
    ]
