"""Takes the parts of an address out of what is said about it: any of them may be a key."""

from __future__ import annotations

import re
from urllib.parse import unquote

from mahavishnu_tui.models.text import clean_line

_PARTS = re.compile(r"[:/@?&=#,;\s]+")
_LONGEST = 300
_SHORTEST = 3
"""Shorter parts are in every sentence."""


def scrub(text: str, url: str) -> str:
    """One clean line, with `…` for all that stands behind the scheme of `url`."""
    _, _, rest = url.partition("://")
    found = set[str]()
    for form in (rest, unquote(rest), unquote(unquote(rest))):
        found |= {form, *_PARTS.split(form)}
    for part in sorted(found, key=len, reverse=True):
        if len(part) > _SHORTEST or (len(part) == _SHORTEST and not part.isalpha()):
            text = re.sub(re.escape(part), "…", text, flags=re.IGNORECASE)
    return clean_line(text.strip().rstrip("."), _LONGEST)
