"""`mahavishnu server run|start|stop|status`."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.cli.prefect.options import prefect_options
from mahavishnu_tui.models.deadline import DeadlineRule, DeadlineRules
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.health import ServerInfo
from mahavishnu_tui.models.spans import duration

if TYPE_CHECKING:
    from mahavishnu_tui.server.options import NotifyOptions, RemoteServer, ServerOptions
    from mahavishnu_tui.settings.langgraph import LangGraphSettings
    from mahavishnu_tui.settings.load import Loaded

_POLL = 0.05


@command("run", json=False)
def run(setup: Setup) -> int:
    """Run the server in the foreground, until it is stopped."""
    loaded = setup.load()
    for note in loaded.notes:
        output.narrate(note)
    options = server_options(loaded)
    # A server outlives the folder it happened to be started in; hosts get their project's root.
    os.chdir("/")
    from mahavishnu_tui.server.main import run_server

    return run_server(options)


def server_options(loaded: Loaded) -> ServerOptions:
    """The settings, as the server takes them."""
    from mahavishnu_tui.server.options import ServerOptions

    server, engine = loaded.settings.server, loaded.settings.langgraph
    return ServerOptions(
        data=loaded.paths.data,
        socket=loaded.paths.socket,
        log=loaded.paths.log,
        log_level=server.log_level.upper(),
        keep_events=server.keep_events,
        idle_minutes=server.idle_minutes,
        drain_seconds=server.drain_seconds,
        agent_api=server.agent_api,
        agent_api_token=server.agent_api_token.get_secret_value(),
        max_concurrent_workflows=engine.max_concurrent_workflows,
        workflows={name: rules.given() for name, rules in engine.workflows.items()},
        recursion_limit=engine.recursion_limit,
        durability=engine.durability,
        retention_days=engine.retention_days,
        retention_keep=engine.retention_keep,
        warn_thread_mb=engine.warn_thread_mb,
        synchronous=engine.synchronous,
        host_idle_seconds=engine.host_idle_seconds,
        hosts_per_project=engine.hosts_per_project,
        human_input=_deadlines(engine),
        log_mb_per_run=engine.log_mb_per_run,
        code_log_level=engine.code_log_level,
        servers=tuple(remote_servers(loaded)),
        prefect=prefect_options(loaded.settings.prefect),
        notify=notify_options(loaded),
        host_max_mb=engine.host_max_mb,
        host_drain_seconds=engine.host_drain_seconds,
    )


def notify_options(loaded: Loaded) -> NotifyOptions:
    """Who is told of what, with the addresses in the clear."""
    from mahavishnu_tui.server.options import NotifyOptions, NotifyTarget

    given = loaded.settings.notifications
    return NotifyOptions(
        targets={
            name: NotifyTarget(target.url.get_secret_value(), target.details)
            for name, target in given.targets.items()
        },
        rules=tuple(rule.rule() for rule in given.rules),
        per_minute=given.per_minute,
        digest=given.digest,
        timeout_seconds=given.timeout_seconds,
        timezone=given.timezone,
        dashboard=given.dashboard,
        context=loaded.paths.context,
    )


def _deadlines(engine: LangGraphSettings) -> DeadlineRules:
    """How long questions may wait, for all workflows and for single ones."""
    general = DeadlineRule(engine.human_input_timeout_seconds, engine.human_input_on_timeout)
    own = {
        name: DeadlineRule(
            general.seconds if one.human_input_timeout_seconds is None else one.human_input_timeout_seconds,
            one.human_input_on_timeout or general.on_timeout,
            one.human_input_default,
        )
        for name, one in engine.workflows.items()
    }
    return DeadlineRules(general, own)


def remote_servers(loaded: Loaded) -> list[RemoteServer]:
    """Other people's LangGraph servers, with their keys in the clear."""
    from mahavishnu_tui.server.options import RemoteServer

    return [
        RemoteServer(
            server.name,
            server.url,
            server.api_key.get_secret_value(),
            {name: text.get_secret_value() for name, text in server.headers.items()},
        )
        for server in loaded.settings.langgraph.servers
    ]


@command("start")
async def start(setup: Setup) -> int:
    """Start the server, detached, unless it runs."""
    from mahavishnu_tui.client.launcher import LaunchOptions, ensure_server

    loaded = setup.load_strictly()
    info = await ensure_server(LaunchOptions.of(loaded.paths, loaded.flags))
    if setup.as_json:
        output.emit(info.to_json())
    else:
        output.say(f"The server runs (pid {info.pid}) and answers at {info.socket}.")
    return OK


@command("status")
async def status(setup: Setup) -> int:
    """Say whether the server runs, where, and how busy it is. Exit status 4 when none answers."""
    async with connected(setup.load(), start=False) as client:
        info = await client.server()
    if setup.as_json:
        output.emit(info.to_json())
        return OK
    output.fields(
        [
            ("state", info.state),
            ("pid", info.pid),
            ("version", info.version),
            ("up", duration(time.time() - info.started_at)),
            ("runs", f"{info.running} running, {info.queued} queued, {info.slots} slots"),
            ("data", info.data),
            ("socket", info.socket),
            *([("agent api", info.agent_api)] if info.agent_api else []),
            ("log", info.log),
        ]
    )
    return OK


@command("stop")
@click.option("--drain/--no-drain", default=True, help="Let runs reach their next step boundary first.")
@click.option(
    "--timeout", type=click.FloatRange(min=0), help="Seconds for that; default: server.drain_seconds."
)
async def stop(setup: Setup, drain: bool, timeout: float | None) -> int:
    """Stop the server; runs go on when it is started again."""
    loaded = setup.load()
    seconds = loaded.settings.server.drain_seconds if timeout is None else timeout
    async with connected(loaded, start=False, own=True) as client:
        try:
            info = await client.server()
        except MahavishnuError as error:
            if error.code is not ErrorCode.SERVER_UNREACHABLE:
                raise
            _told(setup, stopped=False, sentence="No server runs.")
            return OK
        await client.stop_server(drain=drain, timeout=seconds)
    # Draining, then the hosts' own end; past that something is stuck.
    if not await _gone(info, time.monotonic() + seconds + 20):
        raise MahavishnuError(
            ErrorCode.TIMEOUT,
            f"The server (pid {info.pid}) has not ended.",
            f"`mahavishnu server logs` may say why; `kill {info.pid}` ends it, and loses nothing.",
        )
    _told(setup, stopped=True, sentence=f"The server (pid {info.pid}) has ended.")
    return OK


def _told(setup: Setup, *, stopped: bool, sentence: str) -> None:
    if setup.as_json:
        output.emit({"stopped": stopped})
    else:
        output.say(sentence)


async def _gone(info: ServerInfo, deadline: float) -> bool:
    while time.monotonic() < deadline:
        try:
            os.kill(info.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        if _is_zombie(info.pid):
            return True
        await asyncio.sleep(_POLL)
    return False


def _is_zombie(pid: int) -> bool:
    """Ended, though whoever started it has not taken note."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] == b"Z"
    except (OSError, IndexError):
        return False
