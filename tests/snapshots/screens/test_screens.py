"""Pictures of every screen and pane."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from mahavishnu_tui.app import MahavishnuApp
from mahavishnu_tui.models import Approval, ErrorCode, MahavishnuError
from mahavishnu_tui.models.context import Context
from mahavishnu_tui.screens import contexts as contexts_screen
from mahavishnu_tui.screens.dashboard import Dashboard
from mahavishnu_tui.screens.session import DashboardOptions, Taste
from tests.snapshots.scenes import NOW, World, WorldConnection, world
from tests.snapshots.widgets.gallery import FORM

SIZES = [(80, 24), (120, 40), (200, 50)]
SMALL, MIDDLE, LARGE = SIZES[:1], SIZES[1:2], SIZES[2:]
ENDS = SMALL + LARGE
# Each screen has its picture at all sizes; its tabs and states have one or two, in turn.
EMPTY = World([], [], [], [], {}, {}, [])
UNSETTLED = ("loading …", "No runs yet", "looking at the files")
"""What is shown only until something is known."""
Compare = Callable[..., bool]
Step = Callable[[WorldConnection, "App[None]"], object]


async def settle(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    await pilot.pause()


def still(app: App[None]) -> None:
    """No cursor blinks in a picture."""
    for widget in app.screen.query("*"):
        if isinstance(widget, Input | TextArea):
            widget.cursor_blink = False


class Scene:
    """A dashboard on the fixed world, with keys pressed and settled."""

    def __init__(
        self,
        run: str,
        keys: str,
        given: World | None = None,
        before: Step | None = None,
        after: Step | None = None,
        live: bool = True,
        **options: Any,
    ) -> None:
        self.connection = WorldConnection(given or world())
        if before is not None:
            before(self.connection, None)  # type: ignore[arg-type]
        self.run, self.keys, self.after, self.live = run, keys, after, live
        self.app = MahavishnuApp(DashboardOptions(context="staging", **options), self.open, now=lambda: NOW)

    async def open(self, _: DashboardOptions) -> WorldConnection:
        return self.connection

    async def act(self, pilot: Pilot[None]) -> None:
        dashboard = pilot.app.screen
        assert isinstance(dashboard, Dashboard)
        await settle(pilot, lambda: self.app.session.connection is not None)
        if self.live:
            await self.go_live(pilot, dashboard)
        for key in self.keys.split():
            if key.startswith("'"):
                focused = pilot.app.screen.focused
                assert isinstance(focused, Input)
                focused.insert_text_at_cursor(key[1:].replace("_", " "))
            else:
                await pilot.press(key)
                await settle(pilot, lambda: not self.app.message_queue_size and not self.app._settling)
            await pilot.pause()
            still(self.app)
        if self.after is not None:
            self.after(self.connection, self.app)
        await settle(pilot, lambda: not self.waits(pilot))
        await pilot.pause(0.1)
        still(self.app)

    async def go_live(self, pilot: Pilot[None], dashboard: Dashboard) -> None:
        self.connection.live()
        room = dashboard.room
        await settle(pilot, lambda: self.app.session.link.live)
        identity = next((item.id for item in self.connection.world.runs if item.name == self.run), "")
        if identity:
            await settle(pilot, lambda: room.runs.table.move_to(identity))
            await settle(pilot, lambda: dashboard.following.now.run_id == identity)
            await settle(pilot, lambda: dashboard.following.now.loaded or dashboard.following.now.error)
        for pane in (room.pools, room.schedules):
            asked = pane.fetched
            await settle(pilot, lambda pane=pane, asked=asked: not pane.display or asked.known or asked.error)

    def waits(self, pilot: Pilot[None]) -> bool:
        text = "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())
        return self.live and any(words in text for words in UNSETTLED)


def size_id(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def lost(connection: WorldConnection, _: App[None]) -> None:
    connection.link("lost", since=NOW - 42, attempt=3, retry_in=2.0, message="no answer")


def changed(connection: WorldConnection, _: App[None]) -> None:
    connection.client.fail["answer"] = MahavishnuError(
        ErrorCode.QUESTION_CHANGED, "The question has changed since it was shown."
    )
    first = connection.world.approvals[0]
    new = first.replace(hash="c0ffee00c0ffee00", value={"question": "Deploy 2.0?"})

    async def approvals(*_: object, **__: object) -> list[Approval]:
        return [new]

    connection.client.approvals = approvals  # type: ignore[method-assign]


def asks(connection: WorldConnection, **more: Any) -> None:
    connection.world.approvals[0] = connection.world.approvals[0].replace(**more)


def batch(connection: WorldConnection, _: App[None]) -> None:
    charge = {"type": "object", "properties": {"amount": {"type": "integer"}, "note": {"type": "string"}}}
    requests = [
        {
            "name": "charge_card",
            "args": {"amount": 500, "note": "Order 4711"},
            "description": "Tool execution requires approval\n\nCharges the card of the customer.",
        },
        {"name": "send_mail", "args": {"to": "ana@example.org", "body": "It is on its way."}},
    ]
    rules = [
        {
            "action_name": "charge_card",
            "allowed_decisions": ["approve", "edit", "reject"],
            "args_schema": charge,
        },
        {"action_name": "send_mail", "allowed_decisions": ["approve", "respond"]},
    ]
    asks(connection, kind="hitl_request", value={"action_requests": requests, "review_configs": rules})


def form(connection: WorldConnection, _: App[None]) -> None:
    asks(connection, schema=FORM)


def broken(connection: WorldConnection, _: App[None]) -> None:
    connection.client.fail["checkpoints"] = MahavishnuError(
        ErrorCode.DATABASE_LOCKED, "The checkpoint file is locked by another program.", "Close it."
    )


def plain(connection: WorldConnection, _: App[None]) -> None:
    connection.taste = Taste(ascii=True)


def priced(connection: WorldConnection, _: App[None]) -> None:
    connection.taste = Taste(prices={"gpt-x": {"input": 2.5, "output": 10.0}})


def wearing(theme: str) -> Step:
    def wear(connection: WorldConnection, _: App[None]) -> None:
        connection.taste = Taste(theme=theme)

    return wear


def claimed() -> World:
    """One question is somebody's, one has waited too long, and two more are asked like it."""
    given = world()
    brisk, swift = given.approvals
    given.approvals = [
        brisk.replace(claimed_by="ana@bastion-2", claim_until=NOW + 700),
        swift.replace(escalated=1, on_timeout="escalate", timeout=3600.0),
        *(
            brisk.replace(id=f"more-{n}", run_name=f"{word}-ibis", hash=f"more-{n}", asked_at=NOW - 100 + n)
            for n, word in enumerate(("rapid", "silent"))
        ),
    ]
    return given


