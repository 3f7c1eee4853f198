"""Python 3.10: gives nodes the context that LangGraph's async runs cannot.

Before 3.11 a task cannot be given a context, and LangGraph then runs nodes without one: `interrupt()`,
`get_config()` and `get_stream_writer()` raise. Graphs that work there with the blocking `invoke` would fail
in an engine host.
"""

from __future__ import annotations

import sys
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import var_child_runnable_config
from langgraph.pregel import Pregel

NEEDED = sys.version_info < (3, 11)


class InContext(Runnable[Any, Any]):
    """A node's code, run with its config in the context variable where LangGraph looks for it."""

    def __init__(self, code: Runnable[Any, Any]) -> None:
        self.code = code

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        """Run the code as it is: blocking runs have their context."""
        return self.code.invoke(input, config, **kwargs)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        """Run the code, its threads included, with this config."""
        token = var_child_runnable_config.set(config)
        try:
            return await self.code.ainvoke(input, config, **kwargs)
        finally:
            var_child_runnable_config.reset(token)


def in_context(node: Any) -> dict[str, Any]:
    """What to change in a `PregelNode` so that its code runs in its context; nothing from 3.11 on.

    A subgraph sets the context of its own nodes; a node with a timeout must stay recognisable as async.
    """
    if not NEEDED or node.timeout is not None or isinstance(node.bound, (Pregel, InContext)):
        return {}
    return {"bound": InContext(node.bound), "subgraphs": node.subgraphs}


def code_of(bound: Any) -> Any:
    """The code of a node, whether it is wrapped or not."""
    return bound.code if isinstance(bound, InContext) else bound
