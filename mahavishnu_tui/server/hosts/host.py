"""One engine host: its process, its channel, and what we know of it."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mahavishnu_tui
from mahavishnu_tui.models import ErrorCode, Host, MahavishnuError, Project
from mahavishnu_tui.server.hosts.channel import Channel, ChannelClosedError
from mahavishnu_tui.server.hosts.process import HostProcess, Spawner, environment
from mahavishnu_tui.server.hosts.watchdog import Watchdog
from mahavishnu_tui.server.logs import tail
from mahavishnu_tui.server.options import ServerOptions

log = logging.getLogger(__name__)

PROTOCOL = 1
BLOCKED_LAG = 2.0
"""Seconds of lag from which a host is said to be blocked."""
BUSY_LAG = 1.0
"""Seconds of lag from which new runs go to another host of the project."""
LONG_IMPORT = 5.0
"""Seconds of one import from which others go to another host: big libraries take some, a hang takes all."""
SILENCE = 5.0
"""Seconds without a beat after which a host counts as blocked: its beats come from a thread."""

ENTRY = Path(mahavishnu_tui.__path__[0]) / "engines" / "langgraph" / "host" / "__main__.py"


class EngineHost:
    """One process from its start to its end; a restart is a new object with the same id.

    Args:
        on_notice: called with every notice but beats.
        on_change: called when `record` has changed so that clients should know.
        on_death: called once, when a host that was up has ended; with its reason.
    """

    def __init__(
        self,
        record: Host,
        project: Project,
        options: ServerOptions,
        *,
        on_notice: Callable[[dict[str, Any]], None],
        on_change: Callable[[], None],
        on_death: Callable[[str], None],
    ) -> None:
        self.record = record
        self.project = project
        self.runs: dict[str, int] = {}
        """The runs that were given to it and have not ended: id and lease."""
        self.alone = False
        """Reserved for one run: it asked for isolation, or is suspected of killing its hosts."""
        self.suspect = False
        """Holds one of the few places for runs under suspicion."""
        self.watchdog: Watchdog | None = None
        self.drain_by: float | None = None
        """Monotonic time at which it is ended even if runs have not left it; None while it is in service."""
        self.useful = False
        """Whether it has stored a checkpoint: a host that has not, and dies, is restarted more slowly."""
        self.importing = ""
        """The spec whose code it imports now, as its last beat said."""
        self._importing_since = 0.0
        self.blocked_at = ""
        """What keeps its loop from turning, as its last beat said."""
        self.idle_since = time.monotonic()
        self.dead = False
        self.ended_by_us = ""
        """Why we are ending it; empty while we are not."""
        self.faulty = False
        """We are ending it because it does not work: with runs in it, it is lost, and not just stopped."""
        self._options = options
        self._on_notice = on_notice
        self._on_change = on_change
        self._on_death = on_death
        self._channel = Channel(self._take, self._closed)
        self._process: HostProcess | None = None
        self._watch: asyncio.Task[None] | None = None
        self._last_beat = time.monotonic()

    @property
    def id(self) -> str:
        """Names it in lists and names its log."""
        return self.record.id

    @property
    def ready(self) -> bool:
        """Whether it takes requests."""
        return self.record.state in ("ready", "blocked")

    @property
    def silence(self) -> float:
        """Seconds since its last sign of life."""
        return time.monotonic() - self._last_beat

    def held_up(self, own: int = 0, spec: str = "") -> bool:
        """Whether what is sent to it has to wait for a run that blocks its loop, or for a long import.

        Args:
            own: how many of its runs are the caller's, and so not to blame.
            spec: the caller's graph; its own import is no reason to go elsewhere.
        """
        if self.silent:
            return True
        if self.importing:
            return self.importing != spec and time.monotonic() - self._importing_since > LONG_IMPORT
        return len(self.runs) > own and self.record.lag > BUSY_LAG

    @property
    def silent(self) -> bool:
        """Whether not even its beats come."""
        return self.ready and self.silence > SILENCE

    async def start(self, spawner: Spawner) -> None:
        """Start the process and greet it.

        Raises:
            MahavishnuError: MHV-423 no LangGraph in that interpreter, MHV-433 it does not start.
            ChannelClosedError: a signal ended it before it was up; it may be tried again.
        """
        ours, theirs = socket.socketpair()
        try:
            await self._channel.open(ours)
            self._process = await self._spawn(spawner, theirs)
        except BaseException:
            self._channel.close()
            raise
        finally:
            theirs.close()
        self.set(pid=self._process.pid, started_at=time.time())
        self._watch = asyncio.create_task(self._wait(self._process), name=f"host {self.id}")
        await self._greet()

    async def request(self, op: str, *, timeout: float = 30.0, **fields: Any) -> Any:
        """A request as an operator should see its failures.

        A host that is still importing the request's `spec` when its time is over never will have done so:
        it is ended, and a new one takes up its runs.

        Raises:
            MahavishnuError: the host's own error, MHV-424 it died meanwhile, MHV-109 no answer in time.
        """
        try:
            return await self._channel.request(op, timeout, **fields)
        except ChannelClosedError:
            raise MahavishnuError(
                ErrorCode.HOST_DIED,
                f"The engine host of {self.project.root} died meanwhile.",
                "It is restarted; try again.",
                host=self.id,
            ) from None
        except TimeoutError:
            spec = str(fields.get("spec") or "")
            if spec and self.importing == spec:
                raise self._import_hangs(spec, timeout) from None
            raise MahavishnuError(
                ErrorCode.TIMEOUT,
                f"The engine host of {self.project.root} did not answer in {timeout:g} s{self._busy_with()}.",
                "Code in a node may be blocking it; the host's log may tell more.",
                host=self.id,
            ) from None

    def pause(self, paused: bool) -> None:
        """Stop or go on taking its notices."""
        self._channel.pause(paused)

    def give_up(self, why: str) -> None:
        """End it now because it does not work as it should."""
        self.faulty = True
        self.kill(why)

    def kill(self, why: str) -> None:
        """End it now; its runs are taken up again elsewhere."""
        self.ended_by_us = self.ended_by_us or why
        if self._process is not None:
            self._process.kill()

    async def stop(self, why: str, timeout: float = 3.0) -> None:
        """Ask it to end, then see to it; returns when it is gone."""
        self.ended_by_us = why
        self.set(state="draining")
        try:
            await self._channel.request("stop", timeout)
        except (ChannelClosedError, TimeoutError, MahavishnuError):
            log.info("host %s did not answer to stop", self.id)
        if not await self.gone(timeout):
            self.kill(why)
            await self.gone(timeout)

    async def gone(self, timeout: float) -> bool:
        """Whether its process has ended, within `timeout` seconds."""
        if self._watch is None:
            return True
        done, _ = await asyncio.wait([self._watch], timeout=timeout)
        return bool(done)

    def set(self, **changes: Any) -> None:
        """Change the record and say so."""
        self.record = self.record.replace(**changes)
        self._on_change()

    def look(self) -> None:
        """Called every second: a host that has stopped beating is held up as a whole."""
        if self.record.state == "ready" and self.silent:
            self.set(state="blocked", note=f"no sign of life for {self.silence:.0f} s")
        if not self.runs or self.ended_by_us:
            return
        if self.drain_by is not None and time.monotonic() > self.drain_by:
            self.kill("engine host was ended: no step boundary in time")
        elif self.watchdog is not None and self.watchdog.run_id in self.runs:
            overdue = self.watchdog.overdue(self.record.lag, self.blocked_at)
            if overdue is not None:
                self._on_notice(overdue)

    async def _spawn(self, spawner: Spawner, theirs: socket.socket) -> HostProcess:
        project = self.project
        argv = [project.interpreter, str(ENTRY), "--fd", str(theirs.fileno())]
        try:
            return await spawner.spawn(
                argv, project.root, environment(project), self._options.host_log(self.id), theirs.fileno()
            )
        except OSError as error:
            missing = project.interpreter if _is_folder(project.root) else project.root
            raise MahavishnuError(
                ErrorCode.HOST_START,
                f"The engine host of {project.root} cannot be started: {missing}: {error.strerror or error}.",
                "Check that the project's folder and its Python interpreter exist and may be used.",
                path=missing,
            ) from error

    async def _greet(self) -> None:
        options = self._options
        checkpoints = options.checkpoints(self.project.id)
        checkpoints.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings = {
            "recursion_limit": options.recursion_limit,
            "durability": options.durability,
            "synchronous": options.synchronous,
            "warn_bytes": options.warn_thread_bytes,
        }
        try:
            reply = await self._channel.request(
                "hello",
                options.load_seconds,
                protocol=PROTOCOL,
                project=self.project.to_json(),
                checkpoints=str(checkpoints),
                settings=settings,
                logs={
                    "folder": str(options.run_logs),
                    "bytes": int(options.log_mb_per_run * 2**20),
                    "level": options.code_log_level,
                },
            )
        except ChannelClosedError:
            raise await self._died_at_start() from None
        except TimeoutError:
            self.give_up("it did not say hello")
            raise self._start_error(f"it said nothing for {options.load_seconds:g} s") from None
        except MahavishnuError:
            self.give_up("it cannot work")
            raise
        self._last_beat = self.idle_since = time.monotonic()
        self.set(state="ready", versions=dict(reply.get("versions") or {}), error=None, note="")

    async def _died_at_start(self) -> Exception:
        self.give_up(self._channel.fault)
        await self.gone(5.0)
        code = await self._process.wait() if self._process is not None else 0
        if code < 0 and not self._channel.fault:
            return ChannelClosedError()
        return self._start_error(self._channel.fault or f"it ended with status {code}")

    def _start_error(self, why: str) -> MahavishnuError:
        path = self._options.host_log(self.id)
        last = [line for line in tail(path, 20).lines if line.strip()][-1:]
        told = f"; it said: {last[0].strip()}" if last else ""
        return MahavishnuError(
            ErrorCode.HOST_START,
            f"The engine host of {self.project.root} did not start: {why}{told}.",
            f"Its log is {path}.",
            path=str(path),
        )

    def _take(self, notice: dict[str, Any]) -> None:
        self._last_beat = time.monotonic()
        if notice.get("ev") == "beat":
            self._beat(notice)
            return
        if notice.get("ev") == "step":
            self.useful = True
        self._on_notice(notice)

    def _beat(self, notice: dict[str, Any]) -> None:
        lag, rss = float(notice.get("lag") or 0.0), int(notice.get("rss") or 0)
        where = str(notice.get("where") or "")
        importing = str(notice.get("importing") or "")
        code = str(notice.get("code") or "")[:16]
        if importing != self.importing:
            self.importing, self._importing_since = importing, time.monotonic()
        before = self.record
        state, note = before.state, before.note
        if state in ("ready", "blocked"):
            state = "blocked" if lag > BLOCKED_LAG else "ready"
        if state == "blocked":
            note = f"blocked by {where}" if where else "its event loop is held up"
        elif before.state == "blocked":
            note = ""
        self.record = before.replace(
            state=state, lag=round(lag, 1), rss=rss, note=note, running=len(self.runs), code=code
        )
        self.blocked_at = where
        if state != before.state or _differs(before, self.record):
            self._on_change()

    def _import_hangs(self, spec: str, timeout: float) -> MahavishnuError:
        at = f", {self.record.note}" if self.record.note else ""
        self.give_up(f"the import of {spec} did not end")
        return MahavishnuError(
            ErrorCode.TIMEOUT,
            f"The import of {spec} did not end in {timeout:g} s{at}.",
            "Move what waits or loops at import into a node, then load it again.",
            spec=spec,
        )

    def _busy_with(self) -> str:
        return f", {self.record.note}" if self.record.note else ""

    def _closed(self) -> None:
        # End of file is death for us: without its channel a host is of no use, and exits by itself.
        if self._process is not None:
            self._process.kill()

    async def _wait(self, process: HostProcess) -> None:
        code = await process.wait()
        # What it said before it died counts; a child of its own may hold the other end open, though.
        await self._channel.closed(1.0)
        reason = self.ended_by_us or _epitaph(code, self._channel.fault)
        self.dead = True
        was_up = self.record.state not in ("starting", "failed")
        log.info("host %s (pid %d) ended: %s", self.id, process.pid, reason)
        self.record = self.record.replace(pid=None, running=0, lag=0.0, rss=0)
        if was_up:
            self._on_death(reason)


def _is_folder(path: str) -> bool:
    return Path(path).is_dir()


def _epitaph(code: int, fault: str) -> str:
    if fault:
        return f"engine host sent {fault}"
    return f"engine host died (signal {-code})" if code < 0 else f"engine host ended (exit status {code})"


def _differs(one: Host, other: Host) -> bool:
    """Whether a beat says something worth telling: memory by a tenth, lag by half a second."""
    if one.running != other.running or one.code != other.code:
        return True
    return abs(one.rss - other.rss) > max(one.rss, 1) / 10 or abs(one.lag - other.lag) >= 0.5
