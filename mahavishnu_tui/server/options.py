"""Everything the server needs to know to start; settings files are somebody else's business."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from mahavishnu_tui.models import DeadlineRules
from mahavishnu_tui.models.notifying import Rule
from mahavishnu_tui.models.pool import PoolSelector
from mahavishnu_tui.models.prefect import PrefectMode
from mahavishnu_tui.models.rules import RunRules

Durability = Literal["async", "sync", "exit"]


@dataclasses.dataclass(frozen=True)
class RemoteServer:
    """Where a LangGraph server is, and what it wants to see of its callers."""

    name: str
    url: str
    api_key: str = dataclasses.field(default="", repr=False)
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)


@dataclasses.dataclass(frozen=True)
class PrefectOptions:
    """Which Prefect server is mirrored and driven, and how. The settings of the same names say more."""

    mode: PrefectMode = "off"
    api_url: str = ""
    api_key: str = dataclasses.field(default="", repr=False)
    auth_string: str = dataclasses.field(default="", repr=False)
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)
    csrf: bool = True
    """Whether a token is fetched where the server wants one."""
    verify: bool = True
    """Whether its certificate is checked."""
    ssl_cert_file: str = ""
    """Authorities to check it with; empty: the system's."""
    problem: dict[str, Any] | None = None
    """Why no server could be made out, as the JSON of an error: Prefect is `failed` then."""
    source: str = ""
    """Where `api_url` comes from: `settings`, `PREFECT_API_URL`, `profile NAME`; empty without one."""
    timeout_seconds: float = 10.0
    max_retries: int = 5
    retry_delay: float = 0.2
    events: bool = True
    poll_seconds: float = 2.0
    sync_interval: float = 30.0
    mirror_hours: float = 24.0
    work_pool: str = "local"
    pool_selector: PoolSelector = "least-loaded"
    port: int = 0
    python: str = ""
    """Empty: our own interpreter."""
    worker: bool = True


@dataclasses.dataclass(frozen=True)
class NotifyTarget:
    """Where notifications go."""

    url: str = dataclasses.field(repr=False)
    details: bool = False
    """Whether it is told the words of questions and errors too."""

    @property
    def service(self) -> str:
        """The scheme of the address, which is no secret."""
        return self.url.partition(":")[0].lower()


@dataclasses.dataclass(frozen=True)
class NotifyOptions:
    """Who is told of what. The settings of the same names say more."""

    targets: Mapping[str, NotifyTarget] = dataclasses.field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    per_minute: int = 10
    digest: bool = True
    timeout_seconds: float = 30.0
    timezone: str = ""
    """Of quiet hours; empty: this machine's."""
    dashboard: str = ""
    """How to get to the dashboard; empty: made up from host and context."""
    context: str = "default"


