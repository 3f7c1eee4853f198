"""What the code of a run says: lines of a log file per run, written by engine hosts, read by the server."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from mahavishnu_tui.models.record import Record

SaidStream = Literal["stdout", "stderr", "log", "custom"]
"""`custom`: an event of LangGraph's stream writer, as JSON."""
SaidLevel = Literal["debug", "info", "warning", "error", "critical"]

LEVELS: tuple[SaidLevel, ...] = ("debug", "info", "warning", "error", "critical")
"""From the least to the gravest."""
MAX_TEXT = 8 * 1024
"""Characters of one line that are kept."""


@dataclasses.dataclass(frozen=True)
class SaidLine(Record):
    """One line, or one log record of several. Text as it was said: whoever shows it cleans it."""

    number: int
    """1, 2, 3 … within the run; numbers that are missing were dropped."""
    at: float
    text: str
    visit: int = 0
    """The visit that said it; 0 for the run as a whole."""
    stream: SaidStream = "stdout"
    level: SaidLevel = "info"
    """What is printed to stderr counts as a warning, to stdout as info."""
    logger: str = ""


@dataclasses.dataclass(frozen=True)
class SaidPage(Record):
    """A part of a run's log, in order."""

    lines: list[SaidLine]
    last: int = 0
    """Up to which number it was looked through, for the next `after`."""
    more: bool = False
    """There are later ones."""
    dropped: int = 0
    """Lines between the first and the last number looked through that were not kept."""

    def to_json(self) -> dict[str, object]:
        """The page as one JSON object."""
        return {**super().to_json(), "lines": [line.to_json() for line in self.lines]}

    @classmethod
    def from_json(cls, data: dict[str, object]) -> SaidPage:
        """Read what `to_json` wrote."""
        given = data.get("lines")
        lines = [SaidLine.from_json(line) for line in given] if isinstance(given, list) else []
        rest = {key: value for key, value in data.items() if key in ("last", "more", "dropped")}
        return cls(lines=lines, **rest)  # type: ignore[arg-type]


def said_files(folder: Path, run_id: str) -> tuple[Path, Path, Path]:
    """The files of a run's log in the order of their lines: the beginning, then two that take turns.

    Together they stay below the limit of a run. The second is the third one's predecessor, kept until the
    third is full too.
    """
    name = quote(run_id, safe="")
    return (
        folder / f"{name}.jsonl",
        folder / f"{name}.before.jsonl",
        folder / f"{name}.now.jsonl",
    )
