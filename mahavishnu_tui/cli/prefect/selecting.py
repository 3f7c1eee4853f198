"""Which flow runs a command is about: those that are named, or those that a filter finds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

import click

from mahavishnu_tui.cli import completing
from mahavishnu_tui.cli.confirming import confirm_count
from mahavishnu_tui.cli.finding import exactly, find_run
from mahavishnu_tui.cli.output import counted
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.filtering import quoted
from mahavishnu_tui.models.run import RunStatus
from mahavishnu_tui.models.text import clean_line

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.models.run import Run

ENGINE = "prefect"
STATES = (
    "Scheduled",
    "Late",
    "AwaitingRetry",
    "AwaitingConcurrencySlot",
    "Pending",
    "Submitting",
    "InfrastructurePending",
    "Running",
    "Retrying",
    "Paused",
    "Suspended",
    "Resuming",
    "Cancelling",
    "Cancelled",
    "Completed",
    "Cached",
    "RolledBack",
    "Failed",
    "Crashed",
    "TimedOut",
    "queued",
    "interrupted",
    "success",
    "error",
)
"""The names of Prefect's states, and our words for several of them together."""
MOST = 2000
"""Runs that one command acts on at most: as many as the server lists at once."""


@dataclasses.dataclass(frozen=True)
class Selection:
    """What the options of `runs_to_act_on` say."""

    names: tuple[str, ...]
    search: str
    count: int | None


def runs_to_act_on(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add RUN…, `--search` and `--count`."""
    for option in (
        click.argument("runs", nargs=-1, metavar="[RUN]...", shell_complete=completing.flow_run),
        click.option("--search", metavar="FILTER", default="", help="Instead of names: all that `/` finds."),
        click.option("--count", type=click.IntRange(0), help="With --search: how many runs you mean."),
    ):
        function = option(function)
    return function


async def selected(
    client: ServerClient, chosen: Selection, deed: str, able: Collection[RunStatus] = ()
) -> list[Run]:
    """The runs to act on, once it is sure that they are meant.

    Args:
        client: the server.
        chosen: what the operator said.
        deed: the verb, for sentences: `cancel`.
        able: statuses that it can be done to; a filter finds others in vain. Empty: any.

    Raises:
        MahavishnuError: MHV-010 a name means several, or the number is another one; MHV-100.
    """
    if bool(chosen.names) == bool(chosen.search):
        raise click.UsageError("Give either names of runs or --search FILTER.")
    if chosen.names:
        found = [await find_run(client, name, ENGINE) for name in chosen.names]
        return list({run.id: run for run in found}.values())
    listed = await client.runs(search=chosen.search, engine=ENGINE, status=sorted(able), limit=MOST)
    if len(listed) == MOST:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            f"The filter finds {MOST:,} runs or more; nothing was done.",
            "Narrow it down, with `age:<1d` for example.",
        )
    shown = [f"{run.name}  {run.workflow}  {run.state or run.status}" for run in listed]
    if listed:
        confirm_count(f"{deed} {counted(len(listed), 'run')}", len(listed), chosen.count, shown)
    return listed


def with_states(search: str, states: Sequence[str]) -> str:
    """A filter that also wants one of these states: a status of ours, or a state as Prefect calls it."""
    patterns = [_state_pattern(state) for state in states]
    return joined(search, f"state:{','.join(patterns)}" if patterns else "")


async def check_states(client: ServerClient, states: Sequence[str]) -> None:
    """Refuse a state that no run is in and that neither Prefect nor we know; a flow may name its own.

    Raises:
        MahavishnuError: MHV-010.
    """
    for state in states:
        if state.lower() in map(str.lower, STATES):
            continue
        if not await client.runs(search=with_states("", [state]), engine=ENGINE, limit=1):
            raise MahavishnuError(
                ErrorCode.BAD_INPUT,
                f"There is no state {clean_line(state, 60)!r}.",
                f"There are {', '.join(STATES)}; and those that flows name themselves.",
            )


def _state_pattern(state: str) -> str:
    """What the `state` of a row must match: its status or Prefect's name, which come after its word."""
    return rf"\n{exactly(state)}$"


def with_deployment(search: str, deployment: str) -> str:
    """A filter that also wants runs of this deployment, by name or as `flow/name`."""
    if not deployment:
        return search
    attribute = "workflow" if "/" in deployment else "deployment"
    return joined(search, f"{attribute}:^{exactly(deployment)}$")


def joined(search: str, term: str) -> str:
    """A filter, and one more term."""
    return f"{search} {quoted(term)}".strip() if term else search


def named_or(argument: str | None, option: str | None, what: str) -> str:
    """The one thing that was named, as an argument or with the option of other versions' commands."""
    names = list(dict.fromkeys(text for text in (argument, option) if text))
    if len(names) != 1:
        raise click.UsageError(f"Say which {what}." if not names else f"Say one {what}, not two.")
    return names[0]
