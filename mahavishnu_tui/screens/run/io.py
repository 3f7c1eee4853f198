"""What the run was given and what it gave."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ClassVar

from mahavishnu_tui.screens.run.tab import RunTab, RunView
from mahavishnu_tui.widgets.state_tree import StateTree

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import RunDetail


class InputOutputTab(RunTab):
    """Input, output, path and answers as one tree."""

    NAME: ClassVar[str] = "io"
    TITLE: ClassVar[str] = "Input/Output"
    SHORT: ClassVar[str] = "I/O"

    def __init__(self, view: RunView) -> None:
        self.tree_view = StateTree(ascii_only=view.session.ascii, id="io")
        super().__init__(view, self.tree_view)
        self._shown = -1

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self.tree_view.clear("loading …")

    def draw(self) -> None:
        """Ask for the details of the run as it is now, unless they are shown."""
        version = self.view.run.version if self.view.run is not None else 0
        if self._shown != version:
            self.ask(functools.partial(self._load, version))

    async def _load(self, version: int) -> None:
        detail: RunDetail = await self.session.client.run(self.view.run_id)
        self._shown = version
        flow = detail.run.engine == "prefect"
        value = {
            "parameters" if flow else "input": detail.input,
            "result" if flow else "output": detail.values,
            **({} if flow else {"execution path": detail.execution_path}),
            "answers": [
                {"node": item.node, "question": item.value, "answer": item.answer, "by": item.answered_by}
                for item in detail.approvals
                if item.status in ("answered", "applied")
            ],
            **({"as Prefect has it": detail.raw} if detail.raw else {}),
        }
        note = "the output is truncated by the host" if detail.values_truncated else ""
        self.tree_view.show(value, note=note)

    def forget(self) -> None:
        """Ask again."""
        self._shown = -1

    def failed(self, sentence: str) -> None:
        """In place of the tree."""
        self.tree_view.clear(sentence)

    def copied_text(self) -> str:
        """All of it as JSON."""
        return self.tree_view.raw_text()
