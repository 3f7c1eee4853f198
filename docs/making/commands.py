"""Every `:` command of the dashboard."""

from __future__ import annotations

from mahavishnu_tui.screens.commands import COMMANDS, Command
from making.tables import MADE, code, table


def commands_page() -> str:
    rows = [
        (typed(item), ", ".join(code(f":{also}") for also in item.aliases), item.help) for item in COMMANDS
    ]
    lines = [
        "# Commands of the dashboard",
        MADE,
        "Typed after `:` on any screen. A unique beginning is enough (`:sch`); `tab` completes, `up` and `down`",
        "go through what was typed before. `ctrl+p` finds them too, beside keys by what they do and runs by name.",
        "",
        *table(("Command", "Also", "What it does"), rows),
    ]
    return "\n".join(lines)


def typed(command: Command) -> str:
    """As it is typed, its argument in capitals; where there are only some, these."""
    argument = command.argument if "|" in command.argument else command.argument.upper()
    return code(f":{command.name} {argument}".rstrip())
