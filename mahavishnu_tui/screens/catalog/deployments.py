"""`DeploymentsScreen`: what Prefect can start."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from mahavishnu_tui.client.mirror import Change
from mahavishnu_tui.models import Run
from mahavishnu_tui.models.deployment import Deployment
from mahavishnu_tui.models.filtering import several
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens import catalog_rows
from mahavishnu_tui.screens.actions import Action, MenuScreen
from mahavishnu_tui.screens.base import OperatorScreen
from mahavishnu_tui.screens.catalog.listing import ListScreen
from mahavishnu_tui.screens.panes.pane import Listed
from mahavishnu_tui.screens.session import Session

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient


class DeploymentsScreen(ListScreen[Deployment]):
    """By name; `enter` shows one in full, `t` starts a run."""

    HEADING = "deployments"
    COLUMNS = catalog_rows.DEPLOYMENT_COLUMNS
    ATTRIBUTES = frozenset({"name", "state", "pool", "tag", "flow"})
    WRITES: ClassVar[frozenset[str]] = frozenset({"launch", "pause", "schedule", "delete"})
    CATALOG: ClassVar[frozenset[str]] = frozenset({"deployments", "schedules"})
    EMPTY = "No deployments: `mahavishnu prefect deployment create FILE.py` makes one."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "launch", "Launch", id="deployments.launch"),
        Binding("p", "pause", "Pause/resume", id="deployments.pause"),
        Binding("s", "schedule", "Schedule", id="deployments.schedule"),
        Binding("d", "details", "Details", show=False, id="deployments.details"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session, _ask)

    def key_of(self, item: Deployment) -> str:
        """Its id."""
        return item.id

    def listed(self) -> list[Listed]:
        """Every deployment, with its newest run."""
        last = newest_runs(self.session)
        times, ascii_only = self.session.times, self.session.ascii
        found = []
        for item in sorted(self.fetched.items, key=lambda item: (item.title, item.id)):
            state = catalog_rows.deployment_mark(item).word
            about = {
                "text": " ".join((item.title, state, item.pool, item.description, item.workflow, *item.tags)),
                "name": item.title,
                "flow": item.flow,
                "state": state,
                "pool": item.pool,
                "tag": several(*item.tags),
            }
            row = catalog_rows.deployment_row(item, last.get(item.id), times, ascii_only)
            found.append(Listed(row, about))
        return found

    def said(self) -> str:
        """How many are paused."""
        paused = sum(item.paused for item in self.fetched.items)
        return f"{paused:,} paused" if paused else ""

    def note_changes(self, changes: frozenset[Change]) -> None:
        """Their newest runs come with the stream."""
        super().note_changes(changes)
        if self.fetched.known and any(kind == "run" for kind, _ in changes):
            self.draw()

    # -- acts

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a row there is nothing to act on."""
        if action in self.WRITES | {"details"} and self.current is None:
            return False
        return super().check_action(action, parameters)

    def action_open(self) -> None:
        """`enter`: all that is known of it."""
        self.action_details()

    def action_details(self) -> None:
        """All that is known of it."""
        if self.current is not None:
            from mahavishnu_tui.screens.catalog.deployment import DeploymentScreen

            self.app.push_screen(DeploymentScreen(self.session, self.current))

    def action_launch(self) -> None:
        """Start a run of it."""
        if self.current is not None:
            launch(self, self.current)

    def action_pause(self) -> None:
        """Let its schedules make no runs, or let them again."""
        if self.current is not None:
            pause(self, self.current)

    def action_schedule(self) -> None:
        """Make a schedule for it."""
        from mahavishnu_tui.screens.schedules.acts import create

        if self.current is not None:
            create(self, self.current.id)

    def action_delete(self) -> None:
        """Take it away, after asking."""
        if self.current is not None:
            ask_delete(self, self.current)

    def action_actions(self) -> None:
        """The menu of the deployment under the cursor."""
        if self.current is not None:
            found = menu(self.current, self.session.readonly)
            self.app.push_screen(MenuScreen(self.current.title, found), self.menu_chosen)


def newest_runs(session: Session) -> dict[str, Run]:
    """Of each deployment the newest run that has begun, or ended, of those that are known."""
    found: dict[str, Run] = {}
    for run in session.mirror.runs.values():
        if not run.deployment_id or run.status in ("scheduled", "queued"):
            continue
        known = found.get(run.deployment_id)
        if known is None or run.created_at > known.created_at:
            found[run.deployment_id] = run
    return found


def menu(deployment: Deployment, readonly: bool) -> list[Action]:
    """What can be done with a deployment."""
    found: list[Action] = []
    if not readonly:
        deed = "resume: its schedules make runs again" if deployment.paused else "pause: no scheduled runs"
        found += [
            Action("launch", "start a run …", "t"),
            Action("pause", deed, "p"),
            Action("schedule", "schedule it …", "s"),
        ]
    found += [
        Action("details", "details, versions, schedules, runs", "d"),
        Action("raw", "raw JSON", "y"),
        Action("copy_key", "copy its id", "c"),
    ]
    if not readonly:
        found.append(Action("delete", "delete …", destructive=True))
    return found


def launch(screen: OperatorScreen, deployment: Deployment) -> None:
    """Open the launch form at a deployment."""
    from mahavishnu_tui.screens.launch import LaunchScreen
    from mahavishnu_tui.screens.launch.targets import of_deployment

    def started(run: Run | None) -> None:
        if run is not None:
            screen.flash(f"{run.name}: {deployment.title} is {run.status}", "success")

    screen.app.push_screen(LaunchScreen(screen.session, target=of_deployment(deployment)), started)


def pause(screen: OperatorScreen, deployment: Deployment) -> None:
    """Pause it after saying what that deletes; resume it at once."""
    work = functools.partial(_pause, deployment=deployment, who=screen.session.who)
    if deployment.paused or not deployment.active_schedules:
        screen.act(work)
        return
    facts = [
        f"deployment  {clean_line(deployment.title)}",
        f"schedules   {deployment.active_schedules} active",
        "Scheduled runs of it that have not begun are deleted, and made",
        "anew when it is resumed. Runs at work go on.",
    ]
    screen.ask_first(f"Pause {clean_line(deployment.title)}?", facts, "Pause", work)


def ask_delete(screen: OperatorScreen, deployment: Deployment) -> None:
    """Delete it once its name has been typed."""
    facts = [
        f"deployment  {clean_line(deployment.title)} ({deployment.id})",
        f"schedules   {deployment.schedules}, which go with it",
        "Its runs stay.",
    ]
    work = functools.partial(_delete, deployment=deployment, who=screen.session.who)
    title = clean_line(deployment.title)
    screen.ask_typed(f"Delete {title}?", facts, title, work)


async def _pause(client: ServerClient, deployment: Deployment, who: str) -> str:
    now = await client.change_deployment(deployment, who, paused=not deployment.paused)
    word = "paused: its schedules make no runs" if now.paused else "at work again: its schedules make runs"
    return f"{deployment.title} is {word}"


async def _delete(client: ServerClient, deployment: Deployment, who: str) -> str:
    await client.delete_deployment(deployment, who)
    return f"{deployment.title} is deleted"


async def _ask(client: ServerClient) -> list[Deployment]:
    return await client.deployments()
