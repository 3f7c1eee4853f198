"""What every engine adapter offers, and the errors it raises."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from mahavishnu_tui.models import MahavishnuError


class AdapterError(MahavishnuError):
    """The engine or its storage failed: nothing that the workflow itself did."""


class WorkflowError(MahavishnuError):
    """The workflow failed: its file, its graph or one of its nodes."""


class HumanInputTimeoutError(AdapterError, TimeoutError):
    """Nobody answered a question in time."""


@dataclasses.dataclass(frozen=True)
class AdapterCapabilities:
    """What can be asked of an engine."""

    can_deploy_flows: bool = False
    can_monitor_execution: bool = False
    can_cancel_workflows: bool = False
    can_sync_state: bool = False
    supports_batch_execution: bool = False
    has_cloud_ui: bool = False
    supports_multi_agent: bool = False


class OrchestratorAdapter(ABC):
    """One workflow engine behind one interface."""

    @property
    @abstractmethod
    def adapter_type(self) -> str:
        """The engine's short name in settings and on the command line: `langgraph`, `prefect`."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The engine's name for people."""

    @property
    @abstractmethod
    def capabilities(self) -> AdapterCapabilities:
        """What this engine can do."""

    @abstractmethod
    async def execute(self, task: Mapping[str, Any], repos: Sequence[str] = ()) -> dict[str, Any]:
        """Run one task to its end, or to its next question.

        Args:
            task: what to run; its keys are the engine's own.
            repos: repositories that the task works on, handed to the workflow.

        Returns:
            A JSON object with at least `status`.

        Raises:
            AdapterError: the engine cannot run anything now.
            WorkflowError: this workflow cannot be loaded.
        """

    @abstractmethod
    async def get_health(self) -> dict[str, Any]:
        """`{"status": "healthy" | "degraded" | "unhealthy", …}`; never raises."""
