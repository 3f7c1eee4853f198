"""Searching every run for a text: the query, and where it was found. Pure."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Sequence
from typing import Any, Final, Literal, get_args

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.record import Record
from mahavishnu_tui.models.run import Run
from mahavishnu_tui.models.text import clean_line, small

SearchField = Literal["run", "id", "tag", "workflow", "error", "node", "question", "answer", "input"]
FIELDS: Final[tuple[SearchField, ...]] = get_args(SearchField)
"""In the order in which a place is chosen where a text is found in several."""
_LONGEST_QUERY = 200
_BEFORE = 24
_AROUND = 160
"""Characters of what is found that are shown, `_BEFORE` of them before it at most."""


@dataclasses.dataclass(frozen=True)
class SearchWord:
    """One text that has to be in a run."""

    text: str
    """In small letters."""
    field: SearchField | None = None
    """Only there; None: anywhere."""


@dataclasses.dataclass(frozen=True)
class SearchHit(Record):
    """A run, and the best of the places where it was found."""

    run: Run
    field: SearchField
    text: str
    """The place, cut to what is around."""
    start: int
    end: int
    """Where in `text` it was found."""

    def to_json(self) -> dict[str, Any]:
        """The hit with its run as one JSON object."""
        return {**super().to_json(), "run": self.run.to_json()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> SearchHit:
        """Read what `to_json` wrote."""
        names = cls.__dataclass_fields__
        plain = {key: value for key, value in data.items() if key in names}
        return cls(**{**plain, "run": Run.from_json(data["run"])})


@dataclasses.dataclass(frozen=True)
class FoundPage:
    """A page of hits, the newest runs first."""

    hits: tuple[SearchHit, ...]
    cursor: str = ""
    """For the next page; empty when there is none."""
    total: int = 0
    """How many runs were found when it was counted; only the first page says it."""
    exact: bool = True
    """Whether `total` is all; else time was up, and there are at least so many."""
    whole: bool = True
    """Whether every run can be found; older ones are still being taken in otherwise."""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> FoundPage:
        """Read what the server sent."""
        hits = tuple(SearchHit.from_json(item) for item in data["hits"])
        told = {key: data[key] for key in ("cursor", "total", "exact", "whole") if key in data}
        return cls(hits, **told)


def parse_search(text: str) -> list[SearchWord]:
    """Understand what was typed: words that all have to be there, `"two words"`, `error:timeout`.

    Raises:
        MahavishnuError: MHV-010 there is nothing to look for, or too much.
    """
    if len(text) > _LONGEST_QUERY:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT, f"The text to look for is longer than {_LONGEST_QUERY} characters."
        )
    try:
        words = shlex.split(text.replace("'", "\\'").replace("\\n", " "))
    except ValueError:  # a quote that is not closed yet
        words = text.replace('"', " ").split() or text.split()
    found = []
    for word in words:
        name, colon, rest = word.partition(":")
        if colon and rest and name.lower() in FIELDS:
            found.append(SearchWord(small(rest), name.lower()))  # type: ignore[arg-type]
        elif word.strip():
            found.append(SearchWord(small(word)))
    if not found:
        raise MahavishnuError(ErrorCode.BAD_INPUT, "There is nothing to look for.", "Type a word.")
    return found


def find_place(
    places: Sequence[tuple[SearchField, str]], words: Sequence[SearchWord]
) -> tuple[SearchField, str, int, int] | None:
    """The best place of a run where the first word is, cut to what is around; None where a word is missing.

    Args:
        places: what can be searched in the run.
        words: all of them have to be there.
    """
    best: tuple[SearchField, str, int, int] | None = None
    for number, word in enumerate(words):
        found = None
        for field, text in places:
            at = small(text).find(word.text) if word.field in (None, field) else -1
            if at >= 0 and (found is None or FIELDS.index(field) < FIELDS.index(found[0])):
                found = (field, text, at)
        if found is None:
            return None
        if number == 0:
            best = _cut(*found, len(word.text))
    return best


def _cut(field: SearchField, text: str, at: int, length: int) -> tuple[SearchField, str, int, int]:
    begin = max(0, at - _BEFORE) if at + length > _AROUND else 0
    shown = text[begin : begin + _AROUND]
    lead, tail = "…" if begin else "", "…" if begin + _AROUND < len(text) else ""
    start = at - begin + len(lead)
    return field, clean_line(f"{lead}{shown}{tail}"), start, min(start + length, len(lead) + len(shown))
