"""The tree of commands, as `--help` prints it."""

from __future__ import annotations

from collections.abc import Iterator

import click

from mahavishnu_tui.cli.guard import STATUSES
from mahavishnu_tui.cli.main import root
from making.tables import MADE, code, table

WIDTH = 100
"""Columns of the help."""
COMMON = frozenset({"--context", "--data-dir", "--set", "--production", "--json", "--help"})
"""Options of every command: told once."""


def cli_page() -> str:
    parts = list(helps(root, "mahavishnu"))
    lines = [
        "# The command line",
        MADE,
        "Every command with its options. These are left out below, since (nearly) every command takes them:",
        "",
        *table(("Option", "What it does"), shared()),
        "",
        "All but the last two may also stand before the command. `mahavishnu completion` prints what completes",
        "commands and names in a shell.",
        "",
        "## Exit status",
        "",
        *table(("Status", "Means"), [(code(str(number)), means) for number, means in STATUSES.items()]),
        "",
        "## Commands",
        "",
        *(f"{'  ' * (name.count(' ') - 1)}- [{name}](#{name.replace(' ', '-')})" for name, _ in parts[1:]),
    ]
    for name, text in parts:
        lines += ["", f"## {name}", "", "```text", text, "```"]
    return "\n".join(lines)


def shared() -> list[tuple[str, str]]:
    """The options that are told once: as the root says them, and two more."""
    context = click.Context(root)
    records = [param.get_help_record(context) for param in root.params if COMMON & set(param.opts)]
    found = [(code(record[0]), record[1]) for record in records if record is not None]
    return [
        *sorted(found),
        ("`--json`", "Print one JSON value on standard output; words for people go to standard error."),
        ("`--help`", "Say all this."),
    ]


def helps(
    command: click.Command, path: str, parent: click.Context | None = None
) -> Iterator[tuple[str, str]]:
    """Name and help of a command, and of all below it."""
    name = path.rpartition(" ")[2]
    context = click.Context(
        command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH
    )
    yield path, _help(command, context)
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from helps(found, f"{path} {child}", context)


def _help(command: click.Command, context: click.Context) -> str:
    formatter = context.make_formatter()
    command.format_usage(context, formatter)
    command.format_help_text(context, formatter)
    own = [
        param
        for param in command.get_params(context)
        if isinstance(param, click.Option) and not COMMON & set(param.opts)
    ]
    records = [record for param in own if (record := param.get_help_record(context)) is not None]
    if records:
        with formatter.section("Options"):
            formatter.write_dl(records)
    if isinstance(command, click.Group):
        command.format_commands(context, formatter)
    return "\n".join(line.rstrip() for line in formatter.getvalue().strip().splitlines())
