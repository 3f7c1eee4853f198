"""What `mahavishnu init` writes into a folder: files that work as they are."""

from __future__ import annotations

import dataclasses
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.projects.shipped import shipped
from mahavishnu_tui.settings.trust import TrustStore

WORKFLOW, FLOW, SETTINGS, LANGGRAPH_JSON = "workflow.py", "flow.py", "mahavishnu.yaml", "langgraph.json"
FILES = (WORKFLOW, FLOW, SETTINGS)
"""Those that are always written."""


@dataclasses.dataclass(frozen=True)
class Placed:
    """What became of one file."""

    path: Path
    outcome: Literal["written", "exists"]


def write_starter(folder: Path, store: TrustStore, names: Sequence[str] = FILES) -> list[Placed]:
    """Write the files that are not there yet, and trust what was written: its content is ours.

    Args:
        folder: made, with its parents, where there is none.
        store: learns of what is written here, and of nothing else.
        names: which files.

    Raises:
        MahavishnuError: MHV-010, the folder cannot be made or written to.
    """
    source = shipped("examples") / "starter"
    placed = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            path, content = folder / name, (source / name).read_bytes()
            written = _write_new(path, content)
            if written:
                store.allow(path, content)
            placed.append(Placed(path, "written" if written else "exists"))
    except OSError as error:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            f"{error.filename or folder} cannot be written ({error.strerror}).",
            "Name a folder that you may write to: mahavishnu init DIR.",
        ) from error
    return placed


def _write_new(path: Path, content: bytes) -> bool:
    """Whether it was written: what is there already, be it a broken link, stays as it is."""
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        return False
    return True


def next_commands(folder: Path, program: str = "mahavishnu") -> list[str]:
    """What to type then, from the working directory."""
    near = Path(os.path.relpath(folder))
    program, workflow, flow = map(shlex.quote, (program, str(near / WORKFLOW), str(near / FLOW)))
    return [
        f'{program} langgraph execute --workflow-file {workflow} --state \'{{"topic": "otters"}}\' --wait',
        f"{program} prefect execute {flow} --wait",
        program,
    ]
