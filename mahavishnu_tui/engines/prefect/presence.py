"""Whether the process of a suspended flow run is gone: resuming it before ends the worker that has it."""

from __future__ import annotations

import dataclasses
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mahavishnu_tui.engines.prefect.api import PrefectApi, Select
from mahavishnu_tui.engines.prefect.states import moment

_WINDOW = 14 * 86400.0
"""How far back events are asked for; servers keep them for a week by default."""
_QUIET_BEATS = 3
"""Heartbeats that must be missing before a process counts as gone."""
_SLOWEST_BEAT = 180.0
"""Seconds between two heartbeats where fewer than two are known."""
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclasses.dataclass(frozen=True)
class Presence:
    """What is known of a run's process."""

    gone: bool | None
    """None: nobody can tell."""
    why: str
    """The evidence, in one sentence."""


@dataclasses.dataclass(frozen=True)
class Usage:
    """What a process on this host takes."""

    peak_memory_mb: float
    cpu_percent: float
    """Of one processor, on average since it began."""


async def presence(api: PrefectApi, run: Mapping[str, Any], now: float | None = None) -> Presence:
    """Look for the process of a flow run.

    The evidence, the best first: the process itself, on this host; the worker's word that it has ended; the
    heartbeats of the run; task runs that are at work, where it sends none: of a process that was killed they
    are at work for ever.

    Args:
        api: the server.
        run: the flow run, as it gives it.
        now: seconds since the epoch.

    Raises:
        PrefectError: the server could not be asked.
    """
    if not run.get("start_time"):
        return Presence(True, "It has never begun.")
    pid = process_here(run)
    if pid:
        return Presence(False, f"Its process {pid} on this host still runs.")
    if _named_here(run):
        return Presence(True, f"Its process {_named_here(run)} on this host has ended.")
    run_id, clock = str(run["id"]), api.clock() if now is None else now
    since = moment((run.get("state") or {}).get("timestamp")) or 0.0
    if await _has_ended(api, run_id, since, clock):
        return Presence(True, "Its worker has said that the process ended.")
    if (found := await _by_heartbeats(api, run_id, clock)) is not None:
        return found
    # One that is pending tells nothing: a suspended flow leaves the task behind that it stopped at.
    running = Select(
        flow_runs={"id": {"any_": [run_id]}}, task_runs={"state": {"type": {"any_": ["RUNNING"]}}}
    )
    for task in await api.task_runs.filter(running, limit=1):
        return Presence(False, f"Its task {task.get('name') or task['id']} is still at work.")
    return Presence(None, "It is not known on this host, and neither it nor its worker tells how it is.")


async def _has_ended(api: PrefectApi, run_id: str, since: float, now: float) -> bool:
    ended = await _events(api, "prefect.worker.executed-flow-run", run_id, now)
    # When the server heard of it: a worker's own clock may be another one.
    told = [moment(event.get("received")) or moment(event.get("occurred")) or 0.0 for event in ended]
    return max(told, default=0.0) >= since


async def _by_heartbeats(api: PrefectApi, run_id: str, now: float) -> Presence | None:
    """What its heartbeats tell; None where it has sent none."""
    beats = await _events(api, "prefect.flow-run.heartbeat", run_id, now)
    times = sorted(filter(None, (moment(beat.get("occurred")) for beat in beats)), reverse=True)
    if not times:
        return None
    every = times[0] - times[1] if len(times) > 1 else _SLOWEST_BEAT
    quiet = now - times[0]
    if quiet > _QUIET_BEATS * max(every, 1.0):
        return Presence(True, f"Its last heartbeat was {quiet:.0f} s ago, and one is due each {every:.0f} s.")
    return Presence(False, f"It sent a heartbeat {quiet:.0f} s ago.")


async def _events(api: PrefectApi, name: str, run_id: str, now: float) -> list[dict[str, Any]]:
    """The last two of these events that have to do with a run."""
    who = [f"prefect.flow-run.{run_id}"]
    return await api.events.filter(now - _WINDOW, now + 3600, prefixes=[name], resource=who, limit=2)


def process_here(run: Mapping[str, Any]) -> int:
    """The process of a flow run, when it lives on this host; else 0.

    Where a run says `host:pid` it is that one, unless it began after the run did. Prefect's process worker
    says a number without a host: it is the run's when the process has the run's id in its environment.
    """
    pid = _named_here(run)
    if pid:
        return pid if _is_that_process(pid, moment(run.get("start_time")) or 0.0) else 0
    text = str(run.get("infrastructure_pid") or "")
    if not text.isdecimal():
        return 0
    try:
        around = Path(f"/proc/{int(text)}/environ").read_bytes().split(b"\0")
    except OSError:
        return 0
    return int(text) if f"PREFECT__FLOW_RUN_ID={run['id']}".encode() in around else 0


def _named_here(run: Mapping[str, Any]) -> int:
    host, _, number = str(run.get("infrastructure_pid") or "").rpartition(":")
    return int(number) if host and host == socket.gethostname() and number.isdecimal() else 0


def usage(run: Mapping[str, Any]) -> Usage | None:
    """What the process of a run takes; None when it is not on this host, or has ended.

    Only Linux tells this without a library.
    """
    pid = process_here(run)
    if not pid:
        return None
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
        fields = _stat(pid)
        began = _began(fields)
    except (OSError, ValueError, IndexError):
        return None
    peak = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")), "0")
    spent = (int(fields[11]) + int(fields[12])) / _TICKS
    return Usage(int(peak) / 1024, 100 * spent / max(time.time() - began, 0.01))


def _is_that_process(pid: int, started: float) -> bool:
    """Whether it lives and is not a later one with the same number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        fields = _stat(pid)
        # The process is there before its run begins, seconds at least; clocks may disagree a little.
        return fields[0] != "Z" and _began(fields) <= started + 5.0
    except (OSError, ValueError, IndexError):
        return True


def _stat(pid: int) -> list[str]:
    """The fields of `/proc/PID/stat` from the state on."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()


def _began(fields: list[str]) -> float:
    booted = time.time() - float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    return booted + int(fields[19]) / _TICKS
