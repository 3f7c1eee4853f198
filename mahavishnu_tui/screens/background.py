"""Work beside the message pump that cannot take the app down with it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, cast

from textual.dom import DOMNode


def in_background(
    node: DOMNode, work: Callable[[], Coroutine[Any, Any, None]], group: str, *, exclusive: bool = False
) -> None:
    """Start `work` as a worker of `node`; it ends with it.

    Args:
        work: a function rather than a coroutine: one that a closing app never starts is no loss.
        exclusive: end what else runs in this group first.
    """
    node.run_worker(cast(Any, work), group=group, exclusive=exclusive, exit_on_error=False)
