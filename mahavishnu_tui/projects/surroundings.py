"""`look_around`: what a folder has that can be run, and with what; nothing is imported, run or trusted."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import re
from pathlib import Path

from mahavishnu_tui.projects.code import MAX_BYTES, MAX_DEPTH, Code, search
from mahavishnu_tui.projects.starter import FILES, LANGGRAPH_JSON
from mahavishnu_tui.projects.target import project_of

PACKAGES = ("langgraph", "langgraph-checkpoint-sqlite", "prefect")
"""What an interpreter needs to run graphs, and flows."""


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """A folder and what it has."""

    folder: Path
    graphs: tuple[Code, ...] = ()
    flows: tuple[Code, ...] = ()
    named: tuple[str, ...] = ()
    """Graphs that a `langgraph.json` here names."""
    files: int = 0
    """Python files that were looked at."""
    whole: bool = True
    """Whether all of them were looked at."""
    interpreter: str = ""
    """The Python that would run what is found."""
    own: bool = False
    """Whether that is the project's own, in its `.venv`."""
    versions: tuple[tuple[str, str], ...] = ()
    """Those of `PACKAGES` that it has."""
    broken: tuple[tuple[Path, str], ...] = ()
    """Files that cannot be read, and why."""
    missing: tuple[str, ...] = ()
    """Files of `mahavishnu init` that are not here."""

    def version(self, package: str) -> str:
        """The version of a package that the interpreter has; empty when it has none."""
        return dict(self.versions).get(package, "")


def look_around(folder: Path, home: Path) -> Surroundings:
    """Look at a folder.

    Args:
        folder: the working directory.
        home: the operator's home; what is below it is not what he has opened.
    """
    code = search(folder, 0 if folder in (home, Path(folder.anchor)) else MAX_DEPTH)
    project = project_of(folder / "any.py")
    interpreter = project.interpreter
    place = Path(project.root, ".venv")
    own = Path(interpreter).is_relative_to(place)
    named, fault = _named(folder / LANGGRAPH_JSON)
    broken = ((folder / LANGGRAPH_JSON, fault), *code.broken) if fault else code.broken
    return Surroundings(
        folder,
        tuple(item for item in code.found if item.kind == "graph"),
        tuple(item for item in code.found if item.kind == "flow"),
        named,
        code.files,
        code.whole,
        interpreter,
        own,
        tuple(_installed(place).items()) if own else tuple(_ours().items()),
        broken,
        tuple(name for name in FILES if not (folder / name).exists()),
    )


def _named(path: Path) -> tuple[tuple[str, ...], str]:
    """The graphs that a `langgraph.json` names, or why it names none."""
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return (), ""
        graphs = json.loads(path.read_bytes())["graphs"]
        return tuple(map(str, graphs.keys())), ""
    except json.JSONDecodeError as error:
        return (), f"line {error.lineno}: {error.msg}"
    except OSError:
        return (), ""
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return (), "it names no graphs"


def _installed(place: Path) -> dict[str, str]:
    """What a virtual environment has, by the names of folders in it."""
    found = {}
    for package in PACKAGES:
        name = package.replace("-", "_")
        for info in place.glob(f"lib/python3*/site-packages/{name}-*.dist-info"):
            version = re.fullmatch(rf"{name}-(.+)\.dist-info", info.name)
            if version:
                found[package] = version[1]
    return found


def _ours() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
