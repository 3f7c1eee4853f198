"""`CheckpointActs`: the keys that act on checkpoints, wherever a list of them is shown."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from mahavishnu_tui.models.growth import size_text
from mahavishnu_tui.models.run import ACTIVE, FINISHED
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.background import in_background_opening
from mahavishnu_tui.screens.base import Work
from mahavishnu_tui.screens.run_acts import RunActs

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.models import Checkpoint, Run
    from mahavishnu_tui.models.checkpoint import PrunePlan
    from mahavishnu_tui.screens.actions import Action
    from mahavishnu_tui.screens.panes.checkpoints import CheckpointsPane

_READING = frozenset({"diff", "search_states"})


class CheckpointActs(RunActs):
    """A screen on which checkpoints may be shown."""

    WRITES: ClassVar[frozenset[str]] = frozenset({"edit_state", "pin", "tag", "rewind", "prune", "fork"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("D", "diff", "Diff", id="checkpoint.diff"),
        Binding("S", "search_states", "Search states", show=False, id="checkpoint.search"),
        Binding("e", "edit_state", "Edit", id="checkpoint.edit"),
        Binding("P", "pin", "Pin", show=False, id="checkpoint.pin"),
        Binding("T", "tag", "Tag", show=False, id="checkpoint.tag"),
    ]

    @property
    def checkpoints_pane(self) -> CheckpointsPane | None:
        """The list of checkpoints that has the focus; None where there is none."""
        raise NotImplementedError

    def reload_checkpoints(self) -> None:
        """What is listed has changed."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """These keys mean something only where checkpoints are listed."""
        if action in _READING | CheckpointActs.WRITES and self.checkpoints_pane is None:
            return False
        return super().check_action(action, parameters)

    def more_actions(self, run: Run) -> list[Action]:
        """What the `x` menu offers for the checkpoint under the cursor."""
        checkpoint = self.selected_checkpoint
        if self.checkpoints_pane is None or checkpoint is None:
            return []
        from mahavishnu_tui.screens.actions import Action

        found = [
            Action("diff", "compare two marked, or with its parent", "D"),
            Action("search_states", "search in all states of the thread", "S"),
        ]
        if self.session.readonly:
            return found
        found += [
            Action("pin", "keep this thread for ever, or no longer", "P"),
            Action("tag", "give this checkpoint a name, which keeps it", "T"),
        ]
        if run.status not in ACTIVE:
            found += [
                Action("edit_state", "edit the state here …", "e"),
                Action("fork", "fork: run again from here …", "r", destructive=True),
                Action("rewind", "rewind to here, without running …", destructive=True),
            ]
        if run.status in FINISHED:
            found.append(Action("prune", "prune the checkpoints of this thread …", destructive=True))
        return found

    def _here(self) -> tuple[Run, Checkpoint] | None:
        run, checkpoint = self.selected_run, self.selected_checkpoint
        if run is None or checkpoint is None:
            self.flash("No checkpoint is selected.", "warning")
            return None
        return run, checkpoint

    def action_diff(self) -> None:
        """Compare two marked ones, or one with that under the cursor; without marks, that with its parent."""
        here, pane = self._here(), self.checkpoints_pane
        if here is None or pane is None:
            return
        run, checkpoint = here
        ids = sorted({*pane.table.marked, *([] if len(pane.table.marked) == 2 else [checkpoint.id])})
        if len(pane.table.marked) > 2:
            self.flash("Mark two checkpoints (space), not more.", "warning")
            return
        steps = {item.id: f"step {item.step}" for item in pane.checkpoints}
        if len(ids) == 2:
            before, after = ids
            words = f"{steps.get(before, before)} → {steps.get(after, after)}"
        else:
            before, after, words = "parent", checkpoint.id, f"what step {checkpoint.step} changed"
        from mahavishnu_tui.screens.diffing import DiffScreen

        self.app.push_screen(DiffScreen(self.session, run.id, before, after, f"{run.name} · {words}"))

    def action_search_states(self) -> None:
        """Look for a text in every state of the thread."""
        run = self.selected_run
        if run is not None:
            from mahavishnu_tui.screens.searching import StateSearch

            self.app.push_screen(StateSearch(self.session, run))

    def action_edit_state(self) -> None:
        """Give the state other values, seen before they are written."""
        here = self._here()
        if here is None:
            return
        run, checkpoint = here
        if run.status in ACTIVE:
            self.flash(f"{run.name} is {run.status}: pause it first (p).", "warning")
            return
        from mahavishnu_tui.screens.editing import EditScreen

        self.app.push_screen(EditScreen(self.session, run, checkpoint), self._edited)

    def _edited(self, said: str | None) -> None:
        if said:
            self.flash(said, "success")
            self.reload_checkpoints()

    def action_pin(self) -> None:
        """Keep the thread from ever being pruned, or let it be pruned again."""
        here = self._here()
        if here is not None:
            run, checkpoint = here
            self._act_on(functools.partial(_pin, run=run, pinned=not checkpoint.pinned, who=self.session.who))

    def action_tag(self) -> None:
        """Ask for a name; one that it has already is taken away."""
        here = self._here()
        if here is None:
            return
        run, checkpoint = here
        from mahavishnu_tui.screens.asking import AskScreen

        def named(name: str | None) -> None:
            if name:
                work = functools.partial(
                    _tag, run=run, checkpoint=checkpoint, name=name, who=self.session.who
                )
                self._act_on(work)

        has = f"It has {', '.join(map(clean_line, checkpoint.tags))}: " if checkpoint.tags else ""
        facts = [f"checkpoint  step {checkpoint.step}, {checkpoint.id}"]
        facts.append(f"{has}the same name again takes it away." if has else "A tagged one is never pruned.")

        def problem(name: str) -> str:
            return "" if name else "Type a name; esc goes back."

        self.app.push_screen(AskScreen("Name this checkpoint", facts, problem), named)

    def action_fork(self) -> None:
        """As `r`."""
        self.action_retry()

    def action_rewind(self) -> None:
        """Make this checkpoint the thread's latest; nothing is run."""
        here = self._here()
        if here is None:
            return
        run, checkpoint = here
        from mahavishnu_tui.screens.confirm import ConfirmScreen

        facts = [
            f"run         {clean_line(run.name)} ({run.id})",
            f"checkpoint  step {checkpoint.step}, {checkpoint.id}",
            f"then next   {', '.join(clean_line(node, 60) for node in checkpoint.next) or 'nothing'}",
            "Nothing is run. What came after stays listed, as a branch. Open questions are withdrawn.",
        ]
        latest = next((item.id for item in self._listed() if item.latest), "")
        work = functools.partial(_rewind, run=run, checkpoint=checkpoint, latest=latest, who=self.session.who)
        question = f"Rewind {clean_line(run.name)} to step {checkpoint.step}?"

        def decided(yes: str | None) -> None:
            if yes:
                self._act_on(work)

        self.app.push_screen(ConfirmScreen(question, facts, "Rewind"), decided)

    def action_prune(self) -> None:
        """Ask what would go, then for its number, typed."""
        run = self.selected_run
        if run is not None:
            in_background_opening(self, functools.partial(self._ask_prune, run), "prune")

    async def _ask_prune(self, run: Run) -> None:
        from mahavishnu_tui.client.calls.checkpoints import Room

        try:
            plan = await self.session.client.prune(Room(), run.id)
        except Exception as error:  # flashed, kept in :errors
            self.flash_error(error)
            return
        if not plan.checkpoints:
            self.flash(plan.kept[0] if plan.kept else "There is nothing to prune: one checkpoint is left.")
            return
        from mahavishnu_tui.screens.asking import AskScreen

        count = str(plan.checkpoints)
        facts = [
            f"run   {clean_line(run.name)} ({run.id})",
            f"goes  {count} checkpoints, {size_text(plan.bytes)}, those of subgraphs among them",
            "The latest stays, and so do those with a name. The others cannot be brought back.",
            f"Type {count} to remove them:",
        ]

        def typed(text: str | None) -> None:
            if text:
                work = functools.partial(_prune, run=run, plan=plan, who=self.session.who)
                self._act_on(work)

        def problem(text: str) -> str:
            return "" if text == count else f"Type {count} to do it; esc goes back."

        self.app.push_screen(AskScreen(f"Prune {clean_line(run.name)}?", facts, problem), typed)

    def _listed(self) -> tuple[Checkpoint, ...]:
        return self.checkpoints_pane.checkpoints if self.checkpoints_pane is not None else ()

    def _act_on(self, work: Work) -> None:
        """Do it, say it, and list what there is now."""

        async def done(client: ServerClient) -> str:
            said = await work(client)
            self.reload_checkpoints()
            return said

        self.act(done)


