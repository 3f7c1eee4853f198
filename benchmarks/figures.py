"""What every benchmark gives: figures of ours beside a peer or floor of the same run, with their budgets."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Figure:
    """One row of a table."""

    what: str
    ours: str
    peer: str = ""
    """The figure of the peer or floor, and its name."""
    ratio: str = ""
    budget: str = ""
    kept: bool | None = None
    """None where there is no budget."""
    why: str = ""
    """Why the budget is missed, where it is."""

    @property
    def verdict(self) -> str:
        """In a word."""
        return {True: "kept", False: "MISSED", None: ""}[self.kept]


@dataclasses.dataclass(frozen=True)
class Section:
    """Figures that belong together. Titles begin with the number of their section in the budgets."""

    title: str
    figures: Sequence[Figure]
    note: str = ""


def beside(
    what: str,
    ours: float,
    peer: float,
    unit: str,
    name: str,
    *,
    most: float | None = None,
    least: float | None = None,
    why: str = "",
) -> Figure:
    """Ours as a multiple of a peer's; at most, or at least, so much of it."""
    ratio = ours / peer if peer else float("inf") if ours else 1.0
    budget = f"<= {most:g}x" if most is not None else f">= {least:g}x" if least is not None else ""
    kept = ratio <= most if most is not None else ratio >= least if least is not None else None
    shown = f"{ratio:.2f}" if ratio < 100 else f"{ratio:.0f}"
    return Figure(what, amount(ours, unit), f"{amount(peer, unit)} {name}", shown, budget, kept, why)


def below(what: str, ours: float, unit: str, most: float, peer: str = "", *, why: str = "") -> Figure:
    """Ours, against a bound that is a figure of its own."""
    return Figure(what, amount(ours, unit), peer, "", f"<= {amount(most, unit)}", ours <= most, why)


def above_floor(
    what: str, ours: float, floor: float, unit: str, name: str, most: float, *, why: str = ""
) -> Figure:
    """Ours, which may be so much more than a floor."""
    more = ours - floor
    return Figure(
        what,
        amount(ours, unit),
        f"{amount(floor, unit)} {name}",
        f"{more:+.2f}",
        f"<= +{amount(most, unit)}",
        more <= most,
        why,
    )


def plain(what: str, ours: float, unit: str, peer: str = "") -> Figure:
    """A figure without a budget."""
    return Figure(what, amount(ours, unit), peer)


def amount(value: float, unit: str) -> str:
    """A number with three or four digits that count."""
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    if abs(value) < 1 and digits:
        digits = 3
    return f"{value:,.{digits}f} {unit}".strip()


def show(section: Section) -> None:
    """Print a section as a table."""
    print(f"\n{section.title}")
    heads = ("", "ours", "peer or floor", "ratio", "budget", "")
    rows = [(f.what, f.ours, f.peer, f.ratio, f.budget, f.verdict) for f in section.figures]
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    for row in [heads, *rows]:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if section.note:
        print(f"  {section.note}")


def report(measure: Callable[[], list[Section] | Awaitable[list[Section]]]) -> None:
    """The main function of a script: measure, print, and write JSON where the first argument says so."""
    found = measure()
    sections = asyncio.run(_awaited(found)) if inspect.isawaitable(found) else found
    for section in sections:
        show(section)
    if len(sys.argv) > 1:
        told = [dataclasses.asdict(section) for section in sections]
        Path(sys.argv[1]).write_text(json.dumps(told), encoding="utf-8")


def read(path: Path) -> list[Section]:
    """What a script has written."""
    told = json.loads(path.read_text(encoding="utf-8"))
    return [Section(s["title"], [Figure(**f) for f in s["figures"]], s["note"]) for s in told]


async def _awaited(found: Awaitable[list[Section]]) -> list[Section]:
    return await found
