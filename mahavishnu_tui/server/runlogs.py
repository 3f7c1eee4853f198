"""Reads what runs have said: the files that engine hosts write, see `models.said`."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

from mahavishnu_tui.models.said import LEVELS, said_files
from mahavishnu_tui.server import codec

SCAN = 32 * 1024 * 1024
"""Bytes that one request looks through; the next one goes on from there."""
_OPEN_TRIES = 5
_NUMBER = re.compile(rb'\{"number":([0-9]{1,18}),')
_FILE = re.compile(r"(.+?)(\.before|\.now)?\.jsonl")


@dataclasses.dataclass(frozen=True)
class Wanted:
    """Which lines of a run's log."""

    after: int | None = None
    """Lines with higher numbers, from the first of them on; None: the newest ones."""
    limit: int = 1000
    visit: int | None = None
    least: str = "debug"
    """The least level."""
    text: str = ""
    """What a line holds, in any case."""

    @property
    def everything(self) -> bool:
        """Nothing is left out."""
        return self.visit is None and self.least == "debug" and not self.text

    def matches(self, line: dict[str, Any]) -> bool:
        """Whether a line is wanted, whatever its number."""
        if self.visit is not None and line.get("visit") != self.visit:
            return False
        if _rank(line.get("level")) < _rank(self.least):
            return False
        return not self.text or self.text.lower() in str(line.get("text", "")).lower()


def read(folder: Path, run_id: str, wanted: Wanted) -> dict[str, Any]:
    """A `SaidPage` as JSON. A run that has said nothing has an empty one; raises OSError."""
    with contextlib.ExitStack() as stack:
        files = _open(stack, said_files(folder, run_id))
        after = wanted.after
        if after is None:
            after = max(0, _newest(files) - wanted.limit) if wanted.everything else 0
        return _page(files, wanted, after)


def _page(files: list[BinaryIO], wanted: Wanted, after: int) -> dict[str, Any]:
    found: deque[dict[str, Any]] = deque(maxlen=wanted.limit if wanted.after is None else None)
    last, seen, scanned, more = after, 0, 0, False
    for number, raw in _lines(files, after):
        if (len(found) >= wanted.limit and wanted.after is not None) or scanned > SCAN:
            more = True
            break
        scanned += len(raw)
        line = _parsed(raw)
        if line is None:
            continue
        seen += 1
        last = max(last, number)
        if wanted.matches(line):
            found.append(line)
    return {"lines": list(found), "last": last, "more": more, "dropped": max(0, last - after - seen)}


def _lines(files: list[BinaryIO], after: int) -> Iterator[tuple[int, bytes]]:
    for file in files:
        _seek(file, after)
        for raw in file:
            number = _number(raw)
            if number > after:
                yield number, raw


def _seek(file: BinaryIO, after: int) -> None:
    """Go to a line's beginning from which on every number above `after` follows: numbers grow."""
    low, high = 0, file.seek(0, os.SEEK_END)
    while high - low > 64 * 1024:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline()
        begin = file.tell()
        number = next((found for raw in file if (found := _number(raw))), 0)
        if not number or number > after:
            high = middle
        else:
            low = begin
    file.seek(low)


def _newest(files: list[BinaryIO]) -> int:
    for file in reversed(files):
        file.seek(max(0, file.seek(0, os.SEEK_END) - 256 * 1024))
        newest = max((_number(raw) for raw in file), default=0)
        if newest:
            return newest
    return 0


def _open(stack: contextlib.ExitStack, paths: tuple[Path, ...]) -> list[BinaryIO]:
    """The files that are there. A host may just make the third one the second: then look again."""
    files: list[BinaryIO] = []
    for _ in range(_OPEN_TRIES):
        for file in files:
            file.close()
        files = []
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                files.append(stack.enter_context(path.open("rb")))
        opened = [os.fstat(file.fileno()).st_ino for file in files]
        if opened == [path.stat().st_ino for path in paths if path.exists()]:
            break
    return files


def _number(raw: bytes) -> int:
    found = _NUMBER.match(raw)
    return int(found[1]) if found and raw.endswith(b"}\n") else 0


def _parsed(raw: bytes) -> dict[str, Any] | None:
    try:
        line = codec.loads(raw)
    except ValueError:  # torn by a crash
        return None
    return line if isinstance(line, dict) else None


def _rank(level: object) -> int:
    return LEVELS.index(level) if level in LEVELS else 1


def sweep(folder: Path, known: Iterable[str]) -> int:
    """Remove the logs of runs that are not known any more; how many files went."""
    runs, gone = set(known), 0
    try:
        names = os.listdir(folder)
    except OSError:
        return 0
    for name in names:
        found = _FILE.fullmatch(name)
        if found and unquote(found[1]) not in runs:
            with contextlib.suppress(OSError):
                (folder / name).unlink()
                gone += 1
    return gone
