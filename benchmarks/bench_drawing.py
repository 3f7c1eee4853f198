"""Our drawing of a graph beside LangGraph's own text of it: `get_graph()` and `draw_mermaid()`.

LangGraph's is a description that a browser has yet to lay out; ours is the finished picture, not cached.
Budget: 300 nodes <= 150 ms.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

from chains import Count, step
from figures import Figure, Section, below, beside, report
from langgraph.graph import END, START, StateGraph
from probe import median, repeat

from mahavishnu_tui.engines.langgraph.shape import graph_shape
from mahavishnu_tui.widgets.graph_layout import draw

WIDTH = 200
SIZES = (10, 40, 100, 300)
BUDGET_MS = 150
PEER = "get_graph() + draw_mermaid()"
BRANCHES = 3


def workflow(count: int) -> Any:
    """`count` nodes: fan-outs of three that join again, one after the other, and a loop over each."""
    builder = StateGraph(Count)
    for number in range(count):
        builder.add_node(f"n{number}", step)
    builder.add_edge(START, "n0")
    here = 0
    while here + BRANCHES + 1 < count:
        join = here + BRANCHES + 1
        for branch in range(here + 1, join):
            builder.add_edge(f"n{here}", f"n{branch}")
            builder.add_edge(f"n{branch}", f"n{join}")
        builder.add_conditional_edges(f"n{join}", lambda _: END, {"again": f"n{here}", "stop": END})
        here = join
    for number in range(here, count - 1):
        builder.add_edge(f"n{number}", f"n{number + 1}")
    builder.add_edge(f"n{count - 1}", END)
    return builder.compile()


def milliseconds(work: Callable[[], object]) -> float:
    """CPU time of one call; what lay about before is not charged to it."""
    gc.collect()
    begun = time.process_time()
    work()
    return 1000 * (time.process_time() - begun)


def compare(count: int) -> Figure:
    """One row of the table."""
    graph = workflow(count)
    shape = graph_shape(graph)
    drawing = draw(shape, WIDTH)
    assert drawing.layout != "list", "a picture, not a list of names"
    ours = median(repeat(lambda: milliseconds(lambda: draw(shape, WIDTH))))
    peer = median(repeat(lambda: milliseconds(lambda: graph.get_graph().draw_mermaid())))
    what = f"{count} nodes, {drawing.layout}"
    if count < SIZES[-1]:
        return beside(what, ours, peer, "ms", PEER)
    return below(what, ours, "ms", BUDGET_MS, f"{peer:.1f} ms {PEER}")


def measure() -> list[Section]:
    note = "Theirs is a text that a browser has yet to lay out, ours the picture. CPU, median of 7."
    return [Section(f"7 Drawing a graph, {WIDTH} cells wide", [compare(count) for count in SIZES], note)]


if __name__ == "__main__":
    report(measure)
