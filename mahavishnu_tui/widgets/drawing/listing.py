"""The drawing of last resort: one node per line and where it leads, for tangles and very narrow views."""

from __future__ import annotations

from rich.cells import cell_len

from mahavishnu_tui.widgets.clipping import clip
from mahavishnu_tui.widgets.drawing.model import Drawing, FlatGraph, FlatNode, Glyphs, Placement, Span
from mahavishnu_tui.widgets.drawing.ranks import back_edges, successors, topological

ROOM = 23


def listing(graph: FlatGraph, width: int, glyphs: Glyphs) -> Drawing:
    """One line per node: name, state, and the names of its targets as far as they fit."""
    after = successors(graph)
    nodes = {node.path: node for node in graph.nodes}
    order = topological(graph, back_edges(graph))
    width = max(width, 12)
    names = max((cell_len(_name(node)) for node in graph.nodes), default=0)
    names = min(names, max(8, width // 3))
    room = min(ROOM, max(0, width - 2 - names))
    placed: dict[str, Placement] = {}
    rows = []
    for y, path in enumerate(order):
        node = nodes[path]
        label = clip(_name(node), names, glyphs.ellipsis)
        terminal = node.kind in ("start", "end")
        placed[path] = Placement(2, y, cell_len(label))
        row = [] if terminal else [Span(0, f"{glyphs.node} ", "mark", path)]
        row.append(Span(2, label, "terminal" if terminal else "node", path))
        start, end = 2 + names + 1, 2 + names + room
        if end > start and not terminal:
            row.append(Span(start, " " * (end - start), "status", path))
        text = _targets([nodes[target] for target in after[path]], width - end - 1, glyphs)
        if text:
            edges = frozenset((path, target) for target in after[path])
            row.append(Span(end, f" {text}", "edge", "", edges))
        rows.append(tuple(row))
    return Drawing(width, tuple(rows), "list", placed)


def _name(node: FlatNode) -> str:
    words = {"start": "start", "end": "end"}
    return f"{node.label} {words[node.kind]}" if node.kind in words else node.label


def _targets(targets: list[FlatNode], room: int, glyphs: Glyphs) -> str:
    """`→ a, b, +3`."""
    if not targets or room < 6:
        return ""
    text = f"{glyphs.to} {_name(targets[0])}"
    for index, target in enumerate(targets[1:], 1):
        more = f"{text}, {_name(target)}"
        left = len(targets) - index - 1
        if cell_len(more) + (len(f", +{left}") if left else 0) > room:
            text = f"{text}, +{left + 1}"
            break
        text = more
    return clip(text, room, glyphs.ellipsis)
