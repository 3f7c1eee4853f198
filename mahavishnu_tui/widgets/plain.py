"""`PlainSigns`: for terminals that draw no other signs than those of ASCII."""

from __future__ import annotations

from typing import Final

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_SIGNS: Final = str.maketrans(
    {
        **dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼", "+"),
        **dict.fromkeys("─━╌·–—•", "-"),
        **dict.fromkeys("│┃╎▏▎▍▌▐", "|"),
        **dict.fromkeys("▁▂▃▄▅▆▇▔", " "),
        **dict.fromkeys("█▉▊▋", "#"),
        **dict.fromkeys("↑▲", "^"),
        **dict.fromkeys("↓▼▾", "v"),
        **dict.fromkeys("→▶▸›", ">"),
        **dict.fromkeys("←◀‹", "<"),
        **dict.fromkeys("↳⏎", "\\"),
        **dict.fromkeys("●◆◉", "*"),
        **dict.fromkeys("“”", '"'),
        **dict.fromkeys("✔", "+"),
        **dict.fromkeys("✘×", "x"),
        "…": "~",
        "⑂": "Y",
        "\N{REPLACEMENT CHARACTER}": "?",
    }
)
"""One cell for one cell. Letters of any script stay: they are what graphs and people wrote."""


class PlainSigns(LineFilter):
    """Replaces the signs of frames, scroll bars, arrows and separators, wherever they were drawn."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same line in ASCII, as far as it is ours."""
        return [
            segment if segment.text.isascii() else Segment(segment.text.translate(_SIGNS), segment.style)
            for segment in segments
        ]
