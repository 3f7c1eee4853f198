"""`HelpScreen`: the keys that work right now, and the commands."""

from __future__ import annotations

from textual.screen import Screen

from mahavishnu_tui.screens.commands import COMMANDS
from mahavishnu_tui.screens.document import DocumentScreen
from mahavishnu_tui.screens.hints import key_text
from mahavishnu_tui.screens.session import Session

LEGEND = "▶ running  ✔ done  ✘ failed  ✋ waiting  ⏸ paused  ◌ queued  ⊘ cancelled  ⚠ lost"
FILTERS = (
    ("deploy", "a regular expression over all columns"),
    ("!test", "what does not match"),
    ("state:waiting,failed", "one attribute; also workflow: run: where: thread: tag: by:"),
    ("age:<1d", "younger than a day; also age:>30m"),
)


class HelpScreen(DocumentScreen):
    """Built from the bindings of the screen it was asked on, so that it is never wrong.

    Args:
        session: the session.
        asked_on: that screen.
    """

    def __init__(self, session: Session, asked_on: Screen[object]) -> None:
        super().__init__(session, "help", text="\n".join(help_lines(asked_on)))


def help_lines(screen: Screen[object]) -> list[str]:
    """Keys with their ids (the names that `ui.keymap` remaps), commands, filters, states."""
    by_action: dict[str, tuple[list[str], str, str]] = {}
    for key, active in screen.active_bindings.items():
        binding = active.binding
        if active.enabled and binding.description and binding.id and not binding.system:
            keys, _, _ = by_action.setdefault(
                f"{binding.action} {binding.description}", ([], binding.description, binding.id or "")
            )
            keys.append(key_text(key))
    lines = ["KEYS HERE", ""]
    for keys, description, identity in by_action.values():
        lines.append(f"  {' '.join(keys):<18} {description:<22} {identity}")
    lines += ["", "  Other keys: ui.keymap in the settings, by the id at the right.", "", "COMMANDS", ""]
    for command in COMMANDS:
        argument = f" [{command.argument}]" if command.argument else ""
        also = f"  (also :{', :'.join(command.aliases)})" if command.aliases else ""
        lines.append(f"  {f':{command.name}{argument}':<18} {command.help}{also}")
    lines += ["", "FILTERS, after /", ""]
    lines += [f"  {example:<22} {meaning}" for example, meaning in FILTERS]
    return [*lines, "", "STATES", "", f"  {LEGEND}"]
