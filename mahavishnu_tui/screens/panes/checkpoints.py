"""Pane 3: the checkpoints of the selected run's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from mahavishnu_tui.models.filtering import several
from mahavishnu_tui.models.growth import advice, size_text
from mahavishnu_tui.screens import rows
from mahavishnu_tui.screens.following import Followed, is_flow
from mahavishnu_tui.screens.layout import PaneName
from mahavishnu_tui.screens.panes.pane import Listed, TablePane
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.table import PlaceholderKind

if TYPE_CHECKING:
    from mahavishnu_tui.models import Checkpoint, Run


class CheckpointsPane(TablePane):
    """Newest first; `enter` shows the state, `r` resumes from there, `D` compares."""

    PANE: ClassVar[PaneName] = "checkpoints"
    TITLE = "Checkpoints"
    ATTRIBUTES = frozenset({"next", "source", "tag", "branch"})
    COLUMNS = rows.CHECKPOINT_COLUMNS
    MARKS = True
    EMPTY = "This run has no checkpoint yet: the first comes with its first step."

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._followed = Followed()
        self.run: Run | None = None

    @property
    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """Those that were loaded."""
        return self._followed.checkpoints or ()

    @property
    def current(self) -> Checkpoint | None:
        """The checkpoint under the cursor."""
        found = self._followed.checkpoints or ()
        return next((checkpoint for checkpoint in found if checkpoint.id == self.cursor), None)

    def follow(self, followed: Followed, run: Run | None, seen: bool) -> None:
        """Show those of another run, or more of the same."""
        self._followed, self.run = followed, run
        self.invalidate(seen)

    def problem(self) -> tuple[PlaceholderKind, str] | None:
        """Nothing selected, an error, or not there yet."""
        if self._followed.error is not None:
            return self.failed(self._followed.error)
        if not self._followed.run_id:
            return "empty", "No run is selected: 1 shows the runs."
        if is_flow(self.session, self._followed.run_id):
            return "absent", "Flow runs have no checkpoints: Prefect keeps their states and task results."
        return ("loading", "loading …") if self._followed.checkpoints is None else None

    def listed(self) -> list[Listed]:
        """Every checkpoint that was loaded."""
        found = self._followed.checkpoints or ()
        forks, times = rows.forks(found), self.session.times
        return [
            Listed(
                rows.checkpoint_row(checkpoint, forks.get(checkpoint.id, 0), self.session.ascii, times),
                {
                    "text": " ".join(
                        (
                            *checkpoint.next,
                            *checkpoint.changed,
                            checkpoint.source,
                            checkpoint.id,
                            *checkpoint.tags,
                            checkpoint.label,
                        )
                    ),
                    "next": several(*checkpoint.next),
                    "source": checkpoint.source,
                    "tag": several(*checkpoint.tags, checkpoint.label),
                    "branch": checkpoint.branch,
                    "age": str(self.session.now() - checkpoint.created_at),
                },
            )
            for checkpoint in found
        ]

    def hints(self, action: str) -> bool:
        """Two can be compared, or one edited, where there is one."""
        return super().hints(action) and (action not in ("diff", "edit_state") or self.current is not None)

    def counts(self) -> str:
        """How many, and how much room they take."""
        if self.filter or not self._followed.checkpoints:
            return super().counts()
        total = sum(checkpoint.size for checkpoint in self._followed.checkpoints)
        server = self.session.mirror.server
        size = rows.thread_size(self._followed.checkpoints, server.warn_thread_bytes if server else 0)
        said = [f"{self.total:,}, {size_text(total)}"]
        if size.growth:
            said.append(f"+{size_text(size.growth)} a step")
        said += ["pinned"] if size.pinned else []
        return " · ".join([*said, *filter(None, [advice(size.warning)])])
