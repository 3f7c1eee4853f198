"""The `:` commands: names, aliases, completion, history."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from mahavishnu_tui.models import ErrorCode, MahavishnuError


@dataclasses.dataclass(frozen=True)
class Command:
    """One `:` command."""

    name: str
    action: str
    """The action of the application that it runs, without its `action_` prefix."""
    help: str
    aliases: tuple[str, ...] = ()
    argument: str = ""
    """The name of its argument for help and completion; empty when it takes none."""


FILTER = "filter"
"""The argument of what is a list: what one would type after `/`."""

COMMANDS: tuple[Command, ...] = (
    Command("runs", "pane('runs')", "every run", ("r", "flows"), FILTER),
    Command("path", "pane('path')", "the graph of the selected run", ("graph",)),
    Command("checkpoints", "pane('checkpoints')", "the checkpoints of the selected run", ("cp",), FILTER),
    Command("approvals", "pane('approvals')", "questions that wait for a human", ("inbox", "a"), FILTER),
    Command("search", "search", "every run in which a text is found, of whatever engine", ("find",), "text"),
    Command("needs", "needs", "what needs you: questions, failures, late runs, dead workers", ("!",), FILTER),
    Command("schedules", "pane('schedules')", "rules by which runs start", ("sched",), FILTER),
    Command("pools", "pane('pools')", "where runs find a slot", ("workers",), FILTER),
    Command(
        "deployments", "deployments", "what Prefect can start: launch, pause, versions", ("dep",), FILTER
    ),
    Command("problems", "problems", "flow runs that are stuck, late or zombies; cures", ("zombies",), FILTER),
    Command("limits", "limits", "concurrency limits that flow runs share", (), FILTER),
    Command("prefect", "prefect", "Prefect itself: state, self-test, log", ("pf",), "start|stop|check|log"),
    Command("hosts", "hosts", "the engine hosts: their runs, code and memory; drain, restart"),
    Command("again", "again", "a new run like the selected one"),
    Command("workflows", "workflows", "what can be launched", ("launch", "wf")),
    Command("ledger", "ledger", "who answered what: search, proof, export", ("answers", "audit"), "text"),
    Command(
        "notifications", "notifications", "what was told off the terminal, and to whom", ("notify",), FILTER
    ),
    Command("errors", "errors", "every error of this session, in full", ("err",)),
    Command("info", "info", "versions, paths, the server about itself", ("about",)),
    Command("logs", "logs", "the log of the server, or of the host named", ("log",), "host"),
    Command(
        "compare", "compare", "the run beside the last success of its workflow, or the one named", (), "run"
    ),
    Command(
        "docs", "docs", "the documentation; with a name or an error code: that page", ("doc", "guide"), "page"
    ),
    Command("sort", "sort", "by a column, `-` before it: the other way; alone: as given", (), "column"),
    Command("times", "times", "how moments are told, as Z does", (), "mixed|relative|local|utc"),
    Command("theme", "theme", "another look: a list to try, or the one named", ("themes",), "name"),
    Command(
        "ctx", "context", "another context: a list, or the one named; - goes back", ("contexts",), "name|-"
    ),
    Command("unlock", "unlock", "have keys act on a production context, once its name is typed"),
    Command("lock", "lock", "only look at a production context again"),
    Command("freeze", "screen.freeze", "hold everything still to be read; again: go on", ("hold",)),
    Command("help", "help", "every key and command", ("h", "?")),
    Command("q", "leave", "close the dashboard; the server goes on", ("quit", "q!", "exit")),
)


@dataclasses.dataclass(frozen=True)
class Spoken:
    """A command line that was understood."""

    command: Command
    argument: str


def parse_command(line: str) -> Spoken:
    """Understand what was typed after `:`; a unique beginning of a name is enough.

    Raises:
        MahavishnuError: MHV-010 with the nearest names, or since it takes nothing.
    """
    word, _, argument = line.strip().lstrip(":").partition(" ")
    word = word.lower()
    for command in COMMANDS:
        if word == command.name or word in command.aliases:
            return _with(command, argument.strip())
    beginning = [command for command in COMMANDS if word and command.name.startswith(word)]
    if len(beginning) == 1:
        return _with(beginning[0], argument.strip())
    raise MahavishnuError(ErrorCode.BAD_INPUT, *_unknown(word, [command.name for command in beginning]))


def _with(command: Command, argument: str) -> Spoken:
    """A command and its argument: what it would not heed is refused, and `/` before a filter is a habit."""
    if argument and not command.argument:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT, f":{command.name} takes nothing after it.", f"Type :{command.name} alone."
        )
    return Spoken(command, argument.removeprefix("/") if command.argument == FILTER else argument)


def _unknown(word: str, beginning: list[str]) -> tuple[str, str]:
    """What is said of a word that is no command, short enough for the message row, and where to look."""
    import difflib

    if beginning:
        said = ", ".join(f":{name}" for name in beginning)
        return f"More than one command begins with :{word}.", f"Type on: {said}."
    near = difflib.get_close_matches(word, [command.name for command in COMMANDS], n=3, cutoff=0.7)
    meant = f"Did you mean {' or '.join(f':{name}' for name in near)}? " if near else ""
    return f"There is no command :{word}.", f"{meant}:help lists them."


def command_options(line: str, candidates: Iterable[str] = ()) -> list[str]:
    """The command lines that this one may become.

    Args:
        line: what is typed so far, without the colon.
        candidates: values of the argument, once the command is there.
    """
    word, space, argument = line.partition(" ")
    if space:
        begun = argument.lstrip()
        head = line[: len(line) - len(begun)]
        return [f"{head}{value}" for value in candidates if value.startswith(begun)]
    found = {command.name: command for command in COMMANDS if command.name.startswith(word)}
    if not found:
        found = {
            alias: command for command in COMMANDS for alias in command.aliases if alias.startswith(word)
        }
    # Of the only one its argument comes next.
    return [f"{name} " if len(found) == 1 and command.argument else name for name, command in found.items()]


def complete(line: str, options: Iterable[str]) -> str | None:
    """The line completed as far as it is certain; None when nothing can be added."""
    common = _common_start(list(options))
    return common if len(common) > len(line) else None


def _common_start(options: list[str]) -> str:
    if not options:
        return ""
    low, high = min(options), max(options)
    for index, char in enumerate(low):
        if index >= len(high) or high[index] != char:
            return low[:index]
    return low


class History:
    """What was typed before: `older` and `newer` walk through it, like a shell's."""

    def __init__(self, limit: int = 100) -> None:
        self._lines: list[str] = []
        self._limit = limit
        self._begun = False
        self._at = 0

    def add(self, line: str) -> None:
        """Remember a line (once, when it is repeated) and go to the end."""
        if line and (not self._lines or self._lines[-1] != line):
            self._lines = [*self._lines, line][-self._limit :]
        self._at = len(self._lines)

    def begin_with(self, lines: Iterable[str]) -> None:
        """Put what was typed in earlier sessions before what was typed in this one, once."""
        if not self._begun:
            self._begun = True
            self._lines = [*lines, *self._lines][-self._limit :]
            self._at = len(self._lines)

    def older(self) -> str | None:
        """The line before the one shown; None at the beginning."""
        if self._at == 0:
            return None
        self._at -= 1
        return self._lines[self._at]

    def newer(self) -> str:
        """The line after the one shown; empty past the end."""
        self._at = min(self._at + 1, len(self._lines))
        return self._lines[self._at] if self._at < len(self._lines) else ""
