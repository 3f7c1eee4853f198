"""What every screen shares: what is known of the server, the way to it, and what went wrong."""

from __future__ import annotations

import dataclasses
import time
import weakref
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from textual.dom import DOMNode
from textual.signal import Signal

from mahavishnu_tui.client.mirror import EVERYTHING, Change, Mirror
from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.context import Context
from mahavishnu_tui.screens.commands import History
from mahavishnu_tui.screens.guard import Guard
from mahavishnu_tui.screens.pace import Clock
from mahavishnu_tui.screens.times import TimeForm, Times

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.models import Approval, Need, Run, Workflow

Told = TypeVar("Told")

LinkState = Literal["connecting", "starting", "live", "lost"]
"""`connecting`: nothing was ever heard. `starting`: no server answered, one is being started.
`lost`: it was there and is not; what is shown is old."""

KEPT_OLDER = 20_000
"""Runs too old for the mirror that are remembered."""

ALL: frozenset[Change] = frozenset({EVERYTHING})


def follow(signal: Signal[Told], node: DOMNode, told: Callable[[Told], None]) -> None:
    """Have a method of a node told what a signal gives, in its turn.

    The signal keeps neither of them: with a plain subscription a closed screen lives until the next news.
    """
    place, method = weakref.ref(node), weakref.WeakMethod(told)

    def tell(news: Told) -> None:
        there, then = place(), method()
        if there is not None and then is not None:
            there.call_next(then, news)

    signal.subscribe(node, tell, immediate=True)


@dataclasses.dataclass(frozen=True)
class DashboardOptions:
    """What the command line says to the dashboard."""

    context: str = "default"
    data_dir: Path | str | None = None
    readonly: bool = False
    ascii: bool = False
    mouse: bool = False
    ssh: bool = False
    """Whether to spare a slow line from the first frame on."""
    settings_flags: tuple[str, ...] = ()
    """`group.field=value`, the strongest source of settings."""


@dataclasses.dataclass(frozen=True)
class Link:
    """The state of the way to the server."""

    state: LinkState = "connecting"
    since: float = 0.0
    """When the server was last heard, or when we began to look for it."""
    attempt: int = 0
    retry_in: float = 0.0
    message: str = ""

    @property
    def live(self) -> bool:
        """Whether what is shown is current."""
        return self.state == "live"


@dataclasses.dataclass(frozen=True)
class Taste:
    """The settings that the dashboard itself follows."""

    theme: str = ""
    ascii: bool = False
    ssh: str = "auto"
    """`on`, `off`, or `auto`: spare the line to the terminal when it turns out to be slow."""
    bell: bool = True
    title: bool = True
    desktop: bool = False
    times: TimeForm = "mixed"
    mouse: bool = False
    keymap: Mapping[str, str] = dataclasses.field(default_factory=dict)
    prices: Mapping[str, Mapping[str, float]] = dataclasses.field(default_factory=dict)
    """US dollars per million tokens, by model: `input` and `output`."""


@dataclasses.dataclass(frozen=True)
class LinkUpdate:
    """One thing that a connection has to say."""

    link: Link
    changes: frozenset[Change] = frozenset()
    error: MahavishnuError | None = None
    """Why it is not live, the first time it is said."""


class Connection(Protocol):
    """A way to one server; `screens.connection` holds the real one."""

    client: ServerClient
    reader: ServerClient
    """The same server, for whoever only looks: it refuses to send what changes something."""
    mirror: Mirror

    @property
    def taste(self) -> Taste:
        """The settings that the dashboard itself follows."""
        ...

    @property
    def context(self) -> Context:
        """What the settings say of the context."""
        ...

    @property
    def contexts(self) -> tuple[Context, ...]:
        """All that there are."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What the operator should know about the settings."""
        ...

    @property
    def history(self) -> Path | None:
        """Where `:` commands are remembered; None for nowhere."""
        ...

    @property
    def facts(self) -> Mapping[str, str]:
        """Paths and versions for `:info`."""
        ...

    async def renew(self) -> bool:
        """Read the settings anew; False where they lead to another server by now."""
        ...

    def updates(self) -> AsyncIterator[LinkUpdate]:
        """Link states and changes, for ever."""
        ...

    def retry_now(self) -> None:
        """Do not wait any longer for the next attempt."""
        ...

    async def aclose(self) -> None:
        """Let go of it; the server goes on."""
        ...


@dataclasses.dataclass(frozen=True)
class ErrorEntry:
    """An error as `:errors` keeps it."""

    at: float
    error: MahavishnuError
    times: int = 1


