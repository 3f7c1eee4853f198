"""The engines, usable as a library without server or dashboard.

`from mahavishnu_tui.engines import LangGraphAdapter` imports LangGraph; importing this package does not.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mahavishnu_tui.engines.base import (
        AdapterCapabilities,
        AdapterError,
        HumanInputTimeoutError,
        OrchestratorAdapter,
        WorkflowError,
    )
    from mahavishnu_tui.engines.langgraph.adapter import LangGraphAdapter
    from mahavishnu_tui.engines.prefect.adapter import PrefectAdapter

_EXPORTS = {
    "AdapterCapabilities": "mahavishnu_tui.engines.base",
    "AdapterError": "mahavishnu_tui.engines.base",
    "HumanInputTimeoutError": "mahavishnu_tui.engines.base",
    "LangGraphAdapter": "mahavishnu_tui.engines.langgraph.adapter",
    "OrchestratorAdapter": "mahavishnu_tui.engines.base",
    "PrefectAdapter": "mahavishnu_tui.engines.prefect.adapter",
    "WorkflowError": "mahavishnu_tui.engines.base",
}

__all__ = [
    "AdapterCapabilities",
    "AdapterError",
    "HumanInputTimeoutError",
    "LangGraphAdapter",
    "OrchestratorAdapter",
    "PrefectAdapter",
    "WorkflowError",
]


def __getattr__(name: str) -> object:
    """Import an engine when it is first asked for (PEP 562)."""
    if name in _EXPORTS:
        return getattr(importlib.import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
