"""`mahavishnu langgraph execute`: run a workflow from a file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected, group_of, who
from mahavishnu_tui.cli.guard import FAILURE, OK
from mahavishnu_tui.cli.jsontext import read_json
from mahavishnu_tui.cli.progress import Progress
from mahavishnu_tui.cli.trusting import trusted_target
from mahavishnu_tui.cli.workflows import named
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.graph import path_title
from mahavishnu_tui.models.queue import PRIORITIES
from mahavishnu_tui.models.spans import duration

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import RunDetail, ServerClient
    from mahavishnu_tui.client.launcher import LaunchOptions
    from mahavishnu_tui.models.run import Run


@command("execute")
@click.option(
    "--workflow-file",
    metavar="F.py[:NAME]",
    help="A Python file, with the graph's name where it holds several, or a langgraph.json[:ID].",
)
@click.option(
    "--state", default="{}", metavar="JSON|@FILE|-", help="The input of the run; - reads standard input."
)
@click.option("--workflow-id", metavar="ID|NAME", help="A workflow that the server knows, instead of a file.")
@click.option(
    "--resume-from",
    metavar="CHECKPOINT",
    help="Go on from this checkpoint of --thread-id, instead of a new run.",
)
@click.option("--thread-id", metavar="ID", help="Go on with the state of this thread; default: a new one.")
@click.option("--name", default="", help="What to call the workflow.")
@click.option(
    "--durability",
    type=click.Choice(["sync", "async", "exit"]),
    help="When a checkpoint is on disk: before the next step (sync), during it (async), or only when the run"
    " stops (exit: quick, but a crash loses its progress). Default: langgraph.durability.",
)
@click.option("--priority", type=click.Choice(PRIORITIES), help="Whose turn it is, where runs are queued.")
@click.option("--isolate", is_flag=True, default=None, help="Give the run a process of its own.")
@click.option("--recursion-limit", type=click.IntRange(min=1), help="Steps before it counts as endless.")
@click.option("--run-timeout", type=click.FloatRange(min=0), help="Seconds that it may be at work.")
@click.option("--node-timeout", type=click.FloatRange(min=0), help="Seconds that a node may take.")
@click.option("--wait", is_flag=True, help="Wait until the run ends or asks.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds to wait at most.")
@click.option("--trust", is_flag=True, help="Trust the files that this command uses.")
@click.option("--interpreter", metavar="PYTHON", help="The Python that runs it; default: the project's own.")
async def execute(
    setup: Setup,
    workflow_file: str | None,
    workflow_id: str | None,
    resume_from: str | None,
    state: str,
    thread_id: str | None,
    name: str,
    durability: str | None,
    priority: str | None,
    isolate: bool | None,
    recursion_limit: int | None,
    run_timeout: float | None,
    node_timeout: float | None,
    wait: bool,
    timeout: float | None,
    trust: bool,
    interpreter: str | None,
) -> int:
    """Run a workflow from a file.

    Exit status: 0 success (or started, without --wait), 1 failure, 2 bad usage, 3 waits for a human.
    """
    if [workflow_file, workflow_id, resume_from].count(None) != 2:
        raise click.UsageError("Give one of --workflow-file, --workflow-id and --resume-from.")
    given = read_json(state, "--state")
    rules = {
        "durability": durability,
        "isolate": isolate,
        "recursion_limit": recursion_limit,
        "timeout_seconds": run_timeout,
        "node_timeout_seconds": node_timeout,
    }
    loaded = setup.load_strictly(trust)
    target = trusted_target(loaded.store, workflow_file, interpreter, trust) if workflow_file else None

    from mahavishnu_tui.cli import waiting
    from mahavishnu_tui.client.launcher import LaunchOptions

    launch = LaunchOptions.of(loaded.paths, loaded.flags)
    async with connected(loaded) as client:
        if resume_from is not None:
            run = await _resumed(client, thread_id, resume_from)
        else:
            if target is not None:
                workflow = await client.register(target.spec, target.project, name or target.name)
            else:
                workflow = await named(client, workflow_id or "")
            config = {key: value for key, value in rules.items() if value is not None}
            run = await waiting.start(
                client, launch, workflow, given, thread_id=thread_id, config=config, priority=priority
            )
        if wait and not setup.as_json:
            output.narrate(f"{run.name} ({run.workflow}) started; ctrl-c leaves it running.")
        return await conclude(setup, client, launch, run, wait=wait, timeout=timeout)


async def _resumed(client: ServerClient, thread_id: str | None, checkpoint_id: str) -> Run:
    """The newest run of a thread, gone on from one of its checkpoints."""
    if thread_id is None:
        raise click.UsageError("--resume-from needs --thread-id: whose checkpoint it is.")
    runs = await client.runs(thread=thread_id, limit=1)
    if not runs:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            f"No run has the thread {thread_id!r}.",
            "See `mahavishnu langgraph list --json`.",
        )
    return await client.resume(runs[0].id, who(), checkpoint_id)


async def conclude(
    setup: Setup, client: ServerClient, launch: LaunchOptions, run: Run, *, wait: bool, timeout: float | None
) -> int:
    """Wait for a run if that is wanted, print how it stands; the exit status.

    While it waits it tells the path on standard error, where that is a terminal.
    """
    from mahavishnu_tui.cli import waiting

    if not wait:
        show(setup, await client.run(run.id))
        return OK
    progress = Progress(sys.stderr, moving=True) if sys.stderr.isatty() else None
    try:
        detail = await waiting.settle(
            client, launch, run.id, run.version, timeout, progress.seen if progress else None
        )
    except MahavishnuError as error:
        if error.code is not ErrorCode.TIMEOUT:
            raise
        show(setup, await client.run(run.id), error)
        return FAILURE
    finally:
        if progress is not None:
            progress.close()
    show(setup, detail)
    return waiting.status_of(detail.run)


def show(setup: Setup, detail: RunDetail, trouble: MahavishnuError | None = None) -> None:
    """Print how a run stands, and what kept us from seeing its end."""
    from mahavishnu_tui.cli import waiting

    if trouble is not None:
        output.narrate(f"mahavishnu: {trouble}")
    if setup.as_json:
        found = waiting.outcome(detail)
        output.emit(found if trouble is None else {**found, "error": trouble.to_json()})
        return
    run = detail.run
    took = f" in {duration(run.ended_at - run.started_at)}" if run.ended_at and run.started_at else ""
    rows: list[tuple[str, object]] = [
        ("run", f"{run.name}  {run.id}"),
        *_of_engine(run),
        ("status", f"{run.status}{f', {run.state}' if run.state else ''}{took}"),
    ]
    if detail.execution_path:
        rows.append(("path", " → ".join(map(path_title, detail.execution_path))))
    if run.error:
        rows.append(("error", f"{run.error.get('code', '')} {run.error.get('message', '')}".strip()))
        if run.error.get("hint"):
            rows.append(("", run.error["hint"]))
    output.fields(rows)
    if detail.values is not None:
        output.say(output.pretty(detail.values))
    if waiting.asks_to_go_on(run):
        output.say(f"It waits until somebody lets it go on: mahavishnu prefect resume {run.id}")
    pending = [approval for approval in detail.approvals if approval.status == "pending"]
    for approval in pending:
        # A run's name is only enough where it asks one thing.
        question = run.name if len(pending) == 1 else approval.id
        answer = f"mahavishnu {group_of(run)} approve {question}"
        output.say(f"asks: {approval.title}  (answer: {answer})")


def _of_engine(run: Run) -> list[tuple[str, object]]:
    """What it is a run of."""
    if run.engine == "prefect":
        deployment = [("deployment", run.deployment)] if run.deployment else []
        return [("flow", run.workflow), *deployment]
    return [("workflow", run.workflow), ("thread", run.thread_id)]
