"""What a line in the prompt may become: commands, their arguments, and the words of filters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from mahavishnu_tui.models.filtering import filter_options
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.commands import command_options
from mahavishnu_tui.screens.times import FORMS

if TYPE_CHECKING:
    from mahavishnu_tui.screens.base import OperatorScreen
    from mahavishnu_tui.screens.prompt import PromptKind

STATES: Final = ("running", "waiting", "failed", "queued", "paused", "scheduled", "done", "cancelled")
ENGINES: Final = ("langgraph", "prefect")
RUN_VALUES: Final[Mapping[str, Iterable[str]]] = {
    "state": STATES,
    "engine": ENGINES,
    "age": ("<1h", "<1d", ">30m"),
}
"""Of the attributes of runs those of which the values are few."""


def line_options(screen: OperatorScreen, kind: PromptKind, line: str) -> list[str]:
    """The lines that this one may become."""
    if kind == "/":
        return filter_options(line, screen.filter_values)
    command, space, _ = line.partition(" ")
    return command_options(line, _arguments(screen, command) if space else ())


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
    if command in ("runs", "r", "flows"):
        return [f"{name}:{value}" for name, values in RUN_VALUES.items() for value in values]
    return []
