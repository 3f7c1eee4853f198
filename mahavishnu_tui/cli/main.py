"""The tree of commands. A command's module is imported when the command is used."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Mapping, Sequence

import click

from mahavishnu_tui import __version__
from mahavishnu_tui.cli.common import Dashboard, common_options
from mahavishnu_tui.cli.guard import USAGE, guarded
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError

COMPLETION = "_MAHAVISHNU_COMPLETE"
"""The environment variable through which a shell asks what completes a word."""


class LazyGroup(click.Group):
    """A group that knows its commands by where they live, and by one line of help."""

    def __init__(self, *, homes: Mapping[str, tuple[str, str]], **rest: object) -> None:
        super().__init__(**rest)  # type: ignore[arg-type]
        self._homes = homes

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which they were written down."""
        return list(self._homes)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in self._homes:
            return None
        home, _ = self._homes[cmd_name]
        module, _, attribute = home.partition(":")
        command = getattr(importlib.import_module(f"mahavishnu_tui.cli.{module}"), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `--help`, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self._homes.items()])


SERVER = {
    "run": ("server:run", "Run the server in the foreground."),
    "start": ("server:start", "Start the server, detached, unless it runs."),
    "stop": ("server:stop", "Let runs reach a step boundary, then end the server."),
    "status": ("server:status", "Say whether it runs, where, and how busy it is."),
    "logs": ("logs:logs", "Show the log of the server or of an engine host."),
    "install": ("install:install", "Write a systemd user unit, for a server that survives reboots."),
}
CHECKPOINTS = {
    "list": ("checkpoints:list_checkpoints", "List the checkpoints of a run, newest first."),
    "load": ("checkpoints:load", "Show the state stored in a checkpoint."),
    "diff": ("checkpoint_reading:diff", "Show what differs between two checkpoints."),
    "search": ("checkpoint_reading:search", "Find a text in the states of a run."),
    "edit": ("checkpoint_editing:edit", "Give a run's state other values."),
    "fork": ("checkpoint_editing:fork", "Run again from a checkpoint, with other values there."),
    "rewind": ("checkpoint_editing:rewind", "Take a run back to a checkpoint, without running anything."),
    "create": ("checkpoint_editing:create", "Store a checkpoint by hand, with a label."),
    "pin": ("checkpoint_keeping:pin", "Keep a run's checkpoints from ever being pruned."),
    "unpin": ("checkpoint_keeping:unpin", "Let a run's checkpoints be pruned again."),
    "tag": ("checkpoint_keeping:tag", "Give a checkpoint a name; it is then never pruned."),
    "prune": ("checkpoint_keeping:prune", "Remove old checkpoints of runs that have ended."),
    "delete": ("checkpoint_keeping:delete", "Remove all checkpoints of a run's thread."),
    "sizes": ("checkpoint_reading:sizes", "Show the room that checkpoints take, and how fast they grow."),
}
LANGGRAPH = {
    "execute": ("execute:execute", "Run a workflow from a file."),
    "list": ("runs:list_runs", "List runs, newest first."),
    "checkpoints": ("main:checkpoints", "List and read checkpoints."),
    "watch": ("watch:watch", "Follow a run until it ends or asks."),
    "replay": ("watch:replay", "Play the path of a run again, as it went."),
    "export": ("export:export", "Write everything that is known of a run as JSON."),
    "approve": ("approve:approve", "Answer the question that a run waits with."),
    "claim": ("claims:claim", "Say that you are on a question."),
    "release": ("claims:release", "Say that nobody is on a question."),
    "audit": ("audit:audit", "Show who did what to a run."),
    "validate": ("validate:validate", "Check a workflow before it runs."),
    "visualize": ("visualize:visualize", "Draw the graph of a workflow or of a run."),
    "health": ("health:health", "Say how server, hosts and pools are doing."),
    "servers": ("main:servers", "LangGraph servers of others that are watched here."),
    "cancel": ("control:cancel", "Cancel a run, now or at its next step boundary."),
    "logs": ("said:logs", "Show what the code of a run prints and logs."),
    "again": ("control:again", "Start a new run like another one."),
    "priority": ("control:priority", "Change whose turn a queued run is."),
    "resume": ("runs:resume", "Go on with a paused, failed or cancelled run, or from a checkpoint."),
}
PREFECT = {
    "execute": ("prefect.execute:execute", "Run a flow from a file, or a deployment."),
    "list": ("prefect.runs:list_runs", "List flow runs, newest first."),
    "status": ("prefect.runs:status", "Say how a flow run stands: state, tasks, tries, times, error."),
    "watch": ("watch:watch", "Follow a flow run until it ends or asks."),
    "logs": ("said:logs", "Show what a flow run logs."),
    "metrics": ("prefect.reports:metrics", "Show what a flow run took."),
    "artifacts": ("prefect.reports:artifacts", "Show what a flow run has put on show."),
    "visualize": ("prefect.visualize:visualize", "Draw the tasks of a flow run."),
    "export": ("export:export", "Write everything that is known of a flow run as JSON."),
    "approve": ("approve:approve", "Answer the question that a flow run waits with."),
    "claim": ("claims:claim", "Say that you are on a question."),
    "release": ("claims:release", "Say that nobody is on a question."),
    "audit": ("audit:audit", "Show who did what to a flow run."),
    "cancel": ("prefect.acts:cancel", "Cancel flow runs."),
    "pause": ("prefect.acts:pause", "Suspend flow runs at their next task boundary."),
    "resume": ("prefect.acts:resume", "Go on with paused and suspended flow runs."),
    "retry": ("prefect.acts:retry", "Run failed flow runs once more, under the same id."),
    "again": ("prefect.acts:again", "Start a new flow run like another one."),
    "delete": ("prefect.acts:delete", "Take flow runs away for ever."),
    "troubles": ("prefect.troubles:troubles", "List flow runs in trouble, or cure them."),
    "deployment": ("main:deployment", "Deployments: create, list, run, change."),
    "schedule": ("main:schedule", "Schedules: create, preview, change, pause, skip."),
    "health": ("prefect.health:health", "Say how Prefect is, and what its self-test found."),
    "start": ("prefect.health:start", "Start the embedded Prefect server."),
    "stop": ("prefect.health:stop", "Stop the embedded Prefect server."),
}
DEPLOYMENT = {
    "create": ("prefect.deploying:create", "Deploy a flow from a file."),
    "list": ("prefect.deployments:list_deployments", "List deployments, by name."),
    "show": ("prefect.deployments:show", "Show one with its parameters and schedules."),
    "run": ("prefect.deployment_run:run", "Start a run of one."),
    "pause": ("prefect.deploying:pause", "Pause one: its schedules start nothing."),
    "resume": ("prefect.deploying:resume", "Let its schedules start runs again."),
    "update": ("prefect.deploying:update", "Change what is given of one."),
    "versions": ("prefect.deployments:versions", "List the versions of one."),
    "delete": ("prefect.deploying:delete", "Take one away, with its schedules."),
}
SCHEDULE = {
    "create": ("prefect.schedule_making:create", "Start runs of a deployment or of a workflow by a rule."),
    "list": ("prefect.schedules:list_schedules", "List schedules, the next to start first."),
    "preview": ("prefect.schedules:preview", "Show when a rule starts runs. Nothing is made."),
    "change": ("prefect.schedule_making:change", "Give one another rule or other parameters."),
    "pause": ("prefect.scheduling:pause", "Have one start no more runs."),
    "resume": ("prefect.scheduling:resume", "Have one start runs again."),
    "run": ("prefect.scheduling:run", "Start one run of it now."),
    "make-runs": ("prefect.scheduling:make_runs", "Have the runs made that Prefect does not make."),
    "skip": ("prefect.scheduling:skip", "Delete late runs that nobody has taken."),
    "delete": ("prefect.scheduling:delete", "Take schedules away."),
}
SERVERS = {
    "list": ("servers:list_servers", "List the LangGraph servers of the settings, and how they are."),
    "check": ("servers:check", "Call each of them now, and say what it answers."),
}
ROOT = {
    "langgraph": ("main:langgraph", "Run LangGraph workflows, answer and inspect them."),
    "prefect": ("main:prefect", "Run Prefect's flows, deploy and schedule them."),
    "schedule": (
        "main:schedule",
        "What starts by itself, flows and workflows: the same as `prefect schedule`.",
    ),
    "workflow": ("main:workflow", "The workflows that the server knows: list and start them."),
    "host": ("main:host", "Engine hosts: list, drain, restart."),
    "pool": ("main:pool", "Where runs find slots."),
    "needs": ("main:needs", "What needs you: questions, failures, late runs, dead workers."),
    "search": ("search:search", "Find runs by a text in whatever is known of them."),
    "ledger": ("main:ledger", "Who answered what: search and export."),
    "notify": ("main:notify", "What is told off the terminal: list, rules, a test."),
    "server": ("main:server", "The background server: start, stop, look at it."),
    "init": ("init:init", "Write a workflow, a flow and a settings file to begin with."),
    "demo": ("demo:demo", "Start example workflows and open the dashboard on them."),
    "docs": ("docs:docs", "Read the documentation here."),
    "info": ("info:info", "Show paths, versions and where settings come from."),
    "config": ("main:config", "Check and show settings."),
    "trust": ("trust:trust", "Trust files whose code or settings may be used."),
    "completion": ("completion:completion", "Print shell completion."),
}
WORKFLOW = {
    "list": ("workflows:list_workflows", "List the workflows that the server knows."),
    "trigger": ("workflows:trigger", "Start a run of one of them, by name."),
}
HOST = {
    "list": ("hosts:list_hosts", "List the engine hosts, with their runs, code and memory."),
    "drain": ("hosts:drain", "Take one out of service; its runs go on in another one."),
    "restart": ("hosts:restart", "Replace one by a fresh one, and lose nothing."),
}
POOL = {
    "list": ("pools:list_pools", "List the pools."),
    "health": ("pools:pool_health", "Say how a pool is doing."),
    "create": ("pool_acts:create", "Make a work pool."),
    "pause": ("pool_acts:pause", "Let no run begin in a work pool, or a queue of it."),
    "resume": ("pool_acts:resume", "Let runs begin in it again."),
    "limit": ("pool_acts:limit", "Say how many runs may be at work in it."),
    "choose": ("pool_acts:choose", "Say which pool a launch would go to, and why."),
    "limits": ("pool_acts:limits", "List concurrency limits."),
}
NEEDS = {
    "list": ("needs:list_needs", "List what needs you, the most urgent first."),
    "seen": ("needs:seen", "Say that you have seen failures."),
    "claim": ("claims:claim_need", "Say that you are on it."),
    "release": ("claims:release_need", "Say that nobody is on it."),
}
LEDGER = {
    "list": ("ledger:list_ledger", "List answers, newest first."),
    "export": ("ledger:export", "Write all of them, with their proof, as JSON Lines or CSV."),
}
NOTIFY = {
    "list": ("notify:list_notifications", "List what was told, or waits to be told."),
    "rules": ("notify:rules", "Show targets and rules as the server has them."),
    "test": ("notify:test", "Send a real test, and say what happened."),
}
CONFIG = {
    "validate": ("config:validate", "Check a settings file, or all sources."),
    "show": ("config:show", "Print every setting with its value."),
}

