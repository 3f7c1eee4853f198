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
from mahavishnu_tui.screens.dashboard import Dashboard
from mahavishnu_tui.screens.session import DashboardOptions, Taste
from tests.snapshots.scenes import NOW, World, WorldConnection, world
from tests.snapshots.widgets.gallery import FORM

SIZES = [(80, 24), (120, 40), (200, 50)]
SMALL = SIZES[:1]
EMPTY = World([], [], [], [], {}, {}, [])
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
            await settle(pilot, lambda pane=pane: not pane.display or pane.known or pane.error)

    def waits(self, pilot: Pilot[None]) -> bool:
        text = "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())
        return self.live and "loading …" in text


def size_id(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


@pytest.fixture
def picture(snap_compare: Compare) -> Callable[..., None]:
    def take(size: tuple[int, int], scene: Scene) -> None:
        assert snap_compare(scene.app, terminal_size=size, run_before=scene.act)

    return take


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


def light(connection: WorldConnection, _: App[None]) -> None:
    connection.taste = Taste(theme="textual-light")


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


# name: (run under the cursor, keys, sizes, further arguments of Scene)
SCENES: dict[str, tuple[str, str, list[tuple[int, int]], dict[str, Any]]] = {
    "dashboard": ("amber-otter", "", SIZES, {}),
    "dashboard-failed-run": ("dusty-lynx", "", SIZES[1:], {}),
    "dashboard-stale": ("amber-otter", "", SIZES, {"after": lost}),
    "dashboard-connecting": ("", "", SIZES, {"live": False}),
    "dashboard-empty": ("", "", SIZES, {"given": EMPTY}),
    "dashboard-error-in-a-pane": ("amber-otter", "3", SIZES[:2], {"before": broken}),
    "dashboard-read-only": ("brisk-heron", "", SMALL, {"readonly": True}),
    "dashboard-ascii": ("amber-otter", "", [(80, 24), (200, 50)], {"ascii": True}),
    "dashboard-ascii-by-setting": ("amber-otter", "", SMALL, {"before": plain}),
    "dashboard-light": ("amber-otter", "", [(200, 50)], {"before": light}),
    "dashboard-too-small": ("", "", [(50, 12)], {}),
    "pane-path": ("amber-otter", "2", SIZES[:2], {}),
    "pane-path-full": ("amber-otter", "2 f", SIZES[1:], {}),
    "pane-checkpoints": ("amber-otter", "3 j", SIZES[:2], {}),
    "pane-approvals": ("amber-otter", "4", SIZES[:2], {}),
    "pane-schedules": ("amber-otter", "5", SIZES[:2], {}),
    "pane-pools": ("amber-otter", "6", SIZES[:2], {}),
    "filtered": ("", "slash 'state:waiting,failed enter", SMALL, {}),
    "filtered-to-nothing": ("", "slash 'zzz enter", SMALL, {}),
    "prompt": ("", "colon 'appr tab", SMALL, {}),
    "run-path": ("amber-otter", "enter", SIZES, {}),
    "run-path-unfolded": ("amber-otter", "enter z", SIZES, {}),
    "run-path-playback": ("amber-otter", "enter full_stop full_stop full_stop", SIZES, {}),
    "compare": ("amber-otter", "equals_sign", SIZES, {}),
    "run-timeline": ("brisk-heron", "enter 2", SIZES, {}),
    "run-timeline-nested": ("amber-otter", "enter 2", SIZES[:2], {}),
    "run-timeline-totals": ("amber-otter", "enter 2 b", SIZES[:2], {}),
    "run-state": ("amber-otter", "enter 3", SIZES, {}),
    "checkpoint-kept": ("frosty-gnu", "3 space j space", SIZES, {"before": resting}),
    "checkpoint-diff": ("amber-otter", "3 D", SIZES, {}),
    "checkpoint-diff-ascii": ("amber-otter", "3 D", SMALL, {"ascii": True}),
    "checkpoint-edit": ("frosty-gnu", "3 e ctrl+t", SIZES, {"before": resting}),
    "checkpoint-search": ("amber-otter", "3 S 'feature enter", SIZES[:2], {}),
    "checkpoint-tag": ("amber-otter", "3 T", SMALL, {}),
    "checkpoint-menu": ("frosty-gnu", "3 x", SMALL, {"before": resting}),
    "run-checkpoints": ("amber-otter", "enter 4", SIZES[:2], {}),
    "run-messages": ("amber-otter", "enter 5", SIZES, {"before": priced}),
    "run-logs": ("amber-otter", "enter 6", SIZES, {}),
    "run-logs-filtered": ("amber-otter", "enter 6 L L v v V V V", SMALL, {}),
    "run-input-output": ("amber-otter", "enter 7", SMALL, {}),
    "run-audit": ("amber-otter", "enter 8", SIZES, {}),
    "run-errors": ("dusty-lynx", "enter 9", SIZES[:2], {}),
    "approval": ("brisk-heron", "a", SIZES, {}),
    "approval-options": ("swift-ibis", "a tab tab", SMALL, {}),
    "approval-edit": ("brisk-heron", "a tab tab tab tab enter", SIZES[:2], {}),
    "approval-changed": ("brisk-heron", "a tab tab enter", SMALL, {"before": changed}),
    "approval-actions": ("brisk-heron", "a", SIZES, {"before": batch}),
    "approval-action-edit": ("brisk-heron", "a tab tab tab enter", SIZES[:2], {"before": batch}),
    "approval-actions-summary": ("brisk-heron", "a tab tab tab tab tab enter", SMALL, {"before": batch}),
    "approval-form": ("brisk-heron", "a tab tab enter", SIZES, {"before": form}),
    "approvals-claimed": ("brisk-heron", "4", SIZES, {"given": claimed()}),
    "approval-claimed": ("brisk-heron", "a", SIZES[:2], {"given": claimed()}),
    "batch": ("brisk-heron", "4 j space space A", SIZES, {"given": claimed()}),
    "ledger": ("", "colon 'ledger enter", SIZES, {}),
    "hosts": ("", "colon 'hosts enter", [(80, 24), (200, 50)], {}),
    "hosts-menu": ("", "colon 'hosts enter x", SMALL, {}),
    "ledger-search": ("", "colon 'ledger enter slash 'by:bob enter", SMALL, {}),
    "ledger-proof": ("", "colon 'ledger enter j j j enter", SIZES[:2], {}),
    "launch": ("", "t G k", SIZES, {}),
    "actions": ("amber-otter", "x", SMALL, {}),
    "confirm-cancel": ("amber-otter", "x G enter", SIZES[:2], {}),
    "confirm-resume": ("amber-otter", "3 j j j r", SMALL, {}),
    "details": ("dusty-lynx", "d", SMALL, {}),
    "raw": ("dusty-lynx", "y", SMALL, {}),
    "logs": ("amber-otter", "colon 'logs enter", SMALL, {}),
    "info": ("", "colon 'info enter", SIZES[:2], {}),
    "errors": ("amber-otter", "colon 'nope enter colon 'errors enter", SMALL, {}),
    "help": ("", "question_mark", SIZES[:2], {}),
}
CASES = [
    pytest.param(name, size, id=f"{name}-{size_id(size)}")
    for name, (_, _, sizes, _) in SCENES.items()
    for size in sizes
]


@pytest.mark.parametrize(("name", "size"), CASES)
def test_picture(name: str, size: tuple[int, int], picture: Callable[..., None]) -> None:
    run, keys, _, more = SCENES[name]
    picture(size, Scene(run, keys, **more))
