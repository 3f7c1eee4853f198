"""Work beside the message pump that cannot take the app down with it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, cast

from textual.dom import DOMNode

from mahavishnu_tui.screens.surviving import survived
from mahavishnu_tui.screens.typeahead import TypeAhead

Work = Callable[[], Coroutine[Any, Any, None]]


def in_background(node: DOMNode, work: Work, group: str, *, exclusive: bool = False) -> None:
    """Start `work` as a worker of `node`; it ends with it.

    Args:
        work: a function rather than a coroutine: one that a closing app never starts is no loss.
        exclusive: end what else runs in this group first.
    """
    app = node.app

    async def surviving() -> None:
        try:
            await work()
        except Exception as error:
            if not survived(app, error):
                raise

    node.run_worker(cast(Any, surviving), group=group, exclusive=exclusive, exit_on_error=False)


def in_background_opening(node: DOMNode, work: Work, group: str) -> None:
    """Start `work` that ends with a dialog being opened: keys wait for it a moment, and reach the dialog."""
    app = node.app
    if not isinstance(app, TypeAhead):
        raise TypeError("only an app that keeps keys in their order opens dialogs later")

    async def held() -> None:
        with app.opening():
            await work()

    in_background(node, held, group, exclusive=True)
