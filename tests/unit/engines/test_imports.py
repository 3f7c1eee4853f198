"""What a graph needs of its project, also when another graph has imported it first."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.engines import LangGraphAdapter

FLOW = """
from langgraph.graph import START, StateGraph
{imports}

builder = StateGraph(dict)
builder.add_node("work", lambda state: {{"said": {value}}})
builder.add_edge(START, "work")
graph = builder.compile()
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    (tmp_path / "shared_words.py").write_text("WORD = 'old'\n")
    (tmp_path / "shared_pack").mkdir()
    (tmp_path / "shared_pack" / "__init__.py").write_text("")
    (tmp_path / "shared_pack" / "middle.py").write_text("from shared_words import WORD\n")
    (tmp_path / "shared_pack" / "near.py").write_text("from .middle import WORD\n")
    (tmp_path / "one.py").write_text(FLOW.format(imports="import shared_words", value="shared_words.WORD"))
    (tmp_path / "two.py").write_text(FLOW.format(imports="from shared_pack.near import WORD", value="WORD"))
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def change(file: Path, text: str) -> None:
    file.write_text(text)
    stat = file.stat()
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000_000))


async def said(adapter: LangGraphAdapter, spec: str) -> Any:
    return (await adapter.execute({"spec": spec, "input": {"go": 1}}))["values"]["said"]


@pytest.mark.parametrize("order", [("one.py:graph", "two.py:graph"), ("two.py:graph", "one.py:graph")])
async def test_a_shared_module_is_watched_for_every_graph_that_needs_it(
    project: Path, order: tuple[str, str]
) -> None:
    async with LangGraphAdapter(project, project / "c.db") as adapter:
        assert [await said(adapter, spec) for spec in order] == ["old", "old"]
        change(project / "shared_words.py", "WORD = 'new'\n")
        assert [await said(adapter, spec) for spec in reversed(order)] == ["new", "new"]


async def test_a_graph_that_is_loaded_later_gets_the_code_of_now(project: Path) -> None:
    async with LangGraphAdapter(project, project / "c.db") as adapter:
        assert await said(adapter, "two.py:graph") == "old"
        change(project / "shared_words.py", "WORD = 'newer'\n")
        (project / "three.py").write_text(FLOW.format(imports="import shared_pack.near as n", value="n.WORD"))
        assert await said(adapter, "three.py:graph") == "newer"
        assert await said(adapter, "two.py:graph") == "newer"


async def test_what_cannot_be_read_is_not_asked_for_its_imports(project: Path) -> None:
    from mahavishnu_tui.engines.langgraph.imports import imported_names

    assert list(imported_names(None)) == []
    assert list(imported_names(sys)) == []