def resting(connection: WorldConnection, _: App[None]) -> None:
    """A paused run with a history: a branch, names, a warning."""
    found = connection.world.checkpoints
    stored = list(next(iter(found.values())))
    stored[0] = stored[0].replace(size=90_000_000, label="rewound", pinned=True)
    stored[2] = stored[2].replace(tags=["good"])
    stored[3] = stored[3].replace(branch="b1")
    held = next(item for item in connection.world.runs if item.name == "frosty-gnu")
    found[held.id] = [item.replace(pinned=True) for item in stored]


def production(connection: WorldConnection, _: App[None]) -> None:
    """A context with a red name that is locked."""
    connection.context = Context("prod", "where it counts", production=True, listed=True)


def contexts(connection: WorldConnection, _: App[None]) -> None:
    """Four contexts; `found` says how each stands."""
    connection.context = Context("staging", "where releases are tried", colour="yellow", listed=True)
    connection.contexts = (
        connection.context,
        Context("prod", "where it counts", production=True, colour="red", listed=True),
        Context("audit", "last year's runs, to look at", readonly=True, listed=True),
        Context("lab", listed=True),
        Context("default"),
    )
    connection.client.socket = "staging"  # type: ignore[attr-defined]


async def found(socket: str) -> contexts_screen.Found:
    return {
        "staging": contexts_screen.Found("answers", "success", 2, 2),
        "prod": contexts_screen.Found("answers", "success", 14, 3),
        "audit": contexts_screen.Found("does not answer", "warning"),
    }.get(socket, contexts_screen.Found("not started"))


