"""What went wrong with a flow run: Prefect keeps the traceback in its log."""

from __future__ import annotations

import functools

from mahavishnu_tui.screens.run.errors import ErrorsTab
from mahavishnu_tui.screens.run.tab import RunView

LINES = 200
"""Lines of the log, of errors alone, among which the traceback is looked for."""


class FlowErrorsTab(ErrorsTab):
    """As `ErrorsTab`, with the last traceback that was logged."""

    def __init__(self, view: RunView) -> None:
        super().__init__(view)
        self._found: list[str] = []
        self._asked_at = -1

    def draw(self) -> None:
        """Look into the log once for each time that it has failed."""
        super().draw()
        run = self.view.run
        if run is not None and run.status == "error" and self._asked_at != run.version:
            self.ask(functools.partial(self._load, run.version))

    async def _load(self, version: int) -> None:
        self._asked_at = version
        page = await self.session.client.said(self.view.run_id, level="error", limit=LINES)
        logged = [line for line in page.lines if "Traceback" in line.text]
        # The flow's own says more than those of its tasks.
        own = [line for line in logged if not line.visit] or logged
        self._found = own[-1].text.splitlines() if own else []
        super().draw()
        self.refresh_bindings()

    def failed(self, sentence: str) -> None:
        """What the run itself says is shown all the same."""

    def forget(self) -> None:
        """Look again."""
        self._asked_at = -1

    def traceback(self) -> list[str]:
        """The lines of the traceback."""
        return super().traceback() or self._found
