from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

import pytest
from langgraph.pregel import Pregel

from mahavishnu_tui.engines import WorkflowError
from mahavishnu_tui.engines.langgraph.loader import Source, load_graph, read_langgraph_json

GRAPH = """
'''What it does.

And more.'''
from typing_extensions import TypedDict
from langgraph.graph import StateGraph, START
class State(TypedDict):
    n: int
def make():
    graph = StateGraph(State)
    graph.add_node("a", lambda state: {"n": 1})
    graph.add_edge(START, "a")
    return graph
"""


async def load(root: Path, spec: str, text: str | None = None) -> tuple[Pregel, str, str]:  # type: ignore[type-arg]
    if text is not None:
        (root / "flow.py").write_text(text)
    async with contextlib.AsyncExitStack() as stack:
        return await load_graph(Source(spec, root), stack)


async def refused(root: Path, spec: str, text: str | None = None) -> WorkflowError:
    with pytest.raises(WorkflowError) as error:
        await load(root, spec, text)
    assert "\n" not in error.value.message
    assert error.value.hint
    return error.value


@pytest.mark.parametrize(
    "made",
    [
        "g = make()",
        "g = make().compile()",
        "g = make",
        "async def g():\n    return make()",
        "def g(config):\n    assert config['configurable'] == {}\n    return make()",
        "def g(config, runtime):\n    return make().compile()",
        "import contextlib as c\n@c.contextmanager\ndef g():\n    yield make()",
        "import contextlib as c\n@c.asynccontextmanager\nasync def g(config):\n    yield make()",
        "async def g():\n    yield make()",
        "def g():\n    yield make()",
        "def g(*, flag=1, **more):\n    return make()",
    ],
)
async def test_every_way_to_give_a_graph(tmp_path: Path, made: str) -> None:
    graph, name, description = await load(tmp_path, "flow.py:g", GRAPH + made)
    assert isinstance(graph, Pregel)
    assert (name, description) == ("g", "What it does.")


async def test_a_context_manager_is_left_with_the_stack(tmp_path: Path) -> None:
    text = (
        "\nfrom contextlib import asynccontextmanager\nleft = []\n@asynccontextmanager\n"
        "async def g():\n    yield make()\n    left.append(1)\n"
    )
    (tmp_path / "flow.py").write_text(GRAPH + text)
    source = Source("flow.py:g", tmp_path)
    async with contextlib.AsyncExitStack() as stack:
        await load_graph(source, stack)
        assert sys.modules[source.module].left == []
    assert sys.modules[source.module].left == [1]


@pytest.mark.parametrize(
    ("made", "picked"),
    [
        ("only = make()", "only"),
        ("x = make(); y = make().compile()", "y"),
        ("x = make(); graph = make()", "graph"),
        ("x = make().compile(); app = make().compile()", "app"),
        ("build_graph = make", "build_graph"),
        ("_hidden = make(); shown = make()", "shown"),
    ],
)
async def test_a_file_alone_is_enough_when_it_is_clear(tmp_path: Path, made: str, picked: str) -> None:
    assert (await load(tmp_path, "flow.py", GRAPH + made))[1] == picked


async def test_modules_and_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "pack_of_mine"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "flow.py").write_text(GRAPH + "g = make()")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert (await load(tmp_path, "pack_of_mine.flow:g"))[1] == "g"
    assert (await load(tmp_path, "pack_of_mine.flow"))[1] == "g"


async def test_langgraph_json(tmp_path: Path) -> None:
    folder = tmp_path / "sub"
    folder.mkdir()
    (folder / "flow.py").write_text(GRAPH + "g = make()")
    config = folder / "langgraph.json"
    config.write_text(json.dumps({"graphs": {"agent": "./flow.py:g", "other": {"path": "mod.ule:h"}}}))
    assert read_langgraph_json(config) == {"agent": f"{folder}/flow.py:g", "other": "mod.ule:h"}
    assert (await load(tmp_path, "sub/langgraph.json:agent"))[1] == "g"
    several = await refused(tmp_path, "sub/langgraph.json")
    assert several.code.value == "MHV-422"
    assert "agent, other" in several.hint
    unknown = await refused(tmp_path, "sub/langgraph.json:nobody")
    assert "'nobody'" in unknown.message
    config.write_text(json.dumps({"graphs": {"agent": "./flow.py:g"}}))
    assert (await load(tmp_path, "sub/langgraph.json"))[1] == "g"
    for broken in ("{", "[]", '{"graphs": {"a": {}}}', '{"graphs": 3}'):
        config.write_text(broken)
        assert (await refused(tmp_path, "sub/langgraph.json")).code.value == "MHV-420"


@pytest.mark.parametrize(
    ("spec", "text", "code", "says"),
    [
        ("none.py:g", None, "MHV-420", "There is no file"),
        ("no.such.module:g", None, "MHV-420", "No module named 'no'"),
        ("flow.py", "x = (", "MHV-420", "line 1"),
        ("flow.py", "import nonexistent_thing", "MHV-420", "(line 1): ModuleNotFoundError"),
        ("flow.py", "\n\nraise ValueError('at import')", "MHV-420", "(line 3): ValueError: at import"),
        ("flow.py", "import sys; sys.exit(3)", "MHV-420", "it calls sys.exit(3)"),
        ("flow.py", "raise KeyboardInterrupt", "MHV-420", "KeyboardInterrupt"),
        ("flow.py", "x = 1", "MHV-422", "holds no graph"),
        ("flow.py", GRAPH + "a = make(); b = make()", "MHV-422", "holds several graphs"),
        ("flow.py:gone", GRAPH + "a = make()", "MHV-422", "has nothing named 'gone'"),
        ("flow.py:State", GRAPH, "MHV-422", "of type dict"),
        ("flow.py:x", "x = 5", "MHV-422", "of type int, not a LangGraph graph"),
        ("flow.py:g", GRAPH + "g = StateGraph(State)", "MHV-421", "is not valid: ValueError"),
        ("flow.py:g", GRAPH + "def g(a, b, c): pass", "MHV-421", "too many arguments: a, b, c"),
        ("flow.py:g", GRAPH + "def g(): raise OSError('no key')", "MHV-421", "OSError: no key"),
        ("flow.py:g", GRAPH + "def g():\n    import sys; sys.exit()", "MHV-421", "sys.exit(None)"),
        ("flow.py:g", GRAPH + "def g(): return 3", "MHV-422", "of type int"),
        ("flow.py:g", GRAPH + "g = make(); g.add_edge('a', 'nowhere')", "MHV-421", "nowhere"),
    ],
)
async def test_what_cannot_be_loaded(
    tmp_path: Path, spec: str, text: str | None, code: str, says: str
) -> None:
    error = await refused(tmp_path, spec, text)
    assert error.code.value == code
    assert says in error.message


async def test_hints_say_what_to_do(tmp_path: Path) -> None:
    missing = await refused(tmp_path, "flow.py", "import nonexistent_thing.deep")
    assert f"Install 'nonexistent_thing' into {sys.executable}" in missing.hint
    named = await refused(tmp_path, "flow.py:c", GRAPH + "a = make(); b = make()")
    assert "a, b" in named.hint
    assert "Traceback" in missing.details["detail"]


async def test_a_failed_import_leaves_nothing_behind(tmp_path: Path) -> None:
    await refused(tmp_path, "flow.py:g", "1 / 0")
    assert Source("flow.py:g", tmp_path).module not in sys.modules
    assert (await load(tmp_path, "flow.py:g", GRAPH + "g = make()  # repaired"))[1] == "g"