# name: (run under the cursor, keys, sizes, further arguments of Scene)
SCENES: dict[str, tuple[str, str, list[tuple[int, int]], dict[str, Any]]] = {
    "dashboard": ("amber-otter", "", SIZES, {}),
    "dashboard-failed-run": ("dusty-lynx", "", MIDDLE, {}),
    "dashboard-stale": ("amber-otter", "", ENDS, {"after": lost}),
    "dashboard-connecting": ("", "", MIDDLE, {"live": False}),
    "dashboard-empty": ("", "", LARGE, {"given": EMPTY}),
    "dashboard-error-in-a-pane": ("amber-otter", "3", MIDDLE, {"before": broken}),
    "dashboard-read-only": ("brisk-heron", "", SMALL, {"readonly": True}),
    "notifications": ("", "colon 'notifications enter", SIZES, {}),
    "production-locked": ("brisk-heron", "", SMALL, {"before": production}),
    "production-unlocked": ("brisk-heron", "colon 'unlock enter 'prod enter", SMALL, {"before": production}),
    "production-unlock": ("brisk-heron", "colon 'unlock enter", SMALL, {"before": production}),
    "production-dialog": (
        "amber-otter",
        "colon 'unlock enter 'prod enter x G enter",
        SMALL,
        {"before": production},
    ),
    "contexts": ("", "colon 'ctx enter", SIZES, {"before": contexts}),
    "dashboard-ascii": ("amber-otter", "", ENDS, {"ascii": True}),
    "dashboard-ascii-by-setting": ("amber-otter", "", SMALL, {"before": plain}),
    "sorted": ("amber-otter", "greater_than_sign greater_than_sign I", SMALL, {}),
    "times-utc": ("amber-otter", "Z Z Z", [(120, 40)], {}),
    "theme-light": ("dusty-lynx", "", [(120, 40)], {"before": wearing("light")}),
    "theme-contrast": ("amber-otter", "", [(200, 50)], {"before": wearing("contrast")}),
    "theme-colorblind": ("dusty-lynx", "", [(120, 40)], {"before": wearing("colorblind")}),
    "theme-ansi": ("amber-otter", "4", SMALL, {"before": wearing("ansi")}),
    "theme-list": ("amber-otter", "colon 'theme enter j", SIZES, {}),
    "dashboard-too-small": ("", "", [(50, 12)], {}),
    "pane-path": ("amber-otter", "2", SIZES[:2], {}),
    "pane-path-full": ("amber-otter", "2 f", LARGE, {}),
    "pane-checkpoints": ("amber-otter", "3 j", SMALL, {}),
    "pane-approvals": ("amber-otter", "4", SMALL, {}),
    "pane-schedules": ("amber-otter", "5", SMALL, {}),
    "pane-pools": ("amber-otter", "6", MIDDLE, {}),
    "filtered": ("", "slash 'state:waiting,failed enter", SMALL, {}),
    "filtered-to-nothing": ("", "slash 'zzz enter", SMALL, {}),
    "prompt": ("", "colon 'appr tab", SMALL, {}),
    "run-path": ("amber-otter", "enter", SIZES, {}),
    "run-path-unfolded": ("amber-otter", "enter z", MIDDLE, {}),
    "run-path-playback": ("amber-otter", "enter full_stop full_stop full_stop", LARGE, {}),
    "compare": ("amber-otter", "equals_sign", SIZES, {}),
    "compare-state": ("amber-otter", "equals_sign 3", MIDDLE, {}),
    "compare-facts": ("amber-otter", "equals_sign 4", SMALL, {}),
    "run-timeline": ("brisk-heron", "enter 2", ENDS, {}),
    "run-timeline-nested": ("amber-otter", "enter 2", SMALL, {}),
    "run-timeline-totals": ("amber-otter", "enter 2 b", MIDDLE, {}),
    "run-state": ("amber-otter", "enter 3", ENDS, {}),
    "checkpoint-kept": ("frosty-gnu", "3 space j space", MIDDLE, {"before": resting}),
    "checkpoint-diff": ("amber-otter", "3 D", SIZES, {}),
    "checkpoint-diff-ascii": ("amber-otter", "3 D", SMALL, {"ascii": True}),
    "checkpoint-edit": ("frosty-gnu", "3 e ctrl+t", SIZES, {"before": resting}),
    "checkpoint-search": ("amber-otter", "3 S 'feature enter", SIZES, {}),
    "checkpoint-tag": ("amber-otter", "3 T", SMALL, {}),
    "checkpoint-menu": ("frosty-gnu", "3 x", SMALL, {"before": resting}),
    "run-checkpoints": ("amber-otter", "enter 4", ENDS, {}),
    "run-messages": ("amber-otter", "enter 5", ENDS, {"before": priced}),
    "run-logs": ("amber-otter", "enter 6", ENDS, {}),
    "run-logs-filtered": ("amber-otter", "enter 6 L L v v V V V", SMALL, {}),
    "run-input-output": ("amber-otter", "enter 7", MIDDLE, {}),
    "run-audit": ("amber-otter", "enter 8", MIDDLE, {}),
    "run-errors": ("dusty-lynx", "enter 9", SMALL, {}),
    "approval": ("brisk-heron", "a", SIZES, {}),
    "approval-options": ("swift-ibis", "a tab tab", SMALL, {}),
    "approval-edit": ("brisk-heron", "a tab tab tab tab enter", SMALL, {}),
    "approval-changed": ("brisk-heron", "a tab tab enter", SMALL, {"before": changed}),
    "approval-actions": ("brisk-heron", "a", ENDS, {"before": batch}),
    "approval-action-edit": ("brisk-heron", "a tab tab tab enter", MIDDLE, {"before": batch}),
    "approval-actions-summary": ("brisk-heron", "a tab tab tab tab tab enter", SMALL, {"before": batch}),
    "approval-form": ("brisk-heron", "a tab tab enter", ENDS, {"before": form}),
    "approvals-claimed": ("brisk-heron", "4", MIDDLE, {"given": claimed()}),
    "approval-claimed": ("brisk-heron", "a", SMALL, {"given": claimed()}),
    "batch": ("brisk-heron", "4 j space space A", SIZES, {"given": claimed()}),
    "ledger": ("", "colon 'ledger enter", SIZES, {}),
    "hosts": ("", "colon 'hosts enter", SIZES, {}),
    "hosts-menu": ("", "colon 'hosts enter x", SMALL, {}),
    "ledger-search": ("", "colon 'ledger enter slash 'by:bob enter", SMALL, {}),
    "ledger-proof": ("", "colon 'ledger enter j j j enter", MIDDLE, {}),
    "launch": ("", "t G k", SIZES, {}),
    "actions": ("amber-otter", "x", SIZES, {}),
    "confirm-cancel": ("amber-otter", "x G enter", SIZES, {}),
    "confirm-resume": ("amber-otter", "3 j j j r", SMALL, {}),
    "details": ("dusty-lynx", "d", SIZES, {}),
    "raw": ("dusty-lynx", "y", SMALL, {}),
    "logs": ("amber-otter", "colon 'logs enter", SIZES, {}),
    "info": ("", "colon 'info enter", SIZES, {}),
    "errors": ("amber-otter", "colon 'nope enter colon 'errors enter", SIZES, {}),
    "help": ("", "question_mark", SIZES, {}),
}
CASES = [
    pytest.param(name, size, id=f"{name}-{size_id(size)}")
    for name, (_, _, sizes, _) in SCENES.items()
    for size in sizes
]


@pytest.mark.parametrize(("name", "size"), CASES)
def test_picture(
    name: str, size: tuple[int, int], picture: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contexts_screen, "probe", found)
    monkeypatch.setattr(contexts_screen, "_socket", lambda options: options.context)
    run, keys, _, more = SCENES[name]
    picture(size, Scene(run, keys, **more))


@pytest.mark.parametrize("theme", ["", "ansi"])
def test_without_colours(theme: str, picture: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    picture(SMALL[0], Scene("brisk-heron", "4 a tab tab" if theme else "", before=wearing(theme)))
