"""Settings of notifications: where they go, what they are about, and when."""

from __future__ import annotations

import re
import zoneinfo
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from mahavishnu_tui.models.notifying import NoticeKind, Rule
from mahavishnu_tui.models.quiet import QuietHours
from mahavishnu_tui.settings.group import Group

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")

Pattern = Annotated[str, Field(max_length=200)]


def _url(url: SecretStr) -> SecretStr:
    """An address as apprise writes them. Nothing of it is ever repeated."""
    if not _URL.fullmatch(url.get_secret_value()):
        raise ValueError("it is no address, such as mailto://… or slack://…")
    return url


class NotificationTargetSettings(Group):
    """Where notifications go."""

    url: Annotated[SecretStr, AfterValidator(_url)] = Field(
        description="As apprise writes it: mailtos://user:password@example.org, slack://…, json://host/path."
        " Better kept in the environment or in a local.yaml that only you can read."
    )
    details: bool = Field(
        default=False,
        description="Send the words of questions and errors too, which may hold what is private.",
    )


def _quiet(text: str) -> str:
    if text:
        QuietHours.read(text)
    return text


class NotificationRuleSettings(Group):
    """What is told to whom. Patterns are those of a shell (`etl-*`); an empty one fits everything."""

    about: list[NoticeKind] = Field(min_length=1, description="Of what is told.")
    targets: list[str] = Field(default_factory=list, description="Names of targets; empty: all of them.")
    workflow: Pattern = Field(default="", description="Pattern of the workflow's or flow's name.")
    deployment: Pattern = Field(default="", description="Pattern of the deployment's name.")
    tag: Pattern = Field(default="", description="Pattern of a tag of the run.")
    context: Pattern = Field(default="", description="Pattern of the context's name.")
    min_priority: Literal["low", "normal", "high", "urgent"] = Field(
        default="low", description="The least priority of the run."
    )
    after_seconds: float = Field(
        default=0.0, ge=0, le=30 * 86400, description="Only if it is still so after this time."
    )
    before_seconds: float = Field(
        default=900.0, ge=0, le=30 * 86400, description="Of `deadline`: how long before it."
    )
    quiet_hours: Annotated[str, AfterValidator(_quiet)] = Field(
        default="", description="Such as 22:00-07:00: what is still so then is told at its end."
    )
    loud: list[NoticeKind] = Field(
        default_factory=list, description="What comes through in quiet hours all the same."
    )
    repeat_minutes: float = Field(
        default=0.0, ge=0, le=30 * 1440, description="Again after this time, as long as it is so; 0: once."
    )

    def rule(self) -> Rule:
        """As the server takes it."""
        return Rule(
            about=tuple(self.about),
            targets=tuple(self.targets),
            workflow=self.workflow,
            deployment=self.deployment,
            tag=self.tag,
            context=self.context,
            min_priority=self.min_priority,
            after_seconds=self.after_seconds,
            before_seconds=self.before_seconds,
            quiet=QuietHours.read(self.quiet_hours) if self.quiet_hours else None,
            loud=tuple(self.loud),
            repeat_seconds=self.repeat_minutes * 60,
        )


def _named(targets: dict[str, NotificationTargetSettings]) -> dict[str, NotificationTargetSettings]:
    for name in targets:
        if not _NAME.fullmatch(name):
            raise ValueError("a target's name is made of small letters, digits, - and _, a letter first")
    return targets


def _zone(name: str) -> str:
    try:
        if name:
            zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("it is no time zone, such as Europe/Paris") from None
    return name


class NotificationSettings(Group):
    """Notifications off the terminal: mail, chat, webhooks."""

    targets: Annotated[dict[str, NotificationTargetSettings], AfterValidator(_named)] = Field(
        default_factory=dict, description="Where they go, by a name of your own: {url, details?} each."
    )
    rules: list[NotificationRuleSettings] = Field(
        default_factory=list, description="What is told to whom, and when. Without rules nothing is told."
    )
    per_minute: int = Field(
        default=10, ge=1, le=1000, description="Messages a minute to one target; more than that waits."
    )
    digest: bool = Field(default=True, description="Whether what waits for the rate goes out as one message.")
    timeout_seconds: float = Field(
        default=30.0, ge=1, le=600, description="Seconds that sending one message may take."
    )
    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        default="", description="Of quiet hours, such as Europe/Paris; empty: this machine's."
    )
    dashboard: str = Field(
        default="",
        max_length=300,
        description="How to get to the dashboard, said in each message; empty: ssh HOST -t mahavishnu.",
    )
