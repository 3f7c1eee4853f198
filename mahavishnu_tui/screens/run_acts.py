"""`RunActs`: the keys that act on a run, the same wherever a run is shown."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.marked import MarkedRuns

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.models import Approval, Checkpoint, LedgerEntry, Run
    from mahavishnu_tui.screens.actions import Action


class RunActs(MarkedRuns):
    """A screen on which a run is selected."""

    WRITES: ClassVar[frozenset[str]] = frozenset(
        {"answer", "launch", "pause", "retry", "cancel", "again", "priority", "delete", "cure", "claim"}
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "answer", "Answer", id="run.answer"),
        Binding("t", "launch", "Launch", id="run.launch"),
        Binding("l", "logs", "Logs", id="run.logs"),
        Binding("x", "actions", "Actions", id="run.actions"),
        Binding("p", "pause", "Pause/resume", show=False, id="run.pause"),
        Binding("r", "retry", "Retry", show=False, id="run.retry"),
        Binding("d", "details", "Details", show=False, id="run.details"),
        Binding("y", "raw", "Raw JSON", show=False, id="run.raw"),
        Binding("c", "copy", "Copy", show=False, id="run.copy"),
        Binding("C", "claim", "Claim", show=False, id="run.claim"),
        Binding("equals_sign", "compare", "Compare", key_display="=", show=False, id="run.compare"),
    ]

    _hinted: Sequence[object] = ()
    """What the row of key hints was last told."""

    @property
    def selected_run(self) -> Run | None:
        """The run that the keys act on."""
        raise NotImplementedError

    @property
    def selected_approval(self) -> Approval | None:
        """The question that `a` answers: by default the oldest one of the selected run."""
        run = self.selected_run
        pending = self.session.pending(run.id) if run else []
        return pending[0] if pending else None

    @property
    def selected_checkpoint(self) -> Checkpoint | None:
        """The checkpoint that `r` resumes from, where one is selected."""
        return None

    def copied_text(self) -> str:
        """What `c` copies: by default the id of the run."""
        run = self.selected_run
        return run.id if run else ""

    def hints(self, action: str) -> bool:
        """`a` is shown where there is something to answer, `x` where there is a run."""
        if action == "actions":
            return self.selected_run is not None
        return action != "answer" or self.asked

    def hinted(self) -> Sequence[object]:
        """What `hints` depends on."""
        return self.asked, self.selected_run is not None

    @property
    def asked(self) -> bool:
        """Whether `a` has a question to open."""
        approval = self.selected_approval
        return approval is not None and approval.status == "pending"

    def renew_hints(self) -> None:
        """Another run may be selected, or the same one may ask: show or hide the hints of what that needs."""
        now = self.hinted()
        if self._hinted != now:
            self._hinted = now
            self.refresh_bindings()

    def _run_or_say(self) -> Run | None:
        run = self.selected_run
        if run is None:
            self.flash("No run is selected.", "warning")
        return run

    def action_compare(self, other: str = "") -> None:
        """Show the two marked runs beside each other; else the selected one and another.

        Args:
            other: its name or id; empty for the last success of the same workflow.
        """
        marked = self.marked_runs if not other else []
        if len(marked) > 2:
            self.flash(f"Two runs can be compared, and {len(marked):,} are marked.", "warning")
            return
        run = marked[0] if len(marked) == 2 else self._run_or_say()
        if run is not None:
            from mahavishnu_tui.screens.compare import CompareScreen

            named = marked[1].id if len(marked) == 2 else other
            self.app.push_screen(CompareScreen(self.session, run, named))

    def action_answer(self) -> None:
        """Open the question of the selected run."""
        approval = self.selected_approval
        if approval is not None and self.asked:
            self.open_approval(approval)
            return
        others = self.session.mirror.waiting
        run = self.selected_run
        said = f"{run.name} asks nothing" if run else "Nothing is selected"
        rest = "another question waits" if others == 1 else f"{others} other questions wait"
        self.flash(f"{said}; {rest} (:approvals)." if others else f"{said}.")

    def open_approval(self, approval: Approval) -> None:
        """Show the dialog of a question."""
        from mahavishnu_tui.screens.approval import ApprovalScreen

        self.app.push_screen(ApprovalScreen(self.session, approval), self._answered)

    def _answered(self, entry: LedgerEntry | None) -> None:
        if entry is not None:
            self.flash(f"{entry.run_name}: answered (ledger #{entry.seq})", "success")

    def action_launch(self) -> None:
        """Pick a workflow and start a run of it."""
        from mahavishnu_tui.screens.launch import LaunchScreen

        self.app.push_screen(LaunchScreen(self.session), self._launched)

    def _launched(self, run: Run | None) -> None:
        if run is not None:
            self.flash(f"{run.name}: {run.workflow} is queued", "success")
            self.show_run(run)

    def show_run(self, run: Run) -> None:
        """A run was just started from here."""

    def action_pause(self) -> None:
        """Pause a run, or the marked ones, at the next step boundary; let paused ones go on."""
        if self.marked_runs:
            self.bulk_of("suspend", "resume")
            return
        run = self._run_or_say()
        if run is None:
            return
        from mahavishnu_tui.screens.controlling import pause

        pause(self, run)

    def action_retry(self) -> None:
        """Take a failed or cancelled run up again, or the marked ones; on a checkpoint, resume from there."""
        if self.marked_runs:
            self.bulk_of("retry")
            return
        run = self._run_or_say()
        checkpoint = self.selected_checkpoint
        if run is None:
            return
        if checkpoint is not None:
            self.resume_from(run, checkpoint)
        elif run.status in ("error", "cancelled"):
            from mahavishnu_tui.screens.controlling import retry

            retry(self, run)
        else:
            self.flash(f"{run.name} has not failed: nothing to retry.", "warning")

    def resume_from(self, run: Run, checkpoint: Checkpoint) -> None:
        """Fork from a checkpoint, once the operator knows which nodes will run again."""
        if not checkpoint.next:
            self.flash("Nothing comes after this checkpoint: it is the end.", "warning")
            return
        nodes = ", ".join(clean_line(node, 60) for node in checkpoint.next)
        facts = [
            f"run         {clean_line(run.name)} ({run.id})",
            f"checkpoint  step {checkpoint.step}, {checkpoint.id}",
            f"runs again  {nodes}, and all that follows",
            "What these nodes did outside the graph is not undone.",
        ]
        work = functools.partial(_fork, run=run, checkpoint=checkpoint, who=self.session.who)
        question = f"Resume {clean_line(run.name)} from step {checkpoint.step}?"
        self.ask_first(question, facts, "Resume from here", work)

    def action_cancel(self) -> None:
        """Cancel the run that was shown, at the version that was shown, after asking."""
        run = self._run_or_say()
        if run is None:
            return
        from mahavishnu_tui.screens.controlling import ask_cancel

        ask_cancel(self, run)

    def action_claim(self) -> None:
        """Say that one is on what the selected run needs somebody for, or no longer."""
        run = self._run_or_say()
        need = self.session.need_of(run) if run is not None else None
        if need is not None:
            from mahavishnu_tui.screens.claiming import claim_needs

            claim_needs(self, [need])
        elif run is not None:
            self.flash(f"{run.name} needs nobody: nothing to claim.", "warning")

    def action_again(self) -> None:
        """A new run like the selected one, with its input or another one."""
        run = self._run_or_say()
        if run is not None:
            from mahavishnu_tui.screens.controlling import run_again

            run_again(self, run)

    def action_priority(self) -> None:
        """Another priority for the selected run."""
        run = self._run_or_say()
        if run is not None:
            from mahavishnu_tui.screens.controlling import ask_priority

            ask_priority(self, run)

    def action_delete(self) -> None:
        """Delete the selected flow run for ever, after asking."""
        run = self._run_or_say()
        if run is not None:
            from mahavishnu_tui.screens.flow_acts import ask_delete

            ask_delete(self, run)

    def action_cure(self, cure: str) -> None:
        """Cure the selected flow run, after asking."""
        run = self._run_or_say()
        if run is not None:
            from mahavishnu_tui.screens.flow_acts import ask_cure

            ask_cure(self, run, cure)

    def action_actions(self) -> None:
        """The menu of all that can be done with the marked runs, else with the selected one."""
        from mahavishnu_tui.screens.actions import ActionsScreen, MenuScreen, actions_for

        marked = self.marked_runs
        if marked and not self.session.readonly:
            from mahavishnu_tui.screens.bulk import bulk_actions

            title = f"{len(marked):,} marked run{'' if len(marked) == 1 else 's'}"
            self.app.push_screen(MenuScreen(title, bulk_actions(marked)), self._menu_chosen)
            return
        run = self._run_or_say()
        if run is None:
            return
        self.app.push_screen(
            ActionsScreen(run, [*self.more_actions(run), *actions_for(run, self.session.readonly)]),
            self._menu_chosen,
        )

    def more_actions(self, run: Run) -> list[Action]:
        """What this screen's menu offers before what can be done with any run."""
        return []

    async def _menu_chosen(self, action: str | None) -> None:
        if action:
            await self.run_action(action)

    def action_logs(self) -> None:
        """What the code of the selected run says; without a run, the server's log."""
        run = self.selected_run
        if run is None:
            self.open_logs("server")
            return
        from mahavishnu_tui.screens.run import open_run

        self.app.push_screen(open_run(self.session, run.id, "logs"))

    def action_host_log(self) -> None:
        """The log of the host of the selected run, also once it has ended; else that of the server."""
        run = self.selected_run
        workflow = self.session.workflow_of(run) if run is not None else None
        from mahavishnu_tui.models import Project

        host = (run.host_id if run is not None else None) or (
            Project.from_json(workflow.project).id if workflow is not None else ""
        )
        self.open_logs(f"host:{host}" if host else "server")

    def open_logs(self, source: str) -> None:
        """Show a log."""
        from mahavishnu_tui.screens.logs import LogsScreen

        self.app.push_screen(LogsScreen(self.session, source))

    def action_details(self) -> None:
        """Everything that is known of the selected run."""
        run = self._run_or_say()
        if run is not None:
            from mahavishnu_tui.screens.details import details
            from mahavishnu_tui.screens.document import DocumentScreen
            from mahavishnu_tui.screens.heat import usual

            compared = usual(run, self.session.mirror.runs.values(), self.session.now())
            told = details(run, self.session.times.still, compared)
            self.app.push_screen(DocumentScreen(self.session, f"{run.name} · details", value=told))

    def action_raw(self) -> None:
        """The selected run as JSON text."""
        run = self._run_or_say()
        if run is not None:
            from mahavishnu_tui.screens.document import DocumentScreen

            text = json.dumps(run.to_json(), indent=2, ensure_ascii=False, default=str)
            self.app.push_screen(DocumentScreen(self.session, f"{run.name} · JSON", text=text))

    def action_copy(self) -> None:
        """Copy: through the terminal where it can, else into a private file."""
        text = self.copied_text()
        if text:
            self.copy(text)
        else:
            self.flash("Nothing to copy here.", "warning")


async def _fork(client: ServerClient, run: Run, checkpoint: Checkpoint, who: str) -> str:
    await client.resume(run.id, who, checkpoint_id=checkpoint.id)
    return f"{run.name} goes on from step {checkpoint.step}"
