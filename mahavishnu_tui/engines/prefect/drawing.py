"""The graph of a flow run as text: what began first is above, what a task waited for is beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mahavishnu_tui.models.text import clean_line

_MARKS = {
    "COMPLETED": "✓",
    "FAILED": "✗",
    "CRASHED": "✗",
    "RUNNING": "●",
    "CANCELLED": "⊘",
    "CANCELLING": "⊘",
    "PAUSED": "‖",
}
_NAME = 60


def draw(title: str, nodes: Sequence[Any], seconds: Mapping[str, float], most: int = 500) -> str:
    """The picture.

    Args:
        title: the run's own line.
        nodes: of graph-v2, `[[id, node], …]`.
        seconds: how long each took, by id.
        most: lines; the rest is counted.
    """
    known = {str(pair[0]): pair[1] for pair in nodes if _is_node(pair)}
    names = {node_id: clean_line(node.get("label") or node_id, _NAME) for node_id, node in known.items()}
    width = max(map(len, names.values()), default=0)
    lines = [clean_line(title, 120)]
    shown = list(known.items())[:most]
    for number, (node_id, node) in enumerate(shown, 1):
        branch = "└─" if number == len(known) else "├─"
        state = str(node.get("state_type") or "PENDING")
        took = f"{seconds[node_id]:8.2f} s" if node_id in seconds else " " * 10
        line = f"{branch} {_MARKS.get(state, '○')} {names[node_id]:<{width}}  {state.lower():<10} {took}"
        before = [names[parent["id"]] for parent in node.get("parents") or [] if parent.get("id") in names]
        kind = "  (flow)" if node.get("kind") == "flow-run" else ""
        lines.append(f"{line}{kind}{'  ← ' + ', '.join(before) if before else ''}".rstrip())
    if len(known) > len(shown):
        lines.append(f"└─ and {len(known) - len(shown)} more")
    return "\n".join(lines)


def _is_node(pair: Any) -> bool:
    return isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[1], dict)