server = LazyGroup(name="server", homes=SERVER, help="The background server.")
checkpoints = LazyGroup(
    name="checkpoints", homes=CHECKPOINTS, help="Checkpoints of runs: read, compare, edit, keep, prune."
)
langgraph = LazyGroup(name="langgraph", homes=LANGGRAPH, help="LangGraph workflows and their runs.")
prefect = LazyGroup(name="prefect", homes=PREFECT, help="Prefect's flows and their runs.")
deployment = LazyGroup(name="deployment", homes=DEPLOYMENT, help="Deployments: flows that can be started.")
schedule = LazyGroup(name="schedule", homes=SCHEDULE, help="The rules by which runs start.")
workflow = LazyGroup(name="workflow", homes=WORKFLOW, help="Workflows that the server knows.")
host = LazyGroup(name="host", homes=HOST, help="Engine hosts: the processes in which runs are at work.")
pool = LazyGroup(name="pool", homes=POOL, help="Pools: where runs of all engines find slots.")
needs = LazyGroup(name="needs", homes=NEEDS, help="What needs an operator, of whatever engine.")
ledger = LazyGroup(name="ledger", homes=LEDGER, help="The ledger of answers.")
servers = LazyGroup(name="servers", homes=SERVERS, help="LangGraph servers that somebody else runs.")
notify = LazyGroup(name="notify", homes=NOTIFY, help="Notifications off the terminal.")
config = LazyGroup(name="config", homes=CONFIG, help="Settings.")
root = LazyGroup(
    name="mahavishnu",
    homes=ROOT,
    help="Drives and watches workflows. Without a command it opens the dashboard,"
    " which also takes --readonly, --ascii, --ssh and --mouse.",
    epilog="Exit status: 0 success, 1 failure, 2 a wrong call, 3 a run waits for a human, 4 no server can be"
    " reached, 130 interrupted. What an error code means: mahavishnu docs MHV-008.",
)
common_options(root)
click.version_option(__version__, prog_name="mahavishnu", message="%(prog)s %(version)s")(root)


def run(words: Sequence[str], dashboard: Dashboard) -> int:
    """Run one command; its exit status.

    Args:
        words: the arguments after the program's name.
        dashboard: opens the dashboard, for the commands that end in it.
    """
    return guarded(lambda: _run(words, dashboard), as_json="--json" in words)


def _run(words: Sequence[str], dashboard: Dashboard) -> int:
    if COMPLETION in os.environ:
        root.main(args=list(words), prog_name="mahavishnu")
    # Not root.main(), which has ways of its own with closed pipes and ctrl-c.
    try:
        with root.make_context("mahavishnu", list(words), obj=dashboard) as context:
            status = root.invoke(context)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message())
        return USAGE
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show(file=sys.stderr)
        if "--json" in words:
            print(
                json.dumps({"error": MahavishnuError(ErrorCode.BAD_INPUT, error.format_message()).to_json()})
            )
        return error.exit_code
    return status if isinstance(status, int) else 0
