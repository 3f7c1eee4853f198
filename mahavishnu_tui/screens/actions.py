"""`ActionsScreen`: the `x` menu of a run, which alone holds what cannot be taken back."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from mahavishnu_tui.models import Run
from mahavishnu_tui.models.run import ACTIVE, FINISHED
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.dialog import Dialog
from mahavishnu_tui.screens.hints import KeyHints, key_text
from mahavishnu_tui.widgets.status import run_mark
from mahavishnu_tui.widgets.table import Cell, Column, Row, VirtualTable

AROUND = 4
"""Rows of a menu that its list does not have: the frame, the title, a row of air."""


@dataclasses.dataclass(frozen=True)
class Action:
    """One thing that can be done with a run now."""

    id: str
    """The screen's action, without its `action_` prefix."""
    label: str
    key: str = ""
    destructive: bool = False


def actions_for(run: Run, readonly: bool) -> list[Action]:
    """What can be done with a run in its present state; what cannot is absent."""
    if run.engine == "prefect":
        from mahavishnu_tui.screens.flow_acts import menu

        return menu(run, readonly)
    found: list[Action] = []
    if not readonly:
        if run.waiting:
            found.append(Action("answer", "answer its question", "a"))
        if run.status in ACTIVE:
            found.append(Action("pause", "pause at the next step boundary", "p"))
        if run.status == "paused":
            found.append(Action("pause", "resume", "p"))
        if run.status in ("error", "cancelled"):
            found.append(Action("retry", retry_label(run), "r"))
        found.append(Action("again", "run again, with the same input or another …"))
        if run.status not in FINISHED and run.engine == "langgraph":
            found.append(Action("priority", f"priority: {run.priority} …"))
    found += [
        Action("details", "details", "d"),
        Action("raw", "raw JSON", "y"),
        Action("copy", "copy its id", "c"),
        Action("logs", "what its code prints and logs", "l"),
        Action("host_log", "log of its host"),
        Action("compare", "compare with the last success of its workflow", "="),
    ]
    if not readonly and run.status not in FINISHED:
        found.append(Action("cancel", "cancel …", destructive=True))
    return found


def retry_label(run: Run) -> str:
    """What a retry runs again, as far as the run itself says."""
    node = clean_line((run.error or {}).get("node") or "", 40)
    if run.status == "error" and node:
        return f"retry: {node} runs again, all that was done is kept"
    return "retry from its last checkpoint, all that was done is kept"


class MenuScreen(Dialog[str]):
    """Dismissed with the id of an action, or with an empty text. The keys that it names work in it too."""

    CSS_PATH = "actions.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,x", "close", "Close", id="actions.close"),
    ]

    def __init__(self, title: str, actions: Sequence[Action]) -> None:
        super().__init__()
        self._heading = clean_line(title)
        self._actions = actions

    def compose(self) -> ComposeResult:
        """A title and the list."""
        with Vertical(id="actions"):
            yield Static(self._heading, id="actions-title", markup=False)
            yield VirtualTable(
                (Column("key", "KEY", 4), Column("deed", "DOES", 40, flex=1)), id="actions-list"
            )
        yield KeyHints()

    def on_mount(self) -> None:
        """Fill the list, with the keys that do the same on the screen below."""
        keys = {action.id: self._keys_of(action) for action in self._actions}
        for action in self._actions:
            for key in keys[action.id]:
                self._bindings.bind(key, f"choose('{action.id}')", action.label, show=False)
        table = self.query_one(VirtualTable)
        table.styles.height = min(len(self._actions) + 1, max(2, self.app.size.height - AROUND))
        table.set_rows(
            Row(
                action.id,
                (
                    " ".join(map(key_text, keys[action.id])),
                    Cell(action.label, "error" if action.destructive else ""),
                ),
            )
            for action in self._actions
        )
        table.focus()

    def _keys_of(self, action: Action) -> list[str]:
        """Its key; where keys are remapped, what that key is now."""
        below = self.app.screen_stack[-2] if len(self.app.screen_stack) > 1 else self
        if action.key and self.app._keymap:
            return [
                key
                for key, active in below.active_bindings.items()
                if active.binding.action.partition("(")[0] == action.id
            ]
        return ["equals_sign" if action.key == "=" else action.key] if action.key else []

    @on(VirtualTable.Activated)
    def _chosen(self, event: VirtualTable.Activated) -> None:
        event.stop()
        self.dismiss(event.key)

    def action_choose(self, action: str) -> None:
        """What its key stands for."""
        self.dismiss(action)

    def action_close(self) -> None:
        """Do nothing."""
        self.dismiss("")


class ActionsScreen(MenuScreen):
    """The menu of a run."""

    def __init__(self, run: Run, actions: Sequence[Action]) -> None:
        super().__init__(f"{run.name} · {run_mark(run.status, run.state).word}", actions)
