"""A project whose own `.venv` has LangGraph, and nothing of this program."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.e2e.conftest import Machine

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]
OURS = (
    "mahavishnu",
    "_mahavishnu",
    "textual",
    "prefect",
    "starlette",
    "uvicorn",
    "pydantic_settings",
    "click",
)

FLOW = """
import sys
from typing import TypedDict
from langgraph.graph import END, START, StateGraph
import settings  # a module of the project: ours of that name must not be in its way

class State(TypedDict, total=False):
    interpreter: str
    ours: list
    setting: str

def look(state):
    ours = [n for n in ("textual", "prefect", "starlette", "pydantic_settings") if n in sys.modules]
    return {"interpreter": sys.executable, "ours": ours, "setting": settings.NAME}

graph = StateGraph(State).add_node(look).add_edge(START, "look").add_edge("look", END)
"""


def own_venv(project: Path) -> Path:
    """A `.venv` with everything that LangGraph needs, and without us."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(project / ".venv")], check=True)
    theirs = next((project / ".venv" / "lib").glob("python3*")) / "site-packages"
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if not package.name.lower().startswith(OURS) and package.suffix != ".pth":
            (theirs / package.name).symlink_to(package)
    return project / ".venv" / "bin" / "python"


def test_a_projects_own_interpreter_runs_its_graphs(machine: Machine) -> None:
    project = machine.home / "theirs"
    project.mkdir()
    interpreter = own_venv(project)
    assert (
        subprocess.run(
            [interpreter, "-c", "import mahavishnu_tui"], cwd=project, capture_output=True
        ).returncode
        != 0
    )
    (project / "flow.py").write_text(FLOW)
    (project / "settings.py").write_text("NAME = 'theirs'\n")

    words = [
        "langgraph",
        "execute",
        "--workflow-file",
        str(project / "flow.py"),
        "--state",
        "{}",
        "--trust",
        "--wait",
    ]
    done = machine.json(*words)

    assert done["values"] == {"interpreter": str(interpreter), "ours": [], "setting": "theirs"}


def test_an_interpreter_without_langgraph_is_named_with_its_cure(machine: Machine) -> None:
    project = machine.home / "bare"
    project.mkdir()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(project / ".venv")], check=True)
    shutil.copy(machine.project / "flows.py", project / "flows.py")

    words = [
        "langgraph",
        "execute",
        "--workflow-file",
        str(project / "flows.py:parcel"),
        "--state",
        "{}",
        "--trust",
    ]
    failed = machine.run(*words, "--wait", code=1)

    assert "MHV-423" in failed.stderr
    assert str(project / ".venv" / "bin" / "python") in failed.stderr
    assert "pip install" in failed.stderr
    assert "Traceback" not in failed.stderr
