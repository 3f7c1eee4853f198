"""Every theme can be read: on the real screen, by its computed colours, and without any."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from rich.color import Color as RichColor
from rich.segment import Segment
from textual.color import Color
from textual.filter import ANSIToTruecolor

from mahavishnu_tui.app import MahavishnuApp
from mahavishnu_tui.screens.session import DashboardOptions
from mahavishnu_tui.widgets.themes import DEFAULT, PLAIN, THEMES, full_name, theme_for
from tests.unit.screens.driving import Drive, drive

COLOURED = [name for name, theme in THEMES.items() if not theme.ansi]
TONES = ("text-primary", "text-success", "text-error", "text-warning")
# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
BLINDNESS = {
    "deuteranopia": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "protanopia": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
}


def linear(color: Color) -> tuple[float, ...]:
    parts = (part / 255 for part in color.rgb)
    return tuple(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)


def luminance(color: Color) -> float:
    red, green, blue = linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


def lab(rgb: tuple[float, ...]) -> tuple[float, float, float]:
    red, green, blue = (min(1.0, max(0.0, part)) for part in rgb)
    spaces = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089,
    )
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in spaces)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def seen_apart(one: Color, other: Color, matrix: tuple[tuple[float, ...], ...]) -> float:
    """How far two colours are apart (CIE76) for eyes of that kind."""
    both = [
        lab(tuple(sum(a * b for a, b in zip(row, linear(color), strict=True)) for row in matrix))
        for color in (one, other)
    ]
    return float(sum((a - b) ** 2 for a, b in zip(*both, strict=True)) ** 0.5)


def pieces(driven: Drive) -> Iterator[Segment]:
    """What is written on the screen; lines and signs apart."""
    for strip in driven.app.screen._compositor.render_strips():
        yield from (piece for piece in strip if any(char.isalnum() for char in piece.text) and piece.style)


def faint(driven: Drive, least: float) -> list[str]:
    found = []
    for piece in pieces(driven):
        assert piece.style is not None
        assert piece.style.color is not None
        assert piece.style.bgcolor is not None
        both = Color.from_rich_color(piece.style.color), Color.from_rich_color(piece.style.bgcolor)
        if contrast(*both) < least:
            found.append(f"{piece.text!r}: {both[0].hex} on {both[1].hex}, {contrast(*both):.1f}")
    return found


@pytest.mark.parametrize("name", COLOURED)
async def test_text_can_be_read(name: str) -> None:
    least = 7.0 if name == "mahavishnu-contrast" else 4.5
    async with drive((110, 38)) as driven:  # the dialog covers what is dimmed behind it
        await driven.press(":")
        await driven.type(f"theme {name}")
        await driven.press("enter")
        await driven.until(lambda: driven.app.theme == name)
        await driven.settle()
        assert faint(driven, least) == []
        await driven.cursor_on("brisk-heron")
        await driven.press("a", "tab", "tab")
        await driven.sees("Approve")
        await driven.settle()
        assert faint(driven, least) == []


@pytest.mark.parametrize("kind", BLINDNESS)
def test_states_differ_for_eyes_without_red_or_green(kind: str) -> None:
    theme = THEMES["mahavishnu-colorblind"]
    variables = {**theme.to_color_system().generate(), **theme.variables}
    tones = {tone: Color.parse(variables[tone]) for tone in TONES}
    for one, other in itertools.combinations(tones, 2):
        assert seen_apart(tones[one], tones[other], BLINDNESS[kind]) > 20, (one, other)


async def test_the_terminals_own_colours_alone() -> None:
    async with drive((160, 45)) as driven:
        driven.app.theme = PLAIN
        await driven.settle()
        for piece in pieces(driven):
            assert piece.style is not None
            for color in (piece.style.color, piece.style.bgcolor):
                assert color is None or color.triplet is None, piece
            assert piece.style.color != piece.style.bgcolor or piece.style.color == RichColor.default()


def test_they_are_the_terminals_own_from_the_first_frame_on() -> None:
    app = MahavishnuApp(DashboardOptions(), theme=PLAIN)
    assert not any(isinstance(one, ANSIToTruecolor) for one in app.get_line_filters())
    assert app.theme_variables["text-error"] == "ansi_red"


async def test_no_colour_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with drive((160, 45)) as driven:
        for name in THEMES:
            driven.app.theme = name
            await driven.until(lambda name=name: driven.app.theme == name)
            await driven.settle()
            if THEMES[name].ansi:
                assert {piece.style.color for piece in pieces(driven) if piece.style} == {RichColor.default()}
                assert any(piece.style.reverse for piece in pieces(driven) if piece.style)
            else:
                assert faint(driven, 3.7) == []
                shown = {piece.style.color.triplet for piece in pieces(driven) if piece.style.color}  # type: ignore[union-attr]
                assert all(grey.red == grey.green == grey.blue for grey in shown if grey)


@pytest.mark.parametrize(
    ("environ", "theme"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, DEFAULT),
        ({"TERM": "xterm-256color"}, DEFAULT),
        ({"TERM": "tmux-256color"}, DEFAULT),
        ({"TERM": "xterm-kitty"}, DEFAULT),
        ({"TERM": "linux"}, PLAIN),
        ({"TERM": "xterm-16color"}, PLAIN),
        ({"TERM": "xterm"}, PLAIN),
        ({}, PLAIN),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, PLAIN),
    ],
)
def test_the_theme_of_a_terminal(environ: dict[str, str], theme: str) -> None:
    assert theme_for(environ) == theme


def test_names_of_ours_may_be_short() -> None:
    known = [*THEMES, "nord", "light"]
    assert full_name("Light", known) == "mahavishnu-light"
    assert full_name("nord", known) == "nord"
    assert full_name("mahavishnu-ansi", known) == PLAIN
    assert full_name("loud", known) == ""


async def test_a_theme_is_tried_on_in_the_list() -> None:
    async with drive() as driven:
        await driven.press(":")
        await driven.type("theme")
        await driven.press("enter", "j")
        await driven.until(lambda: driven.app.theme == "mahavishnu-light")
        await driven.press("escape")
        await driven.until(lambda: driven.app.theme == DEFAULT)
        await driven.press(":")
        await driven.type("theme")
        await driven.press("enter", "j", "enter")
        await driven.sees("mahavishnu-light;")
        assert driven.app.theme == "mahavishnu-light"


async def test_an_unknown_theme_is_said_with_the_nearest_one() -> None:
    async with drive() as driven:
        await driven.press(":")
        await driven.type("theme lihgt")
        await driven.press("enter")
        await driven.sees("MHV-010", "Did you mean light?")
        assert driven.app.theme == DEFAULT