class Session:
    """One dashboard's view of one server.

    Args:
        owner: the application; the signals end with it.
        options: what the command line said.
        now: the clock; a test gives a fixed one.
    """

    def __init__(
        self, owner: DOMNode, options: DashboardOptions, now: Callable[[], float] = time.time
    ) -> None:
        self.changes: Signal[frozenset[Change]] = Signal(owner, "changes")
        """What changed in the mirror."""
        self.links: Signal[Link] = Signal(owner, "links")
        """Every change of the way to the server."""
        self.options = options
        self.clock = Clock(now)
        self.now = self.clock.now
        self.guard = Guard(options.readonly, now)
        self.guard.context = Context(options.context)
        self.link = Link(since=now())
        self.connection: Connection | None = None
        self.mirror = Mirror()
        self.errors: deque[ErrorEntry] = deque(maxlen=500)
        self.commands = History()
        """The `:` commands typed so far, on whatever screen."""
        self.taste = Taste(ascii=options.ascii)
        self.time_form: TimeForm = "mixed"
        """How moments are told, on every screen."""
        self.told: dict[str, str] = {}
        """What was said as news, by what it is about: it is not said again to who comes back."""
        self._older: dict[str, Run] = {}
        self._watchers: Counter[str] = Counter()

    @property
    def ascii(self) -> bool:
        """Whether to draw with ASCII alone."""
        return self.taste.ascii or self.options.ascii

    @property
    def context(self) -> Context:
        """What the settings say of the context, once they are read."""
        return self.guard.context

    @property
    def contexts(self) -> tuple[Context, ...]:
        """All contexts that there are, once the settings are read."""
        return self.connection.contexts if self.connection is not None else ()

    @property
    def readonly(self) -> bool:
        """Whether this dashboard only looks: what acts is unbound, and the client refuses it."""
        return self.guard.readonly

    @property
    def mouse(self) -> bool:
        """Whether clicks and the wheel are heard."""
        return self.taste.mouse or self.options.mouse

    @property
    def times(self) -> Times:
        """How a moment is told now."""
        return Times(self.time_form, self.now())

    @property
    def client(self) -> ServerClient:
        """The client of the server; of a dashboard that only looks, one that refuses to write (MHV-012).

        Whoever acts takes it when the act begins: an act goes through, also when the lock falls meanwhile.

        Raises:
            MahavishnuError: MHV-002 while there is none.
        """
        if self.connection is None:
            raise MahavishnuError(
                ErrorCode.SERVER_UNREACHABLE,
                "The server has not answered yet.",
                "Wait until the header shows it, or look at :errors.",
            )
        return self.connection.reader if self.readonly else self.connection.client

    @property
    def who(self) -> str:
        """The name under which this operator acts: `ana@bastion-2`."""
        import getpass
        import socket

        try:
            user = getpass.getuser()
        except (OSError, KeyError):
            user = "unknown"
        return f"{user}@{socket.gethostname().partition('.')[0]}"

    def record(self, error: BaseException) -> MahavishnuError:
        """Keep an error for `:errors`; anything unforeseen becomes MHV-011."""
        import traceback

        if not isinstance(error, MahavishnuError):
            lines = "".join(traceback.format_exception(error))
            error = MahavishnuError(
                ErrorCode.INTERNAL,
                f"Something unforeseen happened: {type(error).__name__}: {error}.",
                "Its full text is in :errors; please report it.",
                detail=lines,
            )
        # What repeats while a server is away is one entry, also where two errors alternate.
        same = next((entry for entry in list(self.errors)[-5:] if str(entry.error) == str(error)), None)
        if same is not None:
            self.errors.remove(same)
        self.errors.append(ErrorEntry(self.now(), error, same.times + 1 if same else 1))
        return error

    def run(self, run_id: str) -> Run | None:
        """A run as last heard, or as it was when it was fetched: old ones do not change."""
        return self.mirror.runs.get(run_id) or self._older.get(run_id)

    def keep(self, runs: Iterable[Run]) -> None:
        """Remember runs that were fetched because they are too old for the mirror."""
        self._older.update((run.id, run) for run in runs)
        while len(self._older) > KEPT_OLDER:
            del self._older[next(iter(self._older))]

    def drop(self, run_id: str) -> None:
        """A run that was fetched is gone where it lived."""
        self._older.pop(run_id, None)

    def server_of(self, run: Run | None) -> str:
        """The LangGraph server of others that a run is on; empty for our own."""
        workflow = self.mirror.workflows.get(run.workflow_id) if run is not None else None
        return workflow.server if workflow is not None else ""

    def pending(self, run_id: str = "") -> list[Approval]:
        """Questions nobody has answered, oldest first; of one run when it is named."""
        found = [
            approval
            for approval in self.mirror.approvals.values()
            if approval.status == "pending" and run_id in ("", approval.run_id)
        ]
        return sorted(found, key=lambda approval: (approval.asked_at, approval.id))

    def needs(self) -> list[Need]:
        """What needs an operator, the most urgent first; nothing while the server has not told."""
        if not self.mirror.needs:
            return []
        from mahavishnu_tui.models.need import order_needs

        return order_needs(self.mirror.needs.values())

    def need_of(self, run: Run) -> Need | None:
        """What a run needs somebody for: its failure, else its most urgent question."""
        own = [need for need in (self.mirror.needs or {}).values() if need.run_id == run.id]
        if len(own) < 2:
            return own[0] if own else None
        from mahavishnu_tui.models.need import order_needs

        return order_needs(own)[0]

    def workflow_of(self, run: Run) -> Workflow | None:
        """The workflow of a run, when the server has told of it."""
        return self.mirror.workflows.get(run.workflow_id)

    def watch(self, run_id: str) -> None:
        """Have the visits of a run kept; every call needs its `unwatch`."""
        self._watchers[run_id] += 1
        self.mirror.watch(run_id)

    def unwatch(self, run_id: str) -> None:
        """One who watched this run does so no more."""
        self._watchers[run_id] -= 1
        if self._watchers[run_id] <= 0:
            del self._watchers[run_id]
            self.mirror.unwatch(run_id)

    def adopt(self, connection: Connection) -> None:
        """Use a connection from now on."""
        self.connection = connection
        self.guard.context = connection.context
        self.mirror = connection.mirror
        self.taste = connection.taste

    def rest(self) -> None:
        """Nobody follows the server any longer: what is known of it grows old."""
        self.link = Link("lost" if self.mirror.epoch else "connecting", self.clock.exact())
        self.links.publish(self.link)

    def retry_now(self) -> None:
        """Try the server again at once, when it is away."""
        if self.connection is not None and not self.link.live:
            self.connection.retry_now()
