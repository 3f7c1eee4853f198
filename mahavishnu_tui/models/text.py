"""All outside text is hostile: what may reach a terminal, and how much of it."""

from __future__ import annotations

import re

# C0 without tab and newline, DEL, C1, and the characters that reorder or hide text (Trojan source).
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2028\u2029\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)

# What joins or dresses emoji: variation selectors, skin tones, the joiner after a symbol. Terminals, tmux and
# Rich do not agree how wide the whole is, and all that follows in the row would be out of its place.
_DRESSING = re.compile(
    "[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]+\u200d?|(?<=[\u2190-\u2bff\U0001f000-\U0001faff])\u200d"
)


def clean(text: object) -> str:
    """Text fit for a terminal: forbidden characters become `\N{REPLACEMENT CHARACTER}`, tabs four spaces.

    Of emoji the plain parts are left, each as wide everywhere.
    """
    plain = _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", str(text).replace("\r\n", "\n").expandtabs(4))
    return plain if plain.isascii() else _DRESSING.sub("", plain)


def clean_line(text: object, limit: int = 0) -> str:
    """`clean`, on one line: newlines become `⏎`, and what passes `limit` characters an ellipsis."""
    # Most texts are printable, and nothing that is forbidden is.
    printable = isinstance(text, str) and text.isprintable()
    line = str(text) if printable else clean(text).replace("\n", "⏎")
    line = line if line.isascii() else _DRESSING.sub("", line)
    if limit and len(line) > limit:
        return line[: max(0, limit - 1)] + "…"
    return line


def small(text: str) -> str:
    """In small letters of any script, each in its place: no length changes."""
    found = text.lower()
    if len(found) != len(text):  # as with İ, which becomes two
        found = "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)
    return found.replace("ς", "σ")


def counted(count: int, noun: str) -> str:
    """`1 line`, `1,200 lines`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
