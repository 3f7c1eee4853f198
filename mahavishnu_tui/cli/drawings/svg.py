"""The terminal's own drawing as an SVG file: strokes for lines, text for names; no font or network needed."""

from __future__ import annotations

import html
from collections.abc import Iterator

from rich.cells import cell_len

from mahavishnu_tui.models.graph import GraphShape
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.widgets.drawing.model import DOWN, LEFT, RIGHT, UNICODE, UP, Drawing, Span
from mahavishnu_tui.widgets.graph_layout import draw

_WIDE, _HIGH = 9, 22
"""Pixels of a cell."""
_BITS = {char: bits for bits, char in enumerate(UNICODE.lines) if bits}
"""A stroke's directions; one that ends in the cell is drawn through it."""
_BASELINE = 5
"""Pixels from the middle of a line of text to its baseline."""
_ENDS = {UP: (0, -_HIGH / 2), DOWN: (0, _HIGH / 2), LEFT: (-_WIDE / 2, 0), RIGHT: (_WIDE / 2, 0)}
_STYLE = """
  text { font: 14px ui-monospace, Menlo, Consolas, monospace; fill: #1f2328; }
  .node { fill: #f6f8fa; stroke: #57606a; } .line { stroke: #57606a; stroke-width: 1.5; fill: none; }
  .seen { stroke-dasharray: 3 3; } .head { fill: #57606a; } .label { fill: #57606a; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .node { fill: #161b22; stroke: #8b949e; } .line { stroke: #8b949e; }
    .head, .label { fill: #8b949e; }
  }
"""


def svg(shape: GraphShape, width: int = 160, unfolded: frozenset[str] = frozenset()) -> str:
    """The drawing, `width` cells wide at most."""
    drawing = draw(shape, width, unfolded=unfolded)
    size = f'width="{(drawing.width + 2) * _WIDE}" height="{(drawing.height + 1) * _HIGH}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
            f"<style>{_STYLE}</style>",
            *_boxes(drawing),
            *(part for y, row in enumerate(drawing.rows) for span in row for part in _span(span, y)),
            "</svg>",
        ]
    )


def _boxes(drawing: Drawing) -> Iterator[str]:
    names = {span.key for row in drawing.rows for span in row if span.role == "node"}
    for key, place in drawing.nodes.items():
        if key in names:
            x, y = place.x * _WIDE, place.y * _HIGH + _HIGH / 2
            wide = (place.width + 1) * _WIDE
            yield f'<rect class="node" x="{x}" y="{y + 1}" width="{wide}" height="{_HIGH - 2}" rx="4"/>'


def _span(span: Span, y: int) -> Iterator[str]:
    if span.role == "edge" or (span.role == "status" and span.edges):
        for offset, char in enumerate(span.text):
            yield from _stroke(char, *_centre(span.x + offset, y))
    elif span.text.strip():
        x, middle = _centre(span.x, y)
        kind = ' class="label"' if span.role == "label" else ""
        text = html.escape(_printable(span.text))
        long = cell_len(span.text) * _WIDE
        place = f'x="{x - _WIDE / 2}" y="{middle + _BASELINE}" textLength="{long}"'
        yield f'<text{kind} {place} xml:space="preserve">{text}</text>'


def _centre(x: int, y: int) -> tuple[float, float]:
    return (x + 1) * _WIDE, (y + 1) * _HIGH


def _stroke(char: str, x: float, y: float) -> Iterator[str]:
    if char in (UNICODE.right, UNICODE.left):
        tip, back = (
            (x + _WIDE / 2, x - _WIDE / 2) if char == UNICODE.right else (x - _WIDE / 2, x + _WIDE / 2)
        )
        yield f'<path class="head" d="M{tip} {y}L{back} {y - 4}L{back} {y + 4}Z"/>'
        return
    seen = char in (UNICODE.dash_h, UNICODE.dash_v)
    bits = (LEFT | RIGHT if char == UNICODE.dash_h else UP | DOWN) if seen else _BITS.get(char, 0)
    path = "".join(f"M{x} {y}l{dx} {dy}" for bit, (dx, dy) in _ENDS.items() if bits & bit)
    if path:
        yield f'<path class="line{" seen" if seen else ""}" d="{path}"/>'
    elif char.strip():
        yield f'<text x="{x - _WIDE / 2}" y="{y + _BASELINE}">{html.escape(_printable(char))}</text>'


def _printable(text: str) -> str:
    """Without what XML forbids."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in clean_line(text))
