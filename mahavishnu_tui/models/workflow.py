"""Workflows that can be run, and the projects they live in."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

from mahavishnu_tui.models.record import Record


@dataclasses.dataclass(frozen=True)
class Project(Record):
    """Interpreter + folder (+ env file): what an engine host is started for."""

    root: str
    """Absolute path; the host's working directory and `sys.path[0]`."""
    interpreter: str
    """Absolute path of the Python that runs the project's code."""
    env_file: str = ""

    @property
    def id(self) -> str:
        """A short stable key; names the project's checkpoint file."""
        text = "\0".join((self.root, self.interpreter, self.env_file))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclasses.dataclass(frozen=True)
class Workflow(Record):
    """A graph that the server has been told of."""

    id: str
    """Hash of project root and spec: the same graph is the same workflow for ever."""
    name: str
    spec: str
    """`/abs/file.py:name` or `package.module:name`."""
    project: dict[str, Any]
    """A `Project` as JSON."""
    registered_at: float
    description: str = ""
    shape: dict[str, Any] | None = None
    """A `GraphShape` as JSON; None until a host has loaded the graph."""
    input_schema: dict[str, Any] | None = None
    graph_hash: str = ""
    engine: str = "langgraph"
    """`langgraph` runs in a host of ours, `langgraph-server` on `server`."""
    server: str = ""
    """The name of the LangGraph server that has it as an assistant; empty for a graph of ours."""
    error: dict[str, Any] | None = None
    """Why it did not load, as `{code, message, hint}`."""
