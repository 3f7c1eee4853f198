"""Which checkpoints are the thread's present line, and which belong to branches that were left behind."""

from __future__ import annotations

from collections.abc import Sequence


def branches(links: Sequence[tuple[str, str | None]]) -> dict[str, str]:
    """The branch of every checkpoint of a thread.

    Args:
        links: id and parent's id of each, oldest first; a parent may be missing (it was pruned).

    Returns:
        `""` for the line that the latest checkpoint ends, `b1`, `b2` … for others, the oldest first. What
        several branches share belongs to the present line if that shares it, else to the oldest of them.
    """
    parents = dict(links)
    with_children = {parent for _, parent in links if parent}
    tips = [item for item, _ in links if item not in with_children]
    found: dict[str, str] = {}
    if links:
        _mark(links[-1][0], "", parents, found)
    number = 0
    for tip in tips:
        if tip not in found:
            number += 1
            _mark(tip, f"b{number}", parents, found)
    return found


def _mark(tip: str, name: str, parents: dict[str, str | None], found: dict[str, str]) -> None:
    here: str | None = tip
    while here and here in parents and here not in found:
        found[here] = name
        here = parents[here]
