"""`:notifications`, and what is said of a target that fails."""

from __future__ import annotations

from mahavishnu_tui.models.notification import Notification
from tests.unit.screens.driving import drive
from tests.unit.screens.test_catalog import command


async def test_the_outbox_is_listed_filtered_and_opened() -> None:
    async with drive((120, 40)) as driven:
        await command(driven, "notifications")
        await driven.sees("notifications · 6 · 2 waiting, 1 given up", "⚠ retrying", "✘ failed", "refused")
        assert "\x1b" not in driven.text
        await driven.press("slash")
        await driven.type("state:sent")
        await driven.press("enter")
        await driven.sees("1 of 6", "escalation")
        await driven.press("enter")
        await driven.sees('"state": "sent"')


async def test_it_is_asked_for_again_when_something_was_told() -> None:
    async with drive() as driven:
        await command(driven, "notifications")
        await driven.sees("notifications · 6")

        async def none(limit: int = 500) -> list[Notification]:
            return []

        driven.connection.client.notifications = none  # type: ignore[method-assign]
        driven.connection.listed("notifications")
        await driven.sees("Nothing was told yet")


async def test_a_failing_target_is_said_once_and_kept_in_errors() -> None:
    async with drive() as driven:
        server = driven.connection.mirror.server
        assert server is not None
        failing = server.replace(note="MHV-461 Notifications to ops fail: refused.")
        driven.connection.event("server", "server", failing)
        driven.connection.event("server", "server", failing.replace(queued=1))
        await driven.sees("MHV-461 Notifications to ops fail: refused.")
        await driven.until(lambda: driven.app.session.mirror.server.queued == 1)
        errors = driven.app.session.errors
        assert [(entry.error.code.value, entry.times) for entry in errors] == [("MHV-461", 1)]
