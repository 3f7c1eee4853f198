"""`HelpScreen`: the keys that work right now, and the commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from textual.binding import ActiveBinding
from textual.screen import Screen

from mahavishnu_tui.screens.commands import COMMANDS
from mahavishnu_tui.screens.document import DocumentScreen
from mahavishnu_tui.screens.hints import key_text
from mahavishnu_tui.screens.session import Session

LEGEND = "▶ running  ✔ done  ✘ failed  ✋ waiting  ⏸ paused  ◌ queued  ◷ scheduled  ⊘ cancelled  ⚠ lost"
HEAT = "▁▂▃▄▅▆▇█ done, as high as it took long against the median  ◇ waiting  ‖ paused"
FILTERS = (
    ("deploy", "a regular expression over all columns"),
    ("!test", "what does not match"),
    ("state:waiting,failed", "one attribute; also workflow: run: where: thread: tag: by:"),
    ("engine:prefect", "also deployment: pool:"),
    ("state:scheduled", "runs whose time has not come: they are left out else"),
    ("age:<1d", "younger than a day; also age:>30m"),
)


GROUPS: Final = ("KEYS HERE", "LISTS", "MOVING", "EVERYWHERE")
_MOVES: Final = frozenset(
    {"move", "page", "first", "last", "shift", "pane", "step_pane", "tab", "step_tab", "full"}
    | {"app.focus_next", "app.focus_previous"}
)
"""Actions that change nothing but the place."""
_EVERYWHERE: Final = ("app.", "screen.", "prompt.")
"""How the ids of keys begin that work on every screen."""
MOUSE: Final = {
    False: "off, so that the terminal selects text; --mouse or ui.mouse: clicks and the wheel",
    True: "a click moves the cursor, a second one opens; tabs are clicked, the wheel scrolls",
}


class HelpScreen(DocumentScreen):
    """Built from the bindings of the screen it was asked on, so that it is never wrong.

    Args:
        session: the session.
        asked_on: that screen.
    """

    def __init__(self, session: Session, asked_on: Screen[object]) -> None:
        lines = help_lines(asked_on, session.mouse)
        super().__init__(session, "help · / searches in it, n N go on", text="\n".join(lines))


def help_lines(screen: Screen[object], mouse: bool = False) -> list[str]:
    """Keys with their ids (the names that `ui.keymap` remaps), commands, filters, states."""
    groups = _groups(screen.active_bindings)
    groups["EVERYWHERE"].append(("ctrl+p", "Palette: commands, keys, runs by name", ""))
    lines = []
    for name in filter(groups.get, GROUPS):
        lines += [name, ""]
        lines += [f"  {keys:<18} {what:<32} {identity}".rstrip() for keys, what, identity in groups[name]]
        lines.append("")
    lines.append("  Other keys: ui.keymap in the settings, by the id at the right.")
    lines += [f"  Mouse: {MOUSE[mouse]}.", ""]
    lines += ["COMMANDS", ""]
    for command in COMMANDS:
        argument = f" [{command.argument}]" if command.argument else ""
        also = f"  (also :{', :'.join(command.aliases)})" if command.aliases else ""
        lines.append(f"  {f':{command.name}{argument}':<18} {command.help}{also}")
    lines += ["", "FILTERS, after /", ""]
    lines += [f"  {example:<22} {meaning}" for example, meaning in FILTERS]
    return [*lines, "", "STATES", "", f"  {LEGEND}", f"  {HEAT}"]


def _groups(active: Mapping[str, ActiveBinding]) -> dict[str, list[tuple[str, str, str]]]:
    """Keys, what they do and their ids, by group; those that do the same stand together."""
    found: dict[str, dict[str, tuple[list[str], str, str]]] = {name: {} for name in GROUPS}
    for key, item in active.items():
        binding = item.binding
        if item.enabled and binding.description and binding.id:
            doing = f"{binding.action} {binding.description}"
            entry = found[_group(binding.action, binding.id)].setdefault(
                doing, ([], binding.description, binding.id)
            )
            entry[0].append(key_text(key))
    return {
        name: [(" ".join(dict.fromkeys(keys)), what, identity) for keys, what, identity in entries.values()]
        for name, entries in found.items()
    }


def _group(action: str, identity: str) -> str:
    if action.partition("(")[0] in _MOVES:
        return "MOVING"
    if identity.startswith("table."):
        return "LISTS"
    return "EVERYWHERE" if identity.startswith(_EVERYWHERE) else "KEYS HERE"
