"""The settings of the LangGraph engine."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr

from mahavishnu_tui.settings.group import Group

OnTimeout = Literal["fail", "default", "escalate"]


class WorkflowSettings(Group):
    """What one workflow wants otherwise; what is null is as for all of them."""

    human_input_timeout_seconds: float | None = Field(
        default=None, ge=0, description="Seconds that its questions may wait for an answer; 0: for ever."
    )
    human_input_on_timeout: OnTimeout | None = Field(
        default=None, description="What happens then: fail, default or escalate."
    )
    human_input_default: Any = Field(
        default=None, description="The answer that is given then, where that is `default`."
    )
    isolate: bool | None = Field(default=None, description="A process of its own for each run.")
    timeout_seconds: float | None = Field(
        default=None, ge=0, description="Seconds that a run may be at work; 0: no limit."
    )
    node_timeout_seconds: float | None = Field(
        default=None, ge=0, description="Seconds that one attempt at a node may take; 0: no limit."
    )
    recursion_limit: int | None = Field(default=None, ge=1, description="As for the engine.")
    max_concurrency: int | None = Field(
        default=None, ge=0, description="Nodes of a run at work at the same time; 0: no limit."
    )
    priority: Literal["low", "normal", "high", "urgent"] | None = Field(
        default=None, description="Of runs that do not say; normal."
    )
    durability: Literal["sync", "async", "exit"] | None = Field(
        default=None, description="As for the engine."
    )
    retention_days: float | None = Field(default=None, ge=0, description="As for the engine.")

    def given(self) -> dict[str, Any]:
        """What was set."""
        return self.model_dump(exclude_none=True)


class LangGraphServerSettings(Group):
    """A LangGraph server that somebody else runs: `langgraph dev`, or a deployed one."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$", description="What to call it; workflows are NAME@it."
    )
    url: str = Field(pattern=r"^https?://[^\s/@]+[^\s@]*$", description="Such as http://127.0.0.1:2024.")
    api_key: SecretStr = Field(default=SecretStr(""), description="Sent as x-api-key.")
    headers: dict[str, SecretStr] = Field(default_factory=dict, description="Sent with every call.")


def _names_differ(servers: list[LangGraphServerSettings]) -> list[LangGraphServerSettings]:
    names = [server.name for server in servers]
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        raise ValueError(f"two servers are called {twice}")
    return servers


class PriceSettings(Group):
    """What a model costs."""

    input: float = Field(default=0.0, ge=0, description="US dollars per million tokens given to it.")
    output: float = Field(default=0.0, ge=0, description="US dollars per million tokens that it makes.")


class LangGraphSettings(Group):
    """The LangGraph engine."""

    max_concurrent_workflows: int = Field(
        default=10, ge=1, le=1000, description="Runs at work at the same time; further ones are queued."
    )
    recursion_limit: int = Field(
        default=2000, ge=1, description="Steps after which a run counts as a possible infinite loop."
    )
    durability: Literal["sync", "async", "exit"] = Field(
        default="sync",
        description="When a checkpoint is on disk: before the next step (sync), during it (async),"
        " or only when the run stops (exit: a crash loses the run's progress).",
    )
    retention_days: float = Field(
        default=0.0,
        ge=0,
        description="Days after which all but the last checkpoints of an ended run's thread are removed;"
        " 0: never. Pinned threads and tagged checkpoints always stay.",
    )
    retention_keep: int = Field(
        default=1, ge=1, description="How many checkpoints of such a thread stay, the newest."
    )
    warn_thread_mb: float = Field(
        default=50.0,
        ge=0,
        description="Megabytes of checkpoints from which a thread is warned of, or when it will soon"
        " take that much at its pace; 0: never.",
    )
    synchronous: Literal["NORMAL", "FULL"] = Field(
        default="NORMAL",
        description="SQLite's synchronous for checkpoints. FULL survives a power cut at each step,"
        " NORMAL any crash of programs. Answers of humans are always FULL.",
    )
    host_idle_seconds: float = Field(
        default=300.0, ge=1, description="Seconds without runs after which an engine host is stopped."
    )
    hosts_per_project: int = Field(
        default=3,
        ge=1,
        le=32,
        description="Hosts that a project may have when its own code blocks the first one.",
    )
    human_input_timeout_seconds: float = Field(
        default=0.0,
        ge=0,
        description="Seconds that a question may wait for an answer; 0: for ever. It may set its own.",
    )
    human_input_on_timeout: Literal["fail", "escalate"] = Field(
        default="fail",
        description="What happens then: the run fails, or the question is marked and waits twice as long.",
    )
    host_max_mb: int = Field(
        default=0, ge=0, description="MB of memory at which an engine host is drained and replaced; 0: never."
    )
    host_drain_seconds: float = Field(
        default=300.0,
        ge=0,
        description="Seconds that runs of a drained host may take to reach their next step boundary;"
        " then it is ended, and they go on from their last checkpoint.",
    )
    workflows: dict[str, WorkflowSettings] = Field(
        default_factory=dict, description="Rules for single workflows, by name."
    )
    log_mb_per_run: float = Field(
        default=10.0,
        ge=0.1,
        le=1000,
        description="MiB that a run may keep of what its code prints and logs: the beginning and the newest.",
    )
    code_log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="The least that loggers of workflow code pass on, until the code sets its own level.",
    )
    servers: Annotated[list[LangGraphServerSettings], AfterValidator(_names_differ)] = Field(
        default_factory=list,
        description="LangGraph servers of others to watch and drive: {name, url, api_key?, headers?} each.",
    )
    prices: dict[str, PriceSettings] = Field(
        default_factory=dict, description="What models cost, by the names that their messages report."
    )
