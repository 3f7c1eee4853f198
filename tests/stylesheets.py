"""Style sheets that are parsed once for all apps of a test process.

Textual parses all of them anew for each app, and again for each screen that is opened for the first time: a
tenth of the time that a screen's test takes.
"""

from __future__ import annotations

from typing import Any

from textual.css.stylesheet import Stylesheet

_parse = Stylesheet._parse_rules
_parsed: dict[tuple[Any, ...], Any] = {}


def _parse_once(sheet: Stylesheet, *args: Any, **kwargs: Any) -> Any:
    key = (args, *sorted(kwargs.items()), frozenset(sheet._variables.items()))
    if key not in _parsed:
        _parsed[key] = _parse(sheet, *args, **kwargs)
    return _parsed[key]


def parse_once() -> None:
    """From now on; rules are only read once they are parsed."""
    Stylesheet._parse_rules = _parse_once  # type: ignore[method-assign]
