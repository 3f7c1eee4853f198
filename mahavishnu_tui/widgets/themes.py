"""The dashboard's own themes, which one suits a terminal, and what is left of them under NO_COLOR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from textual.filter import LineFilter, Monochrome, NoColor
from textual.theme import Theme

DEFAULT: Final = "mahavishnu-dark"
PLAIN: Final = "mahavishnu-ansi"
"""The colours of the terminal itself."""
_PREFIX: Final = "mahavishnu-"

_DARK = Theme(
    name=DEFAULT,
    primary="#0178D4",
    secondary="#004578",
    accent="#ffa62b",
    warning="#ffa62b",
    error="#ba3c5b",
    success="#4EBF71",
    foreground="#e0e0e0",
    variables={
        "text-disabled": "auto 50%",
        "block-cursor-background": "#0172C9",
        "block-cursor-foreground": "#FFFFFF",
    },
)
_LIGHT = Theme(
    name="mahavishnu-light",
    dark=False,
    primary="#0B5CAD",
    secondary="#4A6785",
    accent="#8A4B00",
    warning="#8A5200",
    error="#B3172B",
    success="#146C2E",
    foreground="#1B1B1B",
    background="#F7F7F5",
    surface="#FFFFFF",
    panel="#E3E7EC",
    variables={"block-cursor-foreground": "#FFFFFF", "text-muted": "#4E5258", "text-disabled": "#666A70"},
)
_CONTRAST = Theme(
    name="mahavishnu-contrast",
    primary="#6CB6FF",
    secondary="#9DD0FF",
    accent="#FFFF00",
    warning="#FFD400",
    error="#FF8A8A",
    success="#5CFF7A",
    foreground="#FFFFFF",
    background="#000000",
    surface="#000000",
    panel="#1C1C1C",
    variables={
        "text": "#FFFFFF",
        "text-muted": "#D8D8D8",
        "text-disabled": "#B4B4B4",
        "border": "#FFFFFF",
        "border-blurred": "#B4B4B4",
        "block-cursor-foreground": "#000000",
        "block-cursor-background": "#FFFF00",
    },
)
# Blue for what is well, orange for what is not: the pair that red-green blindness leaves apart.
_COLORBLIND = Theme(
    name="mahavishnu-colorblind",
    primary="#E6E6FA",
    secondary="#5B7FA6",
    accent="#FFD166",
    warning="#F5E663",
    error="#FF7A1A",
    success="#4CA6FF",
    foreground="#E4E7EB",
    background="#0E1116",
    surface="#171B22",
    panel="#222934",
    variables={
        "text-disabled": "#9AA0A8",
        "text-primary": "#DCDCF5",
        "text-success": "#5CB0FF",
        "text-error": "#FF8A33",
        "text-warning": "#F7EA7A",
        "block-cursor-foreground": "#FFFFFF",
        "block-cursor-background": "#1F5FA8",
    },
)
# Neither blue, which is dark on black, nor a bright colour, which is pale on white.
_ANSI = Theme(
    name=PLAIN,
    ansi=True,
    primary="ansi_cyan",
    secondary="ansi_blue",
    accent="ansi_magenta",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_green",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables={
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "border": "ansi_magenta",
        "border-blurred": "ansi_bright_black",
        "scrollbar": "ansi_cyan",
        "scrollbar-hover": "ansi_cyan",
        "scrollbar-active": "ansi_cyan",
        "scrollbar-background": "ansi_default",
        "scrollbar-background-hover": "ansi_default",
        "scrollbar-background-active": "ansi_default",
    },
)
THEMES: Final[Mapping[str, Theme]] = {
    theme.name: theme for theme in (_DARK, _LIGHT, _CONTRAST, _COLORBLIND, _ANSI)
}
"""By name, in the order in which they are offered."""


def theme_for(environ: Mapping[str, str]) -> str:
    """The theme of a terminal that nobody has chosen one for.

    One with 16 colours or none keeps its own, and so does one whose owner wants no colours: a theme that
    the settings name is shown in grey there.
    """
    term = environ.get("TERM", "").lower()
    if "NO_COLOR" in environ or term in ("", "dumb", "unknown"):
        return PLAIN
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return DEFAULT
    # What Rich takes for 256 colours; to all others it gives 16.
    return DEFAULT if term.rpartition("-")[2] in ("256color", "kitty") else PLAIN


def full_name(word: str, known: Sequence[str]) -> str:
    """The theme that is meant by its name, or by that of one of ours without its beginning; else empty."""
    wanted = word.strip().lower()
    return next((name for name in (f"{_PREFIX}{wanted}", wanted) if name in known), "")


def colourless(filters: Sequence[LineFilter], ansi: bool) -> list[LineFilter]:
    """The filters of an app under NO_COLOR whose theme has just become one with, or without, ANSI colours.

    Textual chooses when the app is made: greys made of a terminal's own colours are black on black.
    """
    wanted = NoColor if ansi else Monochrome
    return [wanted() if isinstance(one, NoColor | Monochrome) else one for one in filters]
