"""What a line in the prompt may become: commands, their arguments, and the words of filters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from mahavishnu_tui.models.filtering import filter_options
from mahavishnu_tui.models.run_search import RUN_ATTRIBUTES
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.commands import command_options
from mahavishnu_tui.screens.times import FORMS

if TYPE_CHECKING:
    from mahavishnu_tui.screens.base import OperatorScreen
    from mahavishnu_tui.screens.prompt import PromptKind
    from mahavishnu_tui.screens.session import Session

STATES: Final = ("running", "waiting", "failed", "queued", "paused", "scheduled", "done", "cancelled")
ENGINES: Final = ("langgraph", "prefect")
RUN_VALUES: Final[Mapping[str, Iterable[str]]] = {
    "state": STATES,
    "engine": ENGINES,
    "age": ("<1h", "<1d", ">30m"),
}
"""Of the attributes of runs those of which the values are few."""
RUNS: Final = ("runs", "r", "flows")
_PLAIN: Final = re.compile(r"[\w./@-]+")
"""What can stand in a filter as it is."""
_MOST: Final = 50
"""Values that are offered at most."""


def line_options(screen: OperatorScreen, kind: PromptKind, line: str) -> list[str]:
    """The lines that this one may become."""
    if kind == "/":
        return filter_options(line, screen.filter_values)
    command, space, argument = line.partition(" ")
    if space and command in RUNS:
        return [f"{command} {option}" for option in filter_options(argument, run_values(screen.session))]
    return command_options(line, _arguments(screen, command) if space else ())


def run_values(session: Session) -> Mapping[str, Iterable[str]]:
    """The attributes of runs, each with the values that it can have, or has in the runs that are known."""
    runs = session.mirror.runs.values()
    known = {
        "workflow": {run.workflow for run in runs},
        "deployment": {run.deployment for run in runs},
        "pool": {run.pool for run in runs},
        "by": {run.created_by for run in runs},
        "tag": {tag for run in runs for tag in run.tags},
    }
    listed = {name: sorted(filter(_PLAIN.fullmatch, values))[:_MOST] for name, values in known.items()}
    return {**dict.fromkeys(sorted(RUN_ATTRIBUTES), ()), **listed, **RUN_VALUES}


def words_after(line: str, options: Iterable[str]) -> str:
    """What each option adds to the line, from the beginning of a word: to be shown beside it."""
    start = max(line.rfind(sign) for sign in " :,") + 1
    return "  ".join(clean_line(option[start:].strip(), 40) for option in options)


def _arguments(screen: OperatorScreen, command: str) -> list[str]:
    session = screen.session
    if command.startswith("log"):
        from mahavishnu_tui.screens.base import log_sources

        return log_sources(session)
    if command in ("prefect", "pf"):
        return ["start", "stop", "check", "log"]
    if command in ("ctx", "contexts"):
        return [*(context.name for context in session.contexts), "-"]
    if command == "compare":
        return [run.name for run in session.mirror.runs.values()]
    if command == "sort":
        from mahavishnu_tui.screens.looks import sort_candidates

        return sort_candidates(screen)
    if command == "times":
        return list(FORMS)
    if command in ("docs", "doc", "guide"):
        from mahavishnu_tui.projects.docs import pages

        return [page.name for page in pages()]
    if command in ("theme", "themes"):
        from mahavishnu_tui.screens.themes import theme_names

        names = theme_names(screen.app)
        return [*names, *(name.removeprefix("mahavishnu-") for name in names if "mahavishnu" in name)]
    return []
