"""From what an operator names to what a host can load: a spec, its project, the files to be trusted."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import stat
import sys
from pathlib import Path
from typing import Any

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.workflow import Project
from mahavishnu_tui.settings.paths import here

MARKERS = ("pyproject.toml", "langgraph.json", ".git", ".venv")
_USUAL = frozenset({"graph", "app", "agent", "workflow", "builder", "make_graph"})
_NAMED = re.compile(r"(?P<path>.+):(?P<name>[A-Za-z_]\w*|[\w.-]+)")


@dataclasses.dataclass(frozen=True)
class Target:
    """A graph in a file, ready to be registered."""

    spec: str
    """`/abs/file.py:name`, or `/abs/file.py` for the only graph in it."""
    project: Project
    files: tuple[Path, ...]
    """What must be trusted before it is loaded."""
    name: str
    """What to call the workflow."""


def resolve_target(text: str, interpreter: str | None = None) -> Target:
    """Read `F.py`, `F.py:name`, `langgraph.json` or `langgraph.json:id`.

    Raises:
        MahavishnuError: MHV-010 when the file is missing, or is not what it should be.
    """
    path, name = _split(text)
    if path.suffix == ".json":
        return _from_langgraph_json(path, name, interpreter)
    spec = f"{path}:{name}" if name else str(path)
    # `release.py:graph` is the release, `flows.py:release` too.
    called = name if name and name not in _USUAL else path.stem
    return Target(spec, project_of(path, interpreter), (path,), called)


def project_of(file: Path, interpreter: str | None = None, env_file: str = "") -> Project:
    """The project of a file: its nearest parent with a project marker, else its own folder."""
    root = next((folder for folder in file.parents if _is_project(folder)), file.parent)
    return Project(str(root), _interpreter(root, interpreter), env_file)


def _is_project(folder: Path) -> bool:
    """Whether a folder is a project's root. One that anybody may write to is nobody's project:
    an interpreter put there would be run with our rights."""
    try:
        if stat.S_IMODE(folder.stat().st_mode) & stat.S_IWOTH:
            return False
        return any((folder / marker).exists() for marker in MARKERS)
    except OSError:
        return False


def _interpreter(root: Path, given: str | None) -> str:
    if given is not None:
        # Not resolved: the link in a virtual environment is what makes Python find that environment.
        path = here() / Path(given).expanduser()
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise MahavishnuError(
                ErrorCode.BAD_INPUT,
                f"The interpreter {path} is not a program that can be run.",
                "Give the path of a Python, such as .venv/bin/python.",
            )
        return str(path)
    own = root / ".venv" / "bin" / "python"
    return str(own) if own.is_file() and os.access(own, os.X_OK) else sys.executable


def _split(text: str) -> tuple[Path, str]:
    """Path and name; the whole text is a path when there is such a file."""
    path, name = Path(text).expanduser(), ""
    if not path.exists() and (found := _NAMED.fullmatch(text)):
        path, name = Path(found["path"]).expanduser(), found["name"]
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            f"The workflow file {path} {what}.",
            "Give a Python file, with `:name` for one graph of several, or a langgraph.json.",
        )
    return path.resolve(), name


def _from_langgraph_json(path: Path, name: str, interpreter: str | None) -> Target:
    found = _read_json(path)
    graphs = found.get("graphs")
    if not isinstance(graphs, dict) or not graphs:
        raise _wrong(path, "it names no graphs", 'It needs "graphs": {"id": "./file.py:name"}.')
    if not name and len(graphs) > 1:
        raise _wrong(
            path, "it names several graphs", f"Say which: {', '.join(f'{path}:{key}' for key in graphs)}."
        )
    name = name or next(iter(graphs))
    entry = graphs.get(name)
    entry = entry.get("path") if isinstance(entry, dict) else entry
    if not isinstance(entry, str):
        raise _wrong(path, f"it has no graph {name!r}", f"It has: {', '.join(map(str, graphs))}.")
    env = found.get("env")
    env_file = str(path.parent / env) if isinstance(env, str) and env else ""
    if env_file and not Path(env_file).is_file():
        raise _wrong(path, f"its env file {env_file} does not exist", 'Write it, or take "env" out.')
    project = Project(str(path.parent), _interpreter(path.parent, interpreter), env_file)
    file, _, attribute = entry.rpartition(":")
    if "/" not in file and not file.endswith(".py"):
        return Target(entry, project, (path,), name)
    code = (path.parent / file).resolve()
    if not code.is_file():
        raise _wrong(path, f"its graph {name!r} is in {code}, which does not exist", "Correct the path.")
    return Target(f"{code}:{attribute}", project, (path, code), name)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except json.JSONDecodeError as error:
        raise _wrong(
            path, f"it is not JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        ) from error
    except (OSError, ValueError) as error:
        raise _wrong(path, f"it cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise _wrong(path, "it is not a JSON object")
    return found


def _wrong(path: Path, why: str, hint: str = "Correct it.") -> MahavishnuError:
    return MahavishnuError(ErrorCode.BAD_INPUT, f"{path}: {why}.", hint)