async def _pin(client: ServerClient, run: Run, pinned: bool, who: str) -> str:
    await client.pin(run.id, pinned, who)
    return f"{run.name}: pinned, its checkpoints stay" if pinned else f"{run.name}: no longer pinned"


async def _tag(client: ServerClient, run: Run, checkpoint: Checkpoint, name: str, who: str) -> str:
    remove = name in checkpoint.tags
    await client.tag(run.id, checkpoint.id, name, who, remove=remove)
    return f"step {checkpoint.step} is {'no longer' if remove else 'now'} {name}"


async def _rewind(client: ServerClient, run: Run, checkpoint: Checkpoint, latest: str, who: str) -> str:
    from mahavishnu_tui.models.edit import COPY, StateEdit

    order = StateEdit(None, COPY, checkpoint.id, latest, "rewound")
    made = await client.edit_state(run.id, order, who, run.version)
    if not made.checkpoint_id:
        return f"{run.name}: the rewind waits for a slot"
    return f"{run.name} is at step {checkpoint.step} again, {made.run.status}"


async def _prune(client: ServerClient, run: Run, plan: PrunePlan, who: str) -> str:
    from mahavishnu_tui.client.calls.checkpoints import Room

    done = await client.prune(Room(), run.id, expect=plan.checkpoints, by=who)
    return f"{run.name}: {done.checkpoints:,} checkpoints removed, {size_text(done.bytes)}"
