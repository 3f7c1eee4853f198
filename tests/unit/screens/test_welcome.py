"""What is offered where nothing has run, and what comes of each step."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from mahavishnu_tui.client import probing
from mahavishnu_tui.models.context import Context
from mahavishnu_tui.models.prefect import PrefectInfo
from mahavishnu_tui.projects import surroundings
from mahavishnu_tui.projects.code import Code
from mahavishnu_tui.projects.surroundings import Surroundings
from mahavishnu_tui.screens.welcome.lines import found_lines
from mahavishnu_tui.screens.welcome.steps import Seen, choose_steps
from mahavishnu_tui.settings.trust import TrustStore
from tests.snapshots.flow_scenes import flows
from tests.snapshots.flows import Flows
from tests.snapshots.scenes import World, WorldConnection, world
from tests.unit.screens.driving import Drive, drive

HERE = Path("/srv/agents")
GRAPH, NEEDY = Code("graph", HERE / "a.py", "graph"), Code("flow", HERE / "f.py", "needy", ("day",))
READY = (("langgraph", "1"), ("langgraph-checkpoint-sqlite", "1"), ("prefect", "3"))
AROUND = Surroundings(HERE, graphs=(GRAPH,), versions=READY, missing=("workflow.py",))


def kinds(seen: Seen) -> list[str]:
    return [step.kind for step in choose_steps(seen)]


def test_steps_fit_what_was_found() -> None:
    nothing = Surroundings(HERE, missing=("workflow.py",))
    assert kinds(Seen(nothing)) == ["init", "demo", "docs"]
    assert kinds(Seen(dataclasses.replace(nothing, missing=()))) == ["demo", "docs"]
    assert kinds(Seen(AROUND)) == ["graph", "demo", "docs"]
    assert kinds(Seen(dataclasses.replace(AROUND, flows=(NEEDY,)))) == ["graph", "deploy", "demo", "docs"]
    off = PrefectInfo("off")
    assert kinds(Seen(dataclasses.replace(AROUND, flows=(NEEDY,)), prefect=off)) == ["graph", "demo", "docs"]
    bare = dataclasses.replace(AROUND, own=True, versions=(), flows=(NEEDY,))
    assert kinds(Seen(bare)) == ["install", "demo", "docs"]
    assert kinds(Seen(AROUND, readonly=True)) == ["docs"]
    many = dataclasses.replace(AROUND, graphs=(GRAPH,) * 9)
    assert kinds(Seen(many, workflows=3, nearby="http://x/api")) == [
        "launch",
        "graph",
        "graph",
        "watch",
        "docs",
    ]
    away = PrefectInfo("auto", "lost", error={"message": "Connection refused."})
    assert kinds(Seen(AROUND, prefect=away, nearby="http://x/api")) == ["graph", "prefect", "demo", "docs"]
    assert kinds(Seen(AROUND, prefect=away, readonly=True)) == ["prefect", "docs"]
    assert kinds(Seen(AROUND, variable="http://x/api")) == ["graph", "restart", "demo", "docs"]


def test_what_was_found_is_said_once_and_short() -> None:
    url, source = "http://127.0.0.1:4200/api", "prefect.api_url"
    away = PrefectInfo(
        "auto", "lost", url=url, source=source, error={"message": f"Prefect at {url} is away."}
    )
    settings = "own.yaml (used: contexts.lab, contexts.eu.prod, ui.theme); flags (used: nothing)"
    said = dict(found_lines(Seen(AROUND, prefect=away), settings, Path("/home/ana")))
    assert said["settings"] == "own.yaml (used: 2 contexts, ui.theme)"
    assert said["prefect"] == f"Prefect at {url} is away. It was named by {source}."


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An operator's home, and a project in it that is the working directory."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(probing, "prefect_answers", somebody)
    return tmp_path


async def somebody() -> bool:
    return True


def empty(info: PrefectInfo | None = None) -> World:
    return World([], [], world().workflows[:1], [], {}, {}, [], flows=Flows(info, flows().flows.deployments))


async def choose(driven: Drive, title: str) -> None:
    """Put the cursor on a step and do it."""
    await driven.sees(title)
    table = driven.dashboard.room.runs.target
    key = next(row.key for row in table.rows if str(row.cells[0]) == title)  # type: ignore[attr-defined]
    assert table.move_to(key)  # type: ignore[attr-defined]
    await driven.press("enter")


def called(driven: Drive, name: str) -> list[tuple[object, ...]]:
    return [call for call in driven.calls if call[0] == name]


async def test_an_example_is_written_trusted_and_run(home: Path) -> None:
    async with drive((120, 40), world=dataclasses.replace(empty(), workflows=[])) as driven:
        await driven.sees("~/work, 0 Python files", "no LangGraph graph")
        assert driven.dashboard.focused is driven.dashboard.room.runs.target
        await choose(driven, "Write an example project here")
        await driven.sees("Go back", "flow.py")
        await driven.press("escape")
        assert not (home / "work" / "flow.py").exists()
        await choose(driven, "Write an example project here")
        await driven.press("right", "enter")
        await driven.sees("written: workflow.py, flow.py, mahavishnu.yaml", "Run workflow.py:graph")
        driven.connection.world.workflows = world().workflows[:1]
        await choose(driven, "Run flow.py:count_words")
        await driven.until(lambda: called(driven, "run_flow"))
        assert called(driven, "run_flow") == [("run_flow", f"{home}/work/flow.py:count_words")]
        await choose(driven, "Run workflow.py:graph")
        await driven.sees("Launch a workflow or a deployment")
        assert called(driven, "register") == [("register", f"{home}/work/workflow.py:graph", "workflow")]


async def test_code_that_is_not_trusted_is_asked_about_and_never_run_before(home: Path) -> None:
    file = home / "work" / "mine.py"
    file.write_text("from langgraph.graph import StateGraph\ngraph = StateGraph(dict).compile()\n")
    store = TrustStore(home / ".local/share/mahavishnu/trust.json")
    async with drive((120, 40), world=empty()) as driven:
        await choose(driven, "Run mine.py:graph")
        await driven.sees("Trust mine.py:graph?", "It is not trusted yet")
        await driven.press("enter")
        assert not called(driven, "register")
        assert store.state(file) == "unknown"
        await choose(driven, "Run mine.py:graph")
        await driven.sees("Trust mine.py:graph?")
        await driven.press("right", "enter")
        await driven.sees("Launch a workflow or a deployment")
        assert store.state(file) == "trusted"
        await driven.press("escape")
        await driven.until(lambda: driven.app.screen is driven.dashboard)
        file.unlink()
        await choose(driven, "Run mine.py:graph")
        await driven.sees("MHV-010")
        # The row is too short for the path of some temporary folders.
        assert "does not exist" in str(driven.app.session.errors[-1].error)


async def test_a_flow_with_parameters_is_deployed_and_asked(home: Path) -> None:
    file = home / "work" / "f.py"
    file.write_text("from prefect import flow\n@flow\ndef needy(day): ...\n")
    TrustStore(home / ".local/share/mahavishnu/trust.json").allow(file)
    async with drive((120, 40), world=empty(PrefectInfo("auto", "ready"))) as driven:
        await choose(driven, "Deploy f.py:needy")
        await driven.sees("Launch a workflow or a deployment")
        assert called(driven, "create_deployment") == [("create_deployment", f"{file}:needy", "f")]


async def test_a_prefect_that_answers_nearby_is_written_down(home: Path) -> None:
    own = home / ".config" / "mahavishnu" / "mahavishnu.yaml"
    async with drive((120, 40), world=empty(PrefectInfo("auto"))) as driven:
        await choose(driven, "Watch the Prefect server here")
        await driven.sees("Watch http://127.0.0.1:4200/api from now on?")
        await driven.press("right", "enter")
        await driven.until(lambda: called(driven, "stop_server"))
        assert own.read_text() == "prefect:\n  api_url: http://127.0.0.1:4200/api\n"
        driven.connection.link("lost")
        await driven.until(lambda: driven.connection.retried)
        driven.connection.live()
        await choose(driven, "Watch the Prefect server here")
        await driven.sees("Add this to")


async def test_a_variable_of_this_terminal_reaches_the_server(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://10.0.0.1:4200/api")
    async with drive((120, 40), world=empty(PrefectInfo("auto"))) as driven:
        await driven.sees("the server was started before PREFECT_API_URL was set")
        await choose(driven, "Restart with PREFECT_API_URL")
        await driven.press("right", "enter")
        await driven.until(lambda: called(driven, "stop_server"))


async def test_the_other_steps(home: Path) -> None:
    (home / "work" / "x.py").write_text("from langgraph.graph import StateGraph\ngraph = StateGraph(dict)\n")
    python = home / "work" / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("")
    python.chmod(0o755)
    away = PrefectInfo("auto", "lost", url="http://x/api", error={"message": "Connection refused."})
    async with drive((120, 40), world=empty(away)) as driven:
        await driven.sees("What has run in Prefect is not known.")
        await choose(driven, "Copy what installs langgraph")
        await driven.sees("copied: .venv/bin/python -m pip install langgraph")
        await choose(driven, "Launch a workflow")
        await driven.sees("Launch a workflow or a deployment")
        await driven.press("escape")
        await choose(driven, "Look at Prefect")
        await driven.sees("Self-test".lower())
        await driven.press("escape")
        await choose(driven, "Read the docs")
        await driven.sees("reference/settings")
        await driven.press("escape")
        await driven.dashboard.run_action("app.demo")
        assert driven.app.afterwards == ("demo",)


async def test_the_first_run_takes_its_place(home: Path) -> None:
    async with drive((120, 40), world=empty()) as driven:
        await driven.sees("Read the docs")
        pane = driven.dashboard.room.runs
        driven.connection.event("run", "run-0001", world().runs[0])
        await driven.until(lambda: pane.target is pane.table and pane.table.display)
        await driven.sees(world().runs[0].name)
        assert driven.dashboard.focused is pane.table


async def test_a_look_that_fails_leaves_what_is_known(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Path) -> Surroundings:
        raise PermissionError("no way")

    monkeypatch.setattr(surroundings, "look_around", broken)
    async with drive((120, 40), world=empty()) as driven:
        await driven.sees("it cannot be looked at; :errors says why", "Show the demo")
        assert "no way" in str(driven.app.session.errors[-1].error)


async def test_a_locked_context_is_offered_nothing_that_acts(home: Path) -> None:
    def production(connection: WorldConnection) -> None:
        connection.context = Context("staging", production=True)

    async with drive((120, 40), world=empty(), prepare=production) as driven:
        await driven.sees("Read the docs")
        assert "Show the demo" not in driven.text
        driven.app.session.guard.unlock()
        driven.dashboard.refresh_bindings()
        await driven.sees("Write an example project here", "Show the demo")
