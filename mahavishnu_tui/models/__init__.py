"""The project's nouns: frozen, typed, JSON-plain, standard library only.

Engine hosts import this package inside the *user's* interpreter, so nothing here may need a
third-party package or a Python newer than 3.10.
"""

from mahavishnu_tui.models.act import Act
from mahavishnu_tui.models.approval import Approval, LedgerEntry, Question
from mahavishnu_tui.models.checkpoint import Checkpoint, StateView
from mahavishnu_tui.models.deadline import DeadlineRule, DeadlineRules
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.event import Event
from mahavishnu_tui.models.finding import Finding
from mahavishnu_tui.models.graph import GraphEdge, GraphNode, GraphShape
from mahavishnu_tui.models.health import Host, LangGraphServer, Pool, Schedule, ServerInfo
from mahavishnu_tui.models.run import NodeVisit, Run
from mahavishnu_tui.models.workflow import Project, Workflow

__all__ = [
    "Act",
    "Approval",
    "Checkpoint",
    "DeadlineRule",
    "DeadlineRules",
    "ErrorCode",
    "Event",
    "Finding",
    "GraphEdge",
    "GraphNode",
    "GraphShape",
    "Host",
    "LangGraphServer",
    "LedgerEntry",
    "MahavishnuError",
    "NodeVisit",
    "Pool",
    "Project",
    "Question",
    "Run",
    "Schedule",
    "ServerInfo",
    "StateView",
    "Workflow",
]
