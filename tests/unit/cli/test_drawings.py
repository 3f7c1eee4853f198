"""Drawings for documents: whatever the names hold, the file is well-formed and says what the graph says."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from mahavishnu_tui.cli.drawings.dot import dot
from mahavishnu_tui.cli.drawings.mermaid import mermaid
from mahavishnu_tui.cli.drawings.svg import svg
from mahavishnu_tui.models import GraphShape
from mahavishnu_tui.models.graph import GraphEdge, GraphNode

names = st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=6, unique=True)


@st.composite
def shapes(draw: st.DrawFn, depth: int = 1) -> GraphShape:
    found = draw(names)
    kinds = st.sampled_from(["start", "end", "node", "node", "node"])
    pair = st.tuples(st.sampled_from(found), st.sampled_from(found), st.booleans(), st.text(max_size=8))
    edges = draw(st.lists(pair, max_size=10))
    inner = draw(st.dictionaries(st.sampled_from(found), shapes(depth - 1), max_size=1)) if depth else {}
    return GraphShape(
        [GraphNode(name, "subgraph" if name in inner else draw(kinds)) for name in found],
        [GraphEdge(source, target, flag, label, flag) for source, target, flag, label in edges],
        inner,
    )


@given(shapes())
@settings(max_examples=60, deadline=None)
def test_an_svg_is_well_formed_and_needs_nothing_from_elsewhere(shape: GraphShape) -> None:
    text = svg(shape, unfolded=frozenset(shape.subgraphs))
    ElementTree.fromstring(text)
    assert re.findall('https?://[^"]*', text) == ["http://www.w3.org/2000/svg"]


@given(shapes())
@settings(max_examples=60, deadline=None)
def test_dot_and_mermaid_name_things_by_numbers(shape: GraphShape) -> None:
    for line in dot(shape).splitlines():
        bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', line)
        assert re.fullmatch(r"[\w\s{}\[\]=,;>\-\"]*", bare), line
    assert mermaid(shape).startswith("flowchart TD")


def test_what_a_graph_says_is_in_all_of_them() -> None:
    nodes = [GraphNode("__start__", "start"), GraphNode("ask & <go>"), GraphNode("inner", "subgraph")]
    edges = [
        GraphEdge("__start__", "ask & <go>"),
        GraphEdge("ask & <go>", "inner", True, "yes"),
        GraphEdge("inner", "ask & <go>", observed=True),
        GraphEdge("gone", "inner"),
    ]
    shape = GraphShape(nodes, edges, {"inner": GraphShape([GraphNode("deep")], [])})
    drawn = svg(shape)
    assert "ask &amp; &lt;go&gt;" in drawn
    assert ">yes<" in drawn.replace(" ", "")
    assert 'class="head"' in drawn
    written = dot(shape)
    assert 'n1 -> n2 [style=dashed, label="yes"];' in written
    assert "n2 -> n1 [style=dotted];" in written
    assert "subgraph cluster_n2 {" in written
    assert 'n2_0 [label="deep"];' in written
    assert "gone" not in written
