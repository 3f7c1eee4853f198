"""Who is told of what, and when: rules about what needs an operator. Pure."""

from __future__ import annotations

import dataclasses
import datetime
import fnmatch
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal, get_args

from mahavishnu_tui.models.quiet import QuietHours
from mahavishnu_tui.models.record import Record

NoticeKind = Literal[
    "approval",
    "deadline",
    "escalation",
    "failure",
    "crashed",
    "late",
    "stuck",
    "dead_worker",
    "host_failed",
    "lost",
    "disk",
    "recovered",
]
"""`deadline`: that of a question is near. `escalation`: one has passed without an answer. `crashed`: a
failure because the process died. `late`, `stuck`: runs that do not start, or do not end. `dead_worker`: work
waits and nobody takes it. `host_failed`: an engine host cannot be started. `lost`: Prefect, or a LangGraph
server of others, is away. `recovered`: what was told is over by itself."""
NOTICE_KINDS: Final[tuple[NoticeKind, ...]] = get_args(NoticeKind)
_URGENT: Final = frozenset({"deadline", "escalation"})
"""Somebody who is on it has to hear of these too."""
_PRIORITIES: Final = ("low", "normal", "high", "urgent")


@dataclasses.dataclass(frozen=True)
class Occurrence(Record):
    """One thing that somebody may be told of."""

    need: str
    """The key of the need that it is about."""
    kind: NoticeKind
    what: str
    """One line that says what is asked or wrong. It holds words of payloads and errors."""
    where: str
    """The name of the run, deployment, pool, project or server."""
    since: float
    number: int = 0
    """Which one of its kind, where one need may lead to several: the escalation."""
    run_id: str = ""
    workflow: str = ""
    engine: str = ""
    deployment: str = ""
    pool: str = ""
    node: str = ""
    due: float | None = None
    """The deadline of a question."""
    count: int = 1
    priority: str = "normal"
    tags: list[str] = dataclasses.field(default_factory=list)
    claimed_by: str = ""
    """Who is on it."""
    claim_until: float = 0.0
    code: str = ""
    """The MHV code of what is wrong."""


@dataclasses.dataclass(frozen=True)
class Rule:
    """One rule of the settings. Patterns are those of a shell (`etl-*`); an empty one fits everything."""

    about: tuple[NoticeKind, ...]
    targets: tuple[str, ...] = ()
    """Empty: all of them."""
    workflow: str = ""
    deployment: str = ""
    tag: str = ""
    context: str = ""
    min_priority: str = "low"
    after_seconds: float = 0.0
    """Only if it is still so after this time."""
    before_seconds: float = 900.0
    """Of `deadline`: how long before it."""
    quiet: QuietHours | None = None
    loud: tuple[NoticeKind, ...] = ()
    """What comes through in quiet hours."""
    repeat_seconds: float = 0.0
    """Again after this time, as long as it is so; 0: once."""

    def fits(self, occurrence: Occurrence, context: str) -> bool:
        """Whether it is about this."""
        wanted = ((self.workflow, occurrence.workflow), (self.deployment, occurrence.deployment))
        return (
            _named(occurrence.kind, self.about)
            and all(_like(text, pattern) for pattern, text in (*wanted, (self.context, context)))
            and (not self.tag or any(_like(tag, self.tag) for tag in occurrence.tags))
            and _rank(occurrence.priority) >= _rank(self.min_priority)
        )

    def due(self, occurrence: Occurrence, at: float, zone: datetime.tzinfo | None) -> float:
        """When it is told what is so since `at`: after its time, and not in quiet hours."""
        due = at + self.after_seconds
        if occurrence.kind == "deadline" and occurrence.due is not None:
            due = max(due, occurrence.due - self.before_seconds)
        return self.hushed(occurrence.kind, due, zone)

    def hushed(self, kind: NoticeKind, due: float, zone: datetime.tzinfo | None) -> float:
        """The moment itself, or the end of the quiet hours that it is in."""
        if self.quiet is None or _named(kind, self.loud):
            return due
        return self.quiet.until(due, zone) or due

    def to_json(self) -> dict[str, Any]:
        """As it is shown: what was set."""
        plain = dataclasses.asdict(self) | {"quiet": str(self.quiet) if self.quiet else ""}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in plain.items()}


@dataclasses.dataclass(frozen=True)
class Wish:
    """That a target is told of an occurrence."""

    target: str
    due_at: float
    rule: Rule
    """The one that says when."""
    repeat_seconds: float = 0.0

    def again_at(self, kind: NoticeKind, told_at: float, zone: datetime.tzinfo | None) -> float | None:
        """When it is to be told again; None: never."""
        if not self.repeat_seconds:
            return None
        return self.rule.hushed(kind, told_at + self.repeat_seconds, zone)


def wishes(
    rules: Iterable[Rule],
    occurrence: Occurrence,
    *,
    targets: Sequence[str],
    context: str,
    now: float,
    zone: datetime.tzinfo | None,
) -> list[Wish]:
    """Who is to be told, once each: where several rules fit, the earliest says when.

    Args:
        rules: all of them.
        occurrence: of what.
        targets: the names of all targets.
        context: of this server.
        now: the time; what is so for longer counts from now, since nobody could be told before.
        zone: of the quiet hours; None: this machine's.
    """
    found: dict[str, Wish] = {}
    for rule in rules:
        if not rule.fits(occurrence, context):
            continue
        due = rule.due(occurrence, min(occurrence.since, now), zone)
        if occurrence.claimed_by and occurrence.kind not in _URGENT:
            due = max(due, occurrence.claim_until)
        for target in rule.targets or targets:
            known = found.get(target)
            repeats = [one for one in (rule.repeat_seconds, known.repeat_seconds if known else 0) if one]
            first = known if known and known.due_at <= due else Wish(target, due, rule)
            found[target] = dataclasses.replace(first, repeat_seconds=min(repeats, default=0.0))
    return [found[target] for target in targets if target in found]


def held_until(
    rules: Iterable[Rule],
    occurrence: Occurrence,
    target: str,
    *,
    context: str,
    now: float,
    zone: datetime.tzinfo | None,
) -> float:
    """When something due may be told: now, or once the first rule that asks for it is quiet no more."""
    asking = (
        rule for rule in rules if rule.fits(occurrence, context) and target in (rule.targets or (target,))
    )
    return min((rule.hushed(occurrence.kind, now, zone) for rule in asking), default=now)


def _named(kind: NoticeKind, kinds: Sequence[NoticeKind]) -> bool:
    """A crash is a failure too: who asks for failures must not miss it."""
    return kind in kinds or (kind == "crashed" and "failure" in kinds)


def _like(text: str, pattern: str) -> bool:
    return not pattern or fnmatch.fnmatchcase(text, pattern)


def _rank(priority: str) -> int:
    return _PRIORITIES.index(priority) if priority in _PRIORITIES else 1
