"""Folders that a `langgraph.json` calls dependencies: modules come from there too, as in `langgraph dev`."""

from __future__ import annotations

import json
from pathlib import Path


def dependency_folders(root: Path) -> list[str]:
    """Absolute paths of those that are folders, but for the project's own; none where the file says none."""
    try:
        named = json.loads((root / "langgraph.json").read_bytes())["dependencies"]
        folders = [(root / name).resolve() for name in named if isinstance(name, str)]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []  # whoever loads a graph by it is told what is wrong with it
    return [str(folder) for folder in dict.fromkeys(folders) if folder.is_dir() and folder != root.resolve()]
