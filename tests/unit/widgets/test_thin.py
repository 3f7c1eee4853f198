"""What is sent over a slow line, before a terminal emulator that is also sent everything."""

from __future__ import annotations

import pyte
from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.widgets.thin import ThinScreen

COLUMNS, ROWS = 24, 4
STYLES = ["", "1", "7", "1;31", "38;2;1;2;3", "1;38;2;1;2;3;48;5;9", "48;2;9;9;9", "2;92;104"]
PIECES = st.tuples(st.sampled_from(STYLES), st.text("ab ─▶✔", min_size=1, max_size=9))
LINES = st.lists(PIECES, min_size=1, max_size=4)
UPDATES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, ROWS - 1), LINES), min_size=1, max_size=5)


def frame(updates: list[tuple[int, int, list[tuple[str, str]]]]) -> str:
    """As Textual writes one: every piece with its whole style, and without any in between."""
    lines = []
    for x, y, pieces in updates:
        parts = [f"\x1b[{y + 1};{x + 1}H"]
        room = COLUMNS - x
        for style, text in pieces:
            text = text[:room]
            room -= len(text)
            parts.append(f"\x1b[{style}m{text}\x1b[0m" if style else text)
        lines.append("".join(parts))
    return "".join(lines)


def emulator() -> tuple[pyte.Screen, pyte.Stream]:
    screen = pyte.Screen(COLUMNS, ROWS)
    return screen, pyte.Stream(screen)


def shown(screen: pyte.Screen) -> list[list[pyte.screens.Char]]:
    return [[screen.buffer[y][x] for x in range(COLUMNS)] for y in range(ROWS)]


@given(frames=st.lists(UPDATES, min_size=1, max_size=5))
def test_the_terminal_shows_the_same(frames: list[list[tuple[int, int, list[tuple[str, str]]]]]) -> None:
    full, full_stream = emulator()
    thin, thin_stream = emulator()
    terminal = ThinScreen()
    for updates in frames:
        text = frame(updates)
        full_stream.feed(text)
        thin_stream.feed(terminal.thinned(text))
        assert shown(thin) == shown(full)
        if len(updates) == 1:
            assert terminal.thinned(text) == ""


def test_only_what_differs_is_sent() -> None:
    terminal = ThinScreen()
    line = (
        "\x1b[1;1H\x1b[1m▶ running\x1b[0m  \x1b[38;2;1;2;3mamber-otter\x1b[0m  \x1b[38;2;1;2;3m{age}\x1b[0m"
    )
    assert "amber-otter" in terminal.thinned(line.format(age="12s"))
    assert terminal.thinned(line.format(age="12s")) == ""
    assert terminal.thinned(line.format(age="13s")) == "\x1b[1;26H\x1b[38;2;1;2;3m3\x1b[0m"
    terminal.forget()
    assert "amber-otter" in terminal.thinned(line.format(age="13s"))


def test_a_style_changes_by_as_little_as_will_do() -> None:
    plain, bold = "\x1b[38;2;1;2;3;48;5;9m", "\x1b[1;38;2;1;2;3;48;5;9m"
    text = f"\x1b[1;1H{plain}ab\x1b[0m{bold}cd\x1b[0m{plain}ef\x1b[0m"
    assert ThinScreen().thinned(text) == (
        "\x1b[1;1H\x1b[38;2;1;2;3;48;5;9mab\x1b[1mcd\x1b[0;38;2;1;2;3;48;5;9mef\x1b[0m"
    )


def test_of_signs_that_may_be_wide_nothing_is_left_out() -> None:
    terminal = ThinScreen()
    line = "\x1b[1;1H\x1b[1m✋ waiting{rest}\x1b[0m"
    assert terminal.thinned(line.format(rest="!")) == "\x1b[1;1H\x1b[1m✋ waiting!\x1b[0m"
    assert terminal.thinned(line.format(rest="!")) == ""
    assert terminal.thinned(line.format(rest="?")) == "\x1b[1;1H\x1b[1m✋ waiting?\x1b[0m"


def test_what_is_not_understood_goes_as_it_is() -> None:
    terminal = ThinScreen()
    strange = "\x1b[1;1H\x1b]8;;https://example.org\x1b\\a link\x1b]8;;\x1b\\"
    terminal.thinned("\x1b[2;1Hab")
    assert terminal.thinned(strange) == strange
    assert terminal.thinned("\x1b[2;1Hab") == "\x1b[2;1Hab"
