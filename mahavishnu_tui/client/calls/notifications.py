"""Notifications off the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mahavishnu_tui import models
from mahavishnu_tui.client.calls.base import Calls

if TYPE_CHECKING:
    from mahavishnu_tui.models.notification import Notification, SendResult

TEST_TIMEOUT = 620.0
"""Sending may take as long as the settings allow; the server gives up by itself."""


class NotificationCalls(Calls):
    """What was told to whom."""

    async def notifications(self, limit: int = 500) -> list[Notification]:
        """The newest, newest first."""
        return [
            models.Notification.from_json(item) for item in await self._get("/v1/notifications", limit=limit)
        ]

    async def notification_setup(self) -> dict[str, Any]:
        """`{"targets": [NotificationTarget], "rules": [rule], "per_minute", "digest"}`, as in force."""
        found: dict[str, Any] = await self._get("/v1/notifications/setup")
        return found

    async def test_notification(self, target: str, by: str) -> SendResult:
        """Have a test sent to a target now (MHV-460 when the server knows none of that name)."""
        found = await self._wire.call(
            "POST", "/v1/notifications/test", body={"target": target, "by": by}, timeout=TEST_TIMEOUT
        )
        return models.SendResult.from_json(found)
