"""The graphs that are loaded, by spec, and when they are loaded anew."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import importlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from mahavishnu_tui.engines.langgraph.imports import Imports
from mahavishnu_tui.engines.langgraph.loader import Source, load_graph
from mahavishnu_tui.engines.langgraph.route import guard
from mahavishnu_tui.engines.langgraph.savers import LeasedSaver
from mahavishnu_tui.engines.langgraph.schemas import input_schema
from mahavishnu_tui.engines.langgraph.shape import AnyGraph, graph_hash, graph_shape
from mahavishnu_tui.models import GraphShape

EdgeSeen = Callable[[str, str, str, str], None]
"""Called with spec, namespace, source and target of an edge that the graph does not declare."""


@dataclasses.dataclass
class LoadedGraph:
    """A graph, ready to run."""

    graph: AnyGraph
    name: str
    description: str
    shape: GraphShape
    hash: str
    input_schema: dict[str, Any] | None
    stack: contextlib.AsyncExitStack
    modules: dict[str, tuple[int, int]] = dataclasses.field(default_factory=dict)
    """The project's modules that it needs, and the stamps that their files had when they were imported."""
    code_changed: bool = False
    """A file changed since, and a run keeps the old code in use."""
    given: object = None
    """The object that it was handed in as: as long as it is held, no other one gets its id."""

    def to_json(self) -> dict[str, Any]:
        """The reply to `load` in docs/protocols.md."""
        return {
            "name": self.name,
            "description": self.description,
            "shape": self.shape.to_json(),
            "input_schema": self.input_schema,
            "graph_hash": self.hash,
            "code_changed": self.code_changed,
        }


class Catalog:
    """Loads each graph once, and again when its file changed and no run uses it."""

    def __init__(self, root: Path, edge_seen: EdgeSeen) -> None:
        self._root = root
        self._edge_seen = edge_seen
        self._graphs: dict[str, LoadedGraph] = {}
        self._edges: set[tuple[str, str, str, str]] = set()
        self._stamps: dict[str, tuple[int, int]] = {}
        self.code = ""
        """Changes with the project's files as they were imported; empty while none was."""
        self._imports = Imports(self._is_own, _stamp)
        self._loading = asyncio.Lock()
        self.importing = ""
        """The spec whose code is being imported now; empty otherwise."""

    async def load(self, spec: str, saver: LeasedSaver, busy: bool) -> LoadedGraph:
        """Return the graph of a spec.

        Raises:
            WorkflowError: MHV-420 to 422.
        """
        async with self._loading:
            loaded = self._graphs.get(spec)
            if loaded is not None:
                loaded.code_changed = any(_stamp(name) != stamp for name, stamp in loaded.modules.items())
                if busy or not loaded.code_changed:
                    return loaded
                await self._forget(spec, loaded)
            stack = contextlib.AsyncExitStack()
            before = set(sys.modules)
            self.importing = spec
            try:
                source = Source(spec, self._root)
                self._unload_changed()
                graph, name, description = await load_graph(source, stack)
            except BaseException:
                await stack.aclose()
                self._unload(self._own(set(sys.modules) - before))
                raise
            finally:
                self.importing = ""
            loaded = self._ready(spec, graph, saver, name, description, stack)
            new = {source.module, *self._own(set(sys.modules) - before)}
            for module in new - set(self._stamps):
                self._stamps[module] = _stamp(module)
            used = new | self._imports.needed_by(source.module)
            loaded.modules = {module: self._stamps.get(module) or _stamp(module) for module in used}
            self._graphs[spec] = loaded
            self.code = _digest(loaded.modules for loaded in self._graphs.values())
            return loaded

    async def add(self, spec: str, graph: AnyGraph, saver: LeasedSaver) -> LoadedGraph:
        """Take in a graph that is loaded already."""
        loaded = self._ready(spec, graph, saver, graph.get_name(), "", contextlib.AsyncExitStack())
        loaded.given = graph
        self._graphs[spec] = loaded
        return loaded

    async def close(self) -> None:
        """Leave the context managers that factories gave."""
        for loaded in self._graphs.values():
            await loaded.stack.aclose()
        self._graphs.clear()

    async def _forget(self, spec: str, loaded: LoadedGraph) -> None:
        await loaded.stack.aclose()
        self._unload(loaded.modules)
        del self._graphs[spec]

    def _unload(self, modules: Iterable[str]) -> None:
        """Drop modules of the project, so that the next import reads their files again."""
        for name in list(modules):
            sys.modules.pop(name, None)
            self._stamps.pop(name, None)
        importlib.invalidate_caches()

    def _unload_changed(self) -> None:
        """Drop what is imported and has changed on disk since, with all that imports it.

        Graphs that use it keep what they have; the one that is loaded next must not get it.
        """
        changed = {name for name, stamp in self._stamps.items() if _stamp(name) != stamp}
        if changed:
            stale = [name for name in self._stamps if changed & self._imports.needed_by(name)]
            self._unload(stale)

    def _own(self, modules: Iterable[str]) -> Iterator[str]:
        """Those of the modules that belong to the project and not to its libraries."""
        return filter(self._is_own, modules)

    def _is_own(self, module: str) -> bool:
        file = Path(getattr(sys.modules.get(module), "__file__", None) or "/")
        return file.is_relative_to(self._root) and "site-packages" not in file.parts

    def _ready(
        self,
        spec: str,
        graph: AnyGraph,
        saver: LeasedSaver,
        name: str,
        description: str,
        stack: contextlib.AsyncExitStack,
    ) -> LoadedGraph:
        shape = graph_shape(graph)
        guarded = guard(graph.copy(update={"checkpointer": saver}), partial(self._seen, spec))
        return LoadedGraph(guarded, name, description, shape, graph_hash(shape), input_schema(graph), stack)

    def _seen(self, spec: str, namespace: str, source: str, target: str) -> None:
        edge = (spec, namespace, source, target)
        if edge not in self._edges:
            self._edges.add(edge)
            self._edge_seen(*edge)


def _digest(modules: Iterable[dict[str, tuple[int, int]]]) -> str:
    """Seven letters for the files that graphs were made of."""
    known = sorted({(name, *stamp) for stamps in modules for name, stamp in stamps.items()})
    return hashlib.sha256(repr(known).encode()).hexdigest()[:7] if known else ""


def _stamp(module: str) -> tuple[int, int]:
    """Changes when the file of a module does."""
    try:
        stat = os.stat(getattr(sys.modules.get(module), "__file__", None) or "")
    except OSError:
        return (0, 0)
    return (stat.st_mtime_ns, stat.st_size)
