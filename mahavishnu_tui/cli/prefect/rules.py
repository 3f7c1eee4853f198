"""A schedule's rule, as options."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import zoneinfo
from collections.abc import Callable
from typing import Any

import click

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.moments import read_moment
from mahavishnu_tui.models.schedule import ScheduleKind, ScheduleRule
from mahavishnu_tui.models.spans import read_span

ONE_OF = "--cron, --interval, --rrule, --at"


@dataclasses.dataclass(frozen=True)
class RuleWords:
    """What was typed for a rule."""

    cron: str | None = None
    interval: str | None = None
    rrule: str | None = None
    at: str | None = None
    timezone: str | None = None
    anchor: str | None = None
    day_and: bool = False
    kind: ScheduleKind | None = None
    expression: str | None = None

    @property
    def chosen(self) -> tuple[ScheduleKind, str] | None:
        """The kind of rule and its text; None when neither is given."""
        own: dict[ScheduleKind, str | None] = {
            "cron": self.cron,
            "interval": self.interval,
            "rrule": self.rrule,
            "once": self.at,
        }
        said = [(kind, text) for kind, text in own.items() if text is not None]
        if self.kind is not None or self.expression is not None:
            if self.kind is None or self.expression is None or said:
                raise click.UsageError(f"--type and --expression belong together, and without {ONE_OF}.")
            return self.kind, self.expression
        if len(said) > 1:
            raise click.UsageError(f"Give one of {ONE_OF}.")
        return said[0] if said else None


def rule_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a rule; they arrive as `words`."""
    names = [field.name for field in dataclasses.fields(RuleWords)]

    @functools.wraps(function)
    def called(*args: Any, **given: Any) -> Any:
        words = RuleWords(**{name: given.pop(name) for name in names})
        return function(*args, words=words, **given)

    wrapped: Callable[..., Any] = called
    kinds = click.Choice(["cron", "interval", "rrule", "once"])
    for option in (
        click.option("--expression", metavar="TEXT", help="With --type: the rule."),
        click.option("--type", "kind", type=kinds, help="With --expression, instead of the options above."),
        click.option(
            "--day-and", is_flag=True, help="With --cron: day of month and day of week must both hold."
        ),
        click.option("--anchor", metavar="TIME", help="With --interval: counted from here (ISO 8601)."),
        click.option("--timezone", metavar="ZONE", help="Such as Europe/Paris; default: UTC."),
        click.option("--at", metavar="TIME", help="Once: 2026-11-29T02:00 (in --timezone, else local), +2h."),
        click.option("--rrule", metavar="RRULE", help="A recurrence rule: 'FREQ=WEEKLY;BYDAY=MO,FR'."),
        click.option("--interval", metavar="SPAN", help="Every so often: 10m, 1h30m, 2d."),
        click.option("--cron", metavar="EXPRESSION", help="Five fields, six with seconds: '0 2 * * *'."),
    ):
        wrapped = option(wrapped)
    return wrapped


def read_rule(words: RuleWords) -> ScheduleRule:
    """The rule that was typed.

    Raises:
        MahavishnuError: MHV-010, a time or a zone makes no sense. Cron and RRULE are the server's to check.
    """
    if words.chosen is None:
        raise click.UsageError(f"Say when: one of {ONE_OF}.")
    kind, text = words.chosen
    if words.anchor and kind != "interval":
        raise click.UsageError("--anchor belongs to --interval.")
    if words.day_and and kind != "cron":
        raise click.UsageError("--day-and belongs to --cron.")
    known = _zone(words.timezone) if words.timezone else None
    zone = words.timezone or "UTC"
    if kind == "cron":
        return ScheduleRule("cron", cron=text.strip(), day_or=not words.day_and, timezone=zone)
    if kind == "interval":
        anchor = _anchor(words.anchor, known)
        return ScheduleRule("interval", interval=read_span(text), anchor=anchor, timezone=zone)
    if kind == "rrule":
        return ScheduleRule("rrule", rrule=text.strip().replace("\\n", "\n"), timezone=zone)
    return ScheduleRule("once", at=read_moment(text, known), timezone=zone)


def changed_rule(words: RuleWords, before: ScheduleRule) -> ScheduleRule | None:
    """The rule that was typed, in the zone of the one before unless another is given; None: no change.

    Raises:
        MahavishnuError: MHV-010.
    """
    if words.chosen is not None:
        return read_rule(dataclasses.replace(words, timezone=words.timezone or before.timezone))
    changes: dict[str, Any] = {}
    if words.timezone:
        changes["timezone"] = _zone(words.timezone).key
    if words.anchor and before.kind == "interval":
        changes["anchor"] = _anchor(words.anchor, _zone(words.timezone or before.timezone))
    if words.day_and and before.kind == "cron":
        changes["day_or"] = False
    if (words.anchor or words.day_and) and not set(changes) - {"timezone"}:
        raise click.UsageError(f"That does not fit the rule {before.text}.")
    return before.replace(**changes) if changes else None


def _anchor(text: str | None, zone: zoneinfo.ZoneInfo | None) -> str:
    if not text:
        return ""
    at = read_moment(text, zone)
    return datetime.datetime.fromtimestamp(at, zone or datetime.UTC).isoformat()


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT, f"{name!r} is no time zone.", "Such as UTC or Europe/Paris."
        ) from error
