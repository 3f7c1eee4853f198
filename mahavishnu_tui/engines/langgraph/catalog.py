"""The graphs that are loaded, by spec, and when they are loaded anew."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

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
    path: Path | None = None
    stamp: tuple[int, int] = (0, 0)
    code_changed: bool = False
    """The file changed since, and a run keeps the old code in use."""

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
        self._loading = asyncio.Lock()

    async def load(self, spec: str, saver: LeasedSaver, busy: bool) -> LoadedGraph:
        """Return the graph of a spec.

        Raises:
            WorkflowError: MHV-420 to 422.
        """
        async with self._loading:
            loaded = self._graphs.get(spec)
            if loaded is not None:
                loaded.code_changed = _stamp(loaded.path) != loaded.stamp
                if busy or not loaded.code_changed:
                    return loaded
                await loaded.stack.aclose()
                del self._graphs[spec]
            source = Source(spec, self._root)
            stamp = _stamp(source.path)
            stack = contextlib.AsyncExitStack()
            try:
                graph, name, description = await load_graph(source, stack)
            except BaseException:
                await stack.aclose()
                raise
            loaded = self._ready(spec, graph, saver, name, description, stack)
            loaded.path, loaded.stamp = source.path, stamp
            self._graphs[spec] = loaded
            return loaded

    async def add(self, spec: str, graph: AnyGraph, saver: LeasedSaver) -> LoadedGraph:
        """Take in a graph that is loaded already."""
        loaded = self._ready(spec, graph, saver, graph.get_name(), "", contextlib.AsyncExitStack())
        self._graphs[spec] = loaded
        return loaded

    async def close(self) -> None:
        """Leave the context managers that factories gave."""
        for loaded in self._graphs.values():
            await loaded.stack.aclose()
        self._graphs.clear()

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


def _stamp(path: Path | None) -> tuple[int, int]:
    """Changes when a file does; nothing is known of modules."""
    if path is None:
        return (0, 0)
    try:
        stat = path.stat()
    except OSError:
        return (0, 0)
    return (stat.st_mtime_ns, stat.st_size)
