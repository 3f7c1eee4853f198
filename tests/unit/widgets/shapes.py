"""Graphs and visits for the tests of drawing and views."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from mahavishnu_tui.models import GraphEdge, GraphNode, GraphShape, NodeVisit

START, END = "__start__", "__end__"


def shape(*edges: tuple[str, ...], subgraphs: dict[str, GraphShape] | None = None) -> GraphShape:
    """A graph from `(source, target)` or `(source, target, label)`; the label `observed` is a flag."""
    subgraphs = subgraphs or {}
    names = list(dict.fromkeys(name for edge in edges for name in edge[:2]))
    kinds = {START: "start", END: "end"} | dict.fromkeys(subgraphs, "subgraph")
    return GraphShape(
        [GraphNode(name, kinds.get(name, "node")) for name in names],
        [
            GraphEdge(edge[0], edge[1], len(edge) > 2, label, observed=edge[2:] == ("observed",))
            for edge in edges
            for label in [edge[2] if len(edge) > 2 and edge[2] != "observed" else ""]
        ],
        subgraphs,
    )


def line(count: int) -> GraphShape:
    names = [START, *(f"n{i:02}" for i in range(count)), END]
    return shape(*pairwise(names))


INNER = shape((START, "draft"), ("draft", "check"), ("check", "draft", "redo"), ("check", END))
LINE = shape((START, "fetch"), ("fetch", "transform"), ("transform", "store"), ("store", END))
LOOP = shape((START, "work"), ("work", "check"), ("check", "work", "again"), ("check", END, "done"))
FAN = shape(
    (START, "plan"),
    *(("plan", name) for name in ("north", "east", "south")),
    *((name, "merge") for name in ("north", "east", "south")),
    ("merge", END),
)
RELEASE = shape(
    (START, "build"),
    ("build", "test"),
    ("test", "legal"),
    ("test", "finance"),
    ("legal", "approve"),
    ("finance", "approve"),
    ("approve", "deploy", "yes"),
    ("approve", "fix", "no"),
    ("fix", "test"),
    ("deploy", END),
)
SUBGRAPH = shape(
    (START, "collect"),
    ("collect", "review"),
    ("review", "publish"),
    ("publish", END),
    subgraphs={"review": INNER},
)
OBSERVED = shape(
    (START, "route"),
    ("route", "known"),
    ("route", "found", "observed"),
    ("known", END),
    ("found", END, "observed"),
)
HOSTILE = shape(
    (START, "\x1b[31mred\x07"),
    ("\x1b[31mred\x07", "[bold]markup[/bold]"),
    ("[bold]markup[/bold]", "a\nb\tc"),
    ("a\nb\tc", "\u202egnp.exe"),
    ("\u202egnp.exe", "日本語のノード"),
    ("日本語のノード", ""),
    ("", "x" * 200),
    ("x" * 200, END, "\x1b]0;title\x07"),
)
FORTY = shape(
    (START, "n00"),
    *((f"n{i:02}", f"n{i + 1:02}") for i in range(39)),
    ("n10", "n14"),
    ("n10", "n20"),
    ("n25", "n22"),
    ("n30", "n05", "again"),
    ("n39", END),
)
EXIT_AS_TARGET = GraphShape(
    [GraphNode("0"), GraphNode("1")],
    [*[GraphEdge("0", "0")] * 3, GraphEdge("0", "0", label="yes")],
    {
        "0": GraphShape(
            [GraphNode(START, "start"), GraphNode("0"), GraphNode(END, "end")],
            [GraphEdge(START, END), GraphEdge("0", END)],
        )
    },
)
"""Unfolded, an edge leads back to the exit of the subgraph, which has neither name nor state."""
ALL = {
    "line": LINE,
    "loop": LOOP,
    "fan": FAN,
    "release": RELEASE,
    "subgraph": SUBGRAPH,
    "observed": OBSERVED,
    "hostile": HOSTILE,
    "forty": FORTY,
}


def visits(*specs: tuple[Any, ...], run_id: str = "run") -> list[NodeVisit]:
    """Visits from `(path, step, outcome, started_at, ended_at, more fields)`, numbered from 1."""
    found = []
    for number, (path, step, outcome, started, *rest) in enumerate(specs, 1):
        namespace, _, node = path.rpartition("/")
        more: dict[str, Any] = rest[1] if len(rest) > 1 else {}
        fields: dict[str, Any] = {"task_id": f"task-{number}", "ended_at": rest[0] if rest else None, **more}
        found.append(
            NodeVisit(
                run_id,
                number,
                node,
                fields.pop("task_id"),
                step,
                started,
                outcome,
                namespace=namespace,
                **fields,
            )
        )
    return found


NOW = 1000.0
RELEASE_VISITS = visits(
    ("build", 1, "success", 900.0, 902.1),
    ("test", 2, "success", 902.1, 911.1),
    ("legal", 3, "success", 911.1, 913.1),
    ("finance", 3, "success", 911.1, 912.1),
    ("approve", 4, "success", 913.1, 953.1),
    ("fix", 5, "success", 953.1, 956.1),
    ("test", 6, "success", 956.1, 965.1),
    ("legal", 7, "success", 965.1, 967.1),
    ("finance", 7, "success", 965.1, 966.1),
    ("approve", 8, "success", 967.1, 980.1),
    ("deploy", 9, "running", 988.0),
)
