"""LangGraph: loads, runs, records and resumes the user's graphs, in the user's own interpreter.

Nothing below imports more than the standard library, LangGraph, its SQLite saver and our models. What nodes
may use is imported when it is first asked for: an interpreter without LangGraph must be able to say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mahavishnu_tui.engines.langgraph.human import HumanAction, request_human_input

__all__ = ["HumanAction", "request_human_input"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from mahavishnu_tui.engines.langgraph import human

        return getattr(human, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
