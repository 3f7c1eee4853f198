"""What can be found in a folder without importing it."""

import textwrap
from pathlib import Path

import pytest

from mahavishnu_tui.engines.langgraph.dependencies import dependency_folders
from mahavishnu_tui.projects import code
from mahavishnu_tui.projects.code import search
from mahavishnu_tui.projects.surroundings import look_around
from mahavishnu_tui.screens.welcome.lines import found_lines
from mahavishnu_tui.screens.welcome.steps import Seen


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))


def found(folder: Path) -> list[tuple[str, str, str]]:
    return [(item.kind, str(item.file.relative_to(folder)), item.name) for item in search(folder).found]


def test_graphs_are_compiled_builders_and_agents(tmp_path: Path) -> None:
    write(
        tmp_path / "a.py",
        """
        import re
        from langgraph.graph import StateGraph
        from langgraph.prebuilt import create_react_agent
        from langgraph.func import entrypoint
        PATTERN = re.compile("x")
        builder = StateGraph(dict)
        graph = builder.compile()
        agent: object = create_react_agent("model", [])
        @entrypoint(checkpointer=None)
        def work(x): ...
        def make():
            inner = builder.compile()
        """,
    )
    write(tmp_path / "b.py", "from langgraph.graph import StateGraph\nbuilder = StateGraph[dict](dict)\n")
    write(tmp_path / "c.py", "builder = None\ngraph = builder.compile()  # not langgraph's\n")
    assert found(tmp_path) == [
        ("graph", "a.py", "graph"),
        ("graph", "a.py", "agent"),
        ("graph", "a.py", "work"),
        ("graph", "b.py", "builder"),
    ]


def test_flows_tell_what_they_need(tmp_path: Path) -> None:
    write(
        tmp_path / "flows.py",
        """
        import prefect
        from prefect import flow, task
        @flow
        def plain(a=1, *rest, b=2): ...
        @prefect.flow(name="x")
        async def needy(a, /, b, c=1, *, d, e=2): ...
        @task
        def no(): ...
        """,
    )
    first, second = search(tmp_path).found
    assert (first.name, first.required) == ("plain", ())
    assert (second.name, second.required) == ("needy", ("a", "b", "d"))


def test_what_is_no_code_of_the_operator_is_left_out(tmp_path: Path) -> None:
    graph = "from langgraph.graph import StateGraph\ngraph = StateGraph(dict).compile()\n"
    for place in (".venv", "node_modules", "env/lib", "a/b/c/d", "ok/deep"):
        write(tmp_path / place / "g.py", graph)
    write(tmp_path / "env" / "pyvenv.cfg", "")
    write(tmp_path / "broken.py", graph + "def (")
    write(tmp_path / "large.py", graph + "#" * code.MAX_BYTES)
    write(tmp_path / "deep.py", "import langgraph\nx = " + "(" * 5000 + ")" * 5000)
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere.py")
    (tmp_path / "ring.py").symlink_to(tmp_path / "ring.py")
    assert found(tmp_path) == [("graph", "ok/deep/g.py", "graph")]
    write(tmp_path / "langgraph.json", '{"graphs": {\n}')
    around = look_around(tmp_path, home=tmp_path.parent)
    assert [file.name for file, _ in around.broken] == ["langgraph.json", "broken.py", "deep.py"]
    assert around.broken[1][1].startswith("line 3: ")
    said = dict(found_lines(Seen(around), "", tmp_path))["broken"]
    assert said.startswith("langgraph.json (line 2: ")


@pytest.mark.parametrize("bound", ["MAX_FILES", "MAX_ENTRIES", "MAX_SECONDS"])
def test_a_look_is_bounded_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str) -> None:
    for number in range(5):
        write(tmp_path / f"f{number}.py", "")
    assert search(tmp_path).whole
    monkeypatch.setattr(code, bound, 3 if bound != "MAX_SECONDS" else -1)
    looked = search(tmp_path)
    assert not looked.whole
    assert looked.files <= 3


def test_what_lies_in_folders_of_a_home_is_not_looked_at(tmp_path: Path) -> None:
    write(tmp_path / "project" / "x.py", "")
    write(tmp_path / "y.py", "")
    assert look_around(tmp_path, home=tmp_path).files == 1
    assert look_around(tmp_path, home=tmp_path.parent).files == 2


def test_packages_of_a_project_are_told_without_running_its_python(tmp_path: Path) -> None:
    python = tmp_path / ".venv" / "bin" / "python"
    write(python, "#!/bin/false\n")
    python.chmod(0o755)
    packages = tmp_path / ".venv/lib/python3.11/site-packages"
    write(packages / "langgraph-1.2.3.dist-info" / "METADATA", "")
    write(packages / "langgraph_sdk-9.dist-info" / "METADATA", "")
    write(tmp_path / "langgraph.json", '{"graphs": {"support": "./x.py:graph"}}')
    around = look_around(tmp_path, home=tmp_path.parent)
    assert around.own
    assert around.versions == (("langgraph", "1.2.3"),)
    assert around.named == ("support",)
    write(tmp_path / "langgraph.json", "[]")
    around = look_around(tmp_path, home=tmp_path.parent)
    assert around.named == ()
    assert around.broken == ((tmp_path / "langgraph.json", "it names no graphs"),)


def test_folders_among_the_dependencies_are_imported_from(tmp_path: Path) -> None:
    write(tmp_path / "src" / "nodes.py", "")
    assert dependency_folders(tmp_path) == []
    named = '{"dependencies": [".", "./src", "src/../src", "requests", "./src/nodes.py", 7], "graphs": {}}'
    write(tmp_path / "langgraph.json", named)
    assert dependency_folders(tmp_path) == [str(tmp_path / "src")]
    write(tmp_path / "langgraph.json", '{"dependencies": 7}')
    assert dependency_folders(tmp_path) == []
