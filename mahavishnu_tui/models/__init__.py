"""The project's nouns: frozen, typed, JSON-plain, standard library only.

Engine hosts import this package inside the *user's* interpreter, so nothing here may need a
third-party package or a Python newer than 3.10. Names are imported when first used: making a class
of a noun takes a tenth of a millisecond per method, and the first frame needs hardly any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mahavishnu_tui.models.act import Act
    from mahavishnu_tui.models.approval import Approval, LedgerEntry, Question
    from mahavishnu_tui.models.checkpoint import (
        Checkpoint,
        EditPreview,
        PrunePlan,
        SearchPage,
        StateView,
        ThreadSize,
    )
    from mahavishnu_tui.models.deadline import DeadlineRule, DeadlineRules
    from mahavishnu_tui.models.deployment import Deployment
    from mahavishnu_tui.models.diff import StateDiff
    from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
    from mahavishnu_tui.models.event import Event
    from mahavishnu_tui.models.finding import Finding
    from mahavishnu_tui.models.graph import GraphEdge, GraphNode, GraphShape
    from mahavishnu_tui.models.health import Host, LangGraphServer, ServerInfo
    from mahavishnu_tui.models.ledger_filter import LedgerFilter
    from mahavishnu_tui.models.need import Need
    from mahavishnu_tui.models.notification import Notification, SendResult
    from mahavishnu_tui.models.pool import ConcurrencyLimit, Pool, PoolChoice
    from mahavishnu_tui.models.prefect import (
        Artifact,
        BulkResult,
        PrefectInfo,
        RunMetrics,
        StateChange,
        Trouble,
    )
    from mahavishnu_tui.models.run import NodeVisit, Run
    from mahavishnu_tui.models.said import SaidPage
    from mahavishnu_tui.models.schedule import Schedule, SchedulePreview, ScheduleRule
    from mahavishnu_tui.models.search import FoundPage
    from mahavishnu_tui.models.workflow import Project, Workflow

_HOMES = {
    "Act": "act",
    "Approval": "approval",
    "LedgerEntry": "approval",
    "Question": "approval",
    "Checkpoint": "checkpoint",
    "EditPreview": "checkpoint",
    "PrunePlan": "checkpoint",
    "SearchPage": "checkpoint",
    "StateView": "checkpoint",
    "ThreadSize": "checkpoint",
    "DeadlineRule": "deadline",
    "DeadlineRules": "deadline",
    "Deployment": "deployment",
    "StateDiff": "diff",
    "ErrorCode": "errors",
    "MahavishnuError": "errors",
    "Event": "event",
    "Finding": "finding",
    "GraphEdge": "graph",
    "GraphNode": "graph",
    "GraphShape": "graph",
    "Host": "health",
    "LangGraphServer": "health",
    "ServerInfo": "health",
    "LedgerFilter": "ledger_filter",
    "Need": "need",
    "Notification": "notification",
    "SendResult": "notification",
    "ConcurrencyLimit": "pool",
    "Pool": "pool",
    "PoolChoice": "pool",
    "Artifact": "prefect",
    "BulkResult": "prefect",
    "PrefectInfo": "prefect",
    "RunMetrics": "prefect",
    "StateChange": "prefect",
    "Trouble": "prefect",
    "NodeVisit": "run",
    "Run": "run",
    "SaidPage": "said",
    "Schedule": "schedule",
    "SchedulePreview": "schedule",
    "ScheduleRule": "schedule",
    "FoundPage": "search",
    "Project": "workflow",
    "Workflow": "workflow",
}

__all__ = [
    "Act",
    "Approval",
    "Artifact",
    "BulkResult",
    "Checkpoint",
    "ConcurrencyLimit",
    "DeadlineRule",
    "DeadlineRules",
    "Deployment",
    "EditPreview",
    "ErrorCode",
    "Event",
    "Finding",
    "FoundPage",
    "GraphEdge",
    "GraphNode",
    "GraphShape",
    "Host",
    "LangGraphServer",
    "LedgerEntry",
    "LedgerFilter",
    "MahavishnuError",
    "Need",
    "NodeVisit",
    "Notification",
    "Pool",
    "PoolChoice",
    "PrefectInfo",
    "Project",
    "PrunePlan",
    "Question",
    "Run",
    "RunMetrics",
    "SaidPage",
    "Schedule",
    "SchedulePreview",
    "ScheduleRule",
    "SearchPage",
    "SendResult",
    "ServerInfo",
    "StateChange",
    "StateDiff",
    "StateView",
    "ThreadSize",
    "Trouble",
    "Workflow",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
