"""Whatever the graph: each node once, nothing on top of anything, every edge a line one can follow."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mahavishnu_tui.models import GraphEdge, GraphNode, GraphShape
from mahavishnu_tui.widgets.drawing.flatten import flatten, subgraph_paths
from mahavishnu_tui.widgets.drawing.model import ASCII, DOWN, LEFT, RIGHT, UNICODE, UP, Drawing
from mahavishnu_tui.widgets.graph_layout import draw, render_text

from . import shapes

BITS = {char: bits for bits, char in enumerate(UNICODE.lines) if bits} | {"─": LEFT | RIGHT, "│": UP | DOWN}
BITS |= {UNICODE.dash_h: LEFT | RIGHT, UNICODE.dash_v: UP | DOWN}
MOVES = {UP: (0, -1), DOWN: (0, 1), LEFT: (-1, 0), RIGHT: (1, 0)}

Cell = tuple[int, int]


def regions(drawing: Drawing) -> dict[str, set[Cell]]:
    """Per node its own cells: name, mark, state, and the blank at either side of the name."""
    found: dict[str, set[Cell]] = {}
    for y, row in enumerate(drawing.rows):
        for span in row:
            if span.role in ("node", "terminal", "mark", "status"):
                wide = 1 if span.role in ("node", "terminal") else 0
                cells = {(x, y) for x in range(span.x - wide, span.x + span.width + wide)}
                found.setdefault(span.key, set()).update(cells)
    return found


def follows(drawing: Drawing, source: str, target: str) -> bool:
    """Whether one can walk from source to target over cells of that edge, along their strokes."""
    cells: dict[Cell, int] = {}
    for y, row in enumerate(drawing.rows):
        for span in row:
            if (source, target) in span.edges:
                for i in range(span.width):
                    char = span.text[i] if len(span.text) == span.width else "?"
                    # Heads, labels and states are passed in any direction; so is a crossing's upright line.
                    bits = BITS.get(char, 15) if span.role == "edge" else 15
                    cells[span.x + i, y] = bits | LEFT | RIGHT if char in "│╎" else bits
    owned = regions(drawing)
    begin, goal = owned[source], owned[target]
    edge = list(begin)
    seen = set(begin)
    while edge:
        x, y = edge.pop()
        for bit, (dx, dy) in MOVES.items():
            if not cells.get((x, y), 15) & bit:
                continue
            there = (x + dx, y + dy)
            if there in goal and (source != target or (x, y) not in begin):
                return True
            if there in cells and there not in seen:
                seen.add(there)
                edge.append(there)
    return False


def check(drawing: Drawing, shape: GraphShape, unfolded: frozenset[str], ascii_only: bool = False) -> None:
    graph = flatten(shape, unfolded, ASCII if ascii_only else UNICODE)
    names = [span.key for row in drawing.rows for span in row if span.role in ("node", "terminal")]
    assert sorted(names) == sorted(node.path for node in graph.nodes)
    assert set(drawing.nodes) == set(names)
    for row in drawing.rows:
        end = 0
        for span in row:
            assert span.x >= end, "spans overlap"
            assert span.width > 0
            end = span.x + span.width
        assert end <= drawing.width
    for path, place in drawing.nodes.items():
        assert any(span.key == path and span.x == place.x for span in drawing.rows[place.y])
    if drawing.layout != "list" and not ascii_only:
        for edge in graph.edges:
            assert follows(drawing, edge.source, edge.target), f"no line for {edge.key}"


names = st.text(min_size=1, max_size=9) | st.sampled_from(
    ["plan", "write", "審査", "\x1b[2J", "[b]", "a/b", "__end__"]
)


@st.composite
def graphs(draw_: st.DrawFn, most: int = 14, nested: bool = True) -> GraphShape:
    ids = draw_(st.lists(names, unique=True, min_size=0, max_size=most))
    ids = [name for name in ids if "/" not in name and name != "__end__"]
    nodes = [GraphNode(name) for name in ids]
    if draw_(st.booleans()):
        nodes = [GraphNode("__start__", "start"), *nodes, GraphNode("__end__", "end")]
    every = [node.id for node in nodes]
    edges = []
    if every:
        pick = st.sampled_from(every)
        labels = st.sampled_from(["", "", "yes", "no", "a very long label that goes on"])
        edge = st.builds(GraphEdge, pick, pick, st.booleans(), labels, st.booleans())
        edges = draw_(st.lists(edge, max_size=2 * most))
        edges = [e for e in edges if e.source != "__end__" and e.target != "__start__"]
    subgraphs = {}
    if nested and ids and draw_(st.booleans()):
        subgraphs = {ids[0]: draw_(graphs(most=5, nested=False))}
    return GraphShape(nodes, edges, subgraphs)


SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SLOW
@given(
    graphs(),
    st.sampled_from(["auto", "across", "down", "list"]),
    st.booleans(),
    st.integers(20, 240),
    st.booleans(),
)
@example(shapes.EXIT_AS_TARGET, "auto", True, 20, False)
def test_any_graph_is_drawn_truly(shape, layout, unfold, width, ascii_only):
    unfolded = frozenset(subgraph_paths(shape)) if unfold else frozenset()
    drawing = draw(shape, width, unfolded=unfolded, layout=layout, ascii_only=ascii_only)
    check(drawing, shape, unfolded, ascii_only)
    if layout == "auto":
        assert drawing.width <= width
    assert draw(shape, width, unfolded=unfolded, layout=layout, ascii_only=ascii_only) == drawing


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6), st.integers(30, 60), st.sampled_from([1.1, 1.6, 2.5]))
def test_sixty_nodes_at_random(seed, count, density):
    shape = random_shape(seed, count, density)
    for layout in ("auto", "across", "down"):
        check(draw(shape, 80, layout=layout), shape, frozenset())


def random_shape(seed: int, count: int, density: float) -> GraphShape:
    rng = random.Random(seed)
    ids = [f"n{i}" for i in range(count)]
    edges = [(a, b) for a, b in pairwise(ids) if rng.random() < 0.8]
    while len(edges) < count * density:
        edges.append((rng.choice(ids), rng.choice(ids)))
    nodes = [GraphNode(name) for name in ids]
    return GraphShape(nodes, [GraphEdge(a, b) for a, b in edges])


@pytest.mark.parametrize("name", shapes.ALL)
@pytest.mark.parametrize("width", [80, 120, 200])
@pytest.mark.parametrize("layout", ["auto", "across", "down", "list"])
def test_known_graphs(name, width, layout):
    shape = shapes.ALL[name]
    for unfolded in (frozenset(), frozenset(subgraph_paths(shape))):
        check(draw(shape, width, layout=layout, unfolded=unfolded), shape, unfolded)


def test_release_reads_from_left_to_right():
    assert render_text(shapes.RELEASE, 100) == [
        "                                  ┌─▶ legal ──────┐               ┌─ yes ─▶ deploy ───────▶ ◉",
        " ● ─▶ build ──────┬─▶ test ───────┤               ├─▶ approve ────┤",
        "                  │               │               │               │",
        "                  │               └─▶ finance ────┘               └─ no ──▶ fix ────────┐",
        "                  │                                                                     │",
        "                  └──◀──────────────────────────────────────────────────────────────────┘",
    ]


def test_release_in_a_narrow_view_goes_down():
    assert render_text(shapes.RELEASE, 50) == [
        "●",
        "◦    build",
        "◦    test                          ◀─┐",
        "├─┐                                  │",
        "◦ │  legal                           │",
        "│ ◦  finance                         │",
        "├─┘                                  │",
        "◦    approve                         │",
        "├─┐  yes → deploy   no → fix         │",
        "◦ │  deploy                          │",
        "│ ◦  fix     ────────────────────────┘",
        "◉",
    ]


def test_ascii_uses_no_other_character():
    for layout in ("across", "down", "list"):
        drawing = draw(shapes.RELEASE, 100, ascii_only=True, layout=layout)
        assert all(span.text.isascii() for row in drawing.rows for span in row)
    assert " * -> build" in "\n".join(render_text(shapes.RELEASE, 120, ascii_only=True))


def test_observed_edges_are_dashed():
    text = "\n".join(render_text(shapes.OBSERVED, 100))
    assert "╌▶ found" in text
    assert "─▶ known" in text


def test_hostile_names_reach_no_terminal():
    for layout in ("across", "down", "list"):
        drawing = draw(shapes.HOSTILE, 400, layout=layout)
        text = "".join(span.text for row in drawing.rows for span in row)
        assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or char == "\u202e" for char in text)
        assert "[bold]markup[/bold]" in text


def test_subgraph_unfolds_in_place():
    folded = "\n".join(render_text(shapes.SUBGRAPH, 120))
    assert "▣ review" in folded
    assert "draft" not in folded
    drawing = draw(shapes.SUBGRAPH, 200, unfolded=frozenset({"review"}))
    order = sorted((place.x, path) for path, place in drawing.nodes.items())
    assert [path for _, path in order] == [
        "__start__",
        "collect",
        "review",
        "review/draft",
        "review/check",
        "review/__end__",
        "publish",
        "__end__",
    ]


def test_forty_nodes_at_eighty_columns():
    drawing = draw(shapes.FORTY, 80)
    assert drawing.layout == "down"
    assert drawing.width <= 80
    assert drawing.height <= 48


def test_nothing_is_drawn_of_nothing():
    assert draw(GraphShape([], []), 80).rows == ()
    assert render_text(GraphShape([], []), 80) == []


def test_narrow_and_tangled_falls_back_to_a_list():
    shape = random_shape(3, 60, 2.5)
    drawing = draw(shape, 40)
    assert drawing.layout == "list"
    assert all("→" in row[-1].text for row in drawing.rows if row[-1].role == "edge")


@pytest.mark.parametrize("layout", ["auto", "down"])
def test_three_hundred_nodes_are_all_drawn(layout):
    shape = random_shape(7, 300, 1.3)
    drawing = draw(shape, 200, layout=layout)
    assert set(drawing.nodes) >= {node.id for node in shape.nodes}


def test_way_back_is_not_drawn_across_what_goes_on():
    release = shapes.shape(
        ("__start__", "build"),
        ("build", "test"),
        ("test", "approve"),
        ("approve", "fix"),
        ("approve", "deploy"),
        ("fix", "test"),
        ("deploy", "__end__"),
    )
    assert render_text(release, 78) == [
        "                                                ┌─▶ deploy ───────▶ ◉",
        " ● ─▶ build ──────┬─▶ test ───────▶ approve ────┤",
        "                  │                             │",
        "                  │                             └─▶ fix ────────┐",
        "                  │                                             │",
        "                  └──◀──────────────────────────────────────────┘",
    ]


def test_unfolding_keeps_the_order_of_branches_and_the_chain_straight():
    inner = shapes.shape(("__start__", "scan"), ("scan", "sign"), ("sign", "__end__"))
    names = ("licences", "budget", "probe", "security")
    fan = shapes.shape(
        ("__start__", "plan"),
        *(("plan", name) for name in names),
        *((name, "summary") for name in names),
        ("summary", "__end__"),
        subgraphs={"security": inner},
    )
    nodes = draw(fan, 120, unfolded=frozenset({"security"})).nodes
    rows = [nodes[name].y for name in names]
    assert rows == sorted(rows)
    assert len({nodes[path].y for path in ("security", "security/scan", "security/sign")}) == 1