@dataclasses.dataclass(frozen=True)
class ServerOptions:
    """What one server is started with. Directories are made when they are missing."""

    data: Path
    """Holds `engine.db`, `server.lock`, `checkpoints/` and `logs/`; made private (0700)."""
    socket: Path
    log: Path
    """The server's own log file; it is rotated."""
    log_level: str = "INFO"
    max_concurrent_workflows: int = 10
    """Runs that may be at work at the same time."""
    workflows: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    """Settings of single workflows by name, over the engine's own: `RunRules`, and `retention_days`."""
    recursion_limit: int = 2000
    """Steps of one dispatch after which LangGraph assumes an endless loop."""
    durability: Durability = "sync"
    """When LangGraph writes checkpoints: before the next step, beside it, or only at the end."""
    retention_days: float = 0.0
    """Days after which all but the last checkpoints of an ended thread are removed; 0: never."""
    retention_keep: int = 1
    """How many checkpoints of a thread stay then."""
    warn_thread_mb: float = 50.0
    """Megabytes of checkpoints from which a thread is warned of; 0: never."""
    synchronous: Literal["NORMAL", "FULL"] = "NORMAL"
    """SQLite's durability of the checkpoint files. `engine.db` always has FULL."""
    keep_events: int = 100_000
    idle_minutes: float = 30.0
    """Without work, questions or clients for this long, the server ends. 0: never."""
    host_idle_seconds: float = 300.0
    """An engine host without runs is stopped after this long."""
    hosts_per_project: int = 3
    """How many hosts a project may have when its first one is blocked by its own code."""
    drain_seconds: float = 10.0
    """How long a clean stop waits for runs to reach their next step boundary."""
    host_deaths: int = 3
    """A run that loses its host so often in a row without a new checkpoint is given up (MHV-424)."""
    human_input: DeadlineRules = dataclasses.field(default_factory=DeadlineRules)
    """How long questions may wait."""
    agent_api: str = ""
    """`host:port` where the LangGraph Agent Server API is offered beside the socket; empty: nowhere."""
    agent_api_token: str = dataclasses.field(default="", repr=False)
    """What callers at that address must send; empty: nothing, and only this machine is answered."""
    servers: tuple[RemoteServer, ...] = ()
    """Other people's LangGraph servers to watch and to drive."""
    prefect: PrefectOptions = dataclasses.field(default_factory=PrefectOptions)
    notify: NotifyOptions = dataclasses.field(default_factory=NotifyOptions)
    load_seconds: float = 60.0
    """How long a host may take to start, and to import somebody's code."""
    log_mb_per_run: float = 10.0
    """MiB that a run may keep of what its code says."""
    code_log_level: str = "info"
    """The least that loggers of the project's code pass on, until it sets them otherwise."""
    host_max_mb: int = 0
    """Resident MB at which a host is drained and replaced; 0: never."""
    host_drain_seconds: float = 300.0
    """How long a drained host's runs may take to reach their next step boundary before it is ended."""

    def rules(self, workflow: str, config: Mapping[str, Any]) -> RunRules:
        """What holds for a run of a workflow with this `config`."""
        engine = RunRules(recursion_limit=self.recursion_limit, durability=self.durability)
        return engine.over(self.workflows.get(workflow, {}), config)

    def retention(self, workflow: str) -> float:
        """Days after which the checkpoints of a workflow's ended threads are pruned; 0: never."""
        own = self.workflows.get(workflow, {}).get("retention_days")
        return self.retention_days if own is None else float(own)

    @property
    def retains_all(self) -> bool:
        """Whether nothing is ever pruned by age."""
        return not any((self.retention_days, *map(self.retention, self.workflows)))

    @property
    def database(self) -> Path:
        """The server's own database."""
        return self.data / "engine.db"

    @property
    def lock(self) -> Path:
        """Held (flock) for as long as the server lives."""
        return self.data / "server.lock"

    def checkpoints(self, project_id: str) -> Path:
        """The checkpoint file of a project."""
        return self.data / "checkpoints" / f"{project_id}.db"

    @property
    def run_logs(self) -> Path:
        """What the code of each run says."""
        return self.data / "logs" / "runs"

    @property
    def warn_thread_bytes(self) -> int:
        """From here on a thread counts as large; 0: none does."""
        return int(self.warn_thread_mb * 2**20)

    @property
    def prefect_home(self) -> Path:
        """What the embedded Prefect server keeps."""
        return self.data / "prefect"

    @property
    def prefect_log(self) -> Path:
        """What the embedded Prefect server says."""
        return self.data / "logs" / "prefect.log"

    @property
    def prefect_worker_log(self) -> Path:
        """What our process worker, and the flows in it, say."""
        return self.data / "logs" / "prefect-worker.log"

    @property
    def prefect_flows_log(self) -> Path:
        """What flows print that we load, or run without a worker."""
        return self.data / "logs" / "prefect-flows.log"

    def host_log(self, host_id: str) -> Path:
        """What the code in a host prints."""
        return self.data / "logs" / f"host-{host_id}.log"
