"""Runs every benchmark, one after the other, and writes `RESULTS.md` from what they have given.

`--only NAME` measures one anew and leaves the sections of the others as they stand in `RESULTS.md`: each says
when it was measured. A script that fails is a row that says so.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import os
import platform
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from figures import Figure, Section, read

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "RESULTS.md"
SECONDS = 900.0
"""The longest that one script may take."""
PACKAGES = ("textual", "langgraph", "langgraph-checkpoint-sqlite", "prefect", "orjson", "mahavishnu-tui")
INTRODUCTION = """\
# Results

Each figure is measured beside its peer or floor in the same run. The ratio is what counts: machines differ,
and none is quite idle. `make bench` writes this file; `make bench ONLY="tables keys"` measures some anew.
Budgets are the project's own. "CPU" is the time that the process computed, without what it waited.
"""
LEFT_OUT = """\
## Not measured here

- toolong, posting and harlequin as peers of start-up: they are not dependencies of this project. A bare
  Textual app is the floor, and stricter than they are.
- The compact checkpoint saver: there is none yet. Checkpoints are as large as LangGraph makes them.
- An hour itself: memory is measured after minutes of constant change, after many screens were opened and
  closed, and after as many runs as an hour brings: what grows does so faster then.
"""


@dataclasses.dataclass(frozen=True)
class Drawn:
    """One section of the document."""

    title: str
    name: str
    """Of its script, without `bench_`."""
    text: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="these alone: tables, keys …")
    parser.add_argument("--list", action="store_true", help="say which there are")
    given = parser.parse_args()
    names = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    if unknown := sorted(set(given.only) - set(names)):
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(names)}")
    if given.list:
        print("\n".join(names))
        return
    begun = time.perf_counter()
    fresh: list[Drawn] = []
    for name in given.only or names:
        print(f"\n== {name}", flush=True)
        fresh += measured(name)
        others = [section for section in standing(names) if section.name not in {one.name for one in fresh}]
        RESULTS.write_text(document(others + fresh), encoding="utf-8")
    print(f"\n{RESULTS}: {time.perf_counter() - begun:.0f} s")
    sys.exit(any(section.title.startswith("!") for section in fresh))


def measured(name: str) -> list[Drawn]:
    """Run one script; its table goes to the terminal as it comes."""
    load = os.getloadavg()[0]
    at = datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figures"
        command = [sys.executable, str(HERE / f"bench_{name}.py"), str(path)]
        try:
            done = subprocess.run(command, timeout=SECONDS, stderr=subprocess.PIPE, text=True, check=False)
            said = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
            print(done.stderr, end="", file=sys.stderr)
            sections = read(path) if done.returncode == 0 else failed(name, said[0])
        except (subprocess.TimeoutExpired, OSError, ValueError) as error:
            sections = failed(name, str(error))
    measured_by = f"`bench_{name}.py`, {at}, {processor()}, load {load:.1f} at its start."
    return [Drawn(section.title, name, drawn(section, measured_by)) for section in sections]


def standing(names: Sequence[str]) -> list[Drawn]:
    """The sections that `RESULTS.md` has by now, but for those whose script is gone."""
    found = []
    for text in RESULTS.read_text(encoding="utf-8").split("\n## ")[1:] if RESULTS.exists() else ():
        title, _, rest = text.partition("\n")
        by = re.match(r"\s*`bench_(\w+)\.py`", rest)
        if by and by[1] in names:
            found.append(Drawn(title, by[1], f"## {text.rstrip()}\n"))
    return found


def failed(name: str, said: str) -> list[Section]:
    print(f"FAILED: {said}")
    why = "The script failed: " + re.sub(r"[|`\s]+", " ", said)[:300]
    return [Section(f"! {name}", [Figure(f"bench_{name}.py", "no figure", kept=False, why=why)])]


def document(sections: Sequence[Drawn]) -> str:
    """The whole of RESULTS.md."""
    texts = [section.text for section in sorted(sections, key=lambda section: section.title)]
    kept, missed = (sum(text.count(f"| {verdict} |\n") for text in texts) for verdict in ("kept", "MISSED"))
    parts = [INTRODUCTION, machine(), f"{kept} of {kept + missed} budgets kept.\n", *texts, LEFT_OUT]
    return "\n".join(parts)


def drawn(section: Section, measured_by: str) -> str:
    """One section with its reasons."""
    lines = [
        f"## {section.title}",
        "",
        f"{measured_by} {section.note}".strip(),
        "",
        "| | ours | peer or floor | ratio | budget | |",
        "|---|---|---|---|---|---|",
    ]
    for figure in section.figures:
        cells = (figure.what, figure.ours, figure.peer, figure.ratio, figure.budget, figure.verdict)
        lines.append("| " + " | ".join(cells) + " |")
    reasons = [figure for figure in section.figures if figure.kept is False]
    for figure in reasons:
        lines += ["", f"**{figure.what}:** {figure.why or 'no reason is known yet.'}"]
    return "\n".join([*lines, ""])


def processor() -> str:
    """The kind of CPU."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    return next((line.split(":", 1)[1].strip() for line in info.splitlines() if "model name" in line), "?")


def machine() -> str:
    """What it was measured on, as it is now."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    rows = [
        ("cores", str(os.cpu_count())),
        ("memory", f"{memory:.0f} GiB"),
        ("kernel", f"{platform.system()} {platform.release()}"),
        ("Python", platform.python_version()),
        ("SQLite", sqlite3.sqlite_version),
        *((name, _version(name)) for name in PACKAGES),
    ]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows), ""])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    main()
