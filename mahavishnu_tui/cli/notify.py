"""`mahavishnu notify list|rules|test`: what is told off the terminal."""

from __future__ import annotations

from typing import Any

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected, who
from mahavishnu_tui.cli.guard import FAILURE, OK
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.notification import NotificationTarget
from mahavishnu_tui.models.spans import duration

_NO_TARGETS = "No targets: `notifications.targets` in the settings names some."


@command("list")
@click.option(
    "--limit", type=click.IntRange(1, 5000), default=50, show_default=True, help="How many at most."
)
async def list_notifications(setup: Setup, limit: int) -> int:
    """List what was told, or waits to be told, newest first."""
    async with connected(setup.load_strictly()) as client:
        found = await client.notifications(limit)
    if setup.as_json:
        output.emit([item.to_json() for item in found])
        return OK
    rows = [
        (
            output.moment(item.sent_at or item.due_at),
            item.state,
            item.target,
            item.kind,
            item.where,
            item.attempts,
            item.error,
        )
        for item in found
    ]
    output.table(("WHEN", "STATE", "TARGET", "ABOUT", "WHERE", "TRIES", "WHY"), rows, "Nothing was told yet.")
    return OK


@command("rules")
async def rules(setup: Setup) -> int:
    """Show targets and rules as the running server has them."""
    async with connected(setup.load_strictly()) as client:
        found = await client.notification_setup()
    if setup.as_json:
        output.emit(found)
        return OK
    targets = [NotificationTarget.from_json(item) for item in found["targets"]]
    rows = [(one.name, one.service, one.state, output.moment(one.sent_at), one.error) for one in targets]
    output.table(("TARGET", "SERVICE", "STATE", "LAST SENT", "WHY"), rows, _NO_TARGETS)
    output.say()
    for number, rule in enumerate(found["rules"], 1):
        output.say(f"{number}. {_sentence(rule)}")
    if not found["rules"]:
        output.say("No rules: nothing is told. `notifications.rules` in the settings names some.")
    over = "the rest goes out as one" if found["digest"] else "the rest waits"
    output.say(f"\n{found['per_minute']} messages a minute to one target at most; {over}.")
    return OK


def _sentence(rule: dict[str, Any]) -> str:
    parts = [f"{', '.join(rule['about'])} → {', '.join(rule['targets']) or 'all targets'}"]
    parts += [f"{name} {rule[name]}" for name in ("workflow", "deployment", "tag", "context") if rule[name]]
    if rule["min_priority"] != "low":
        parts.append(f"priority {rule['min_priority']} or more")
    if rule["after_seconds"]:
        parts.append(f"if still so after {duration(rule['after_seconds'])}")
    if "deadline" in rule["about"]:
        parts.append(f"{duration(rule['before_seconds'])} before a deadline")
    if rule["quiet"]:
        loud = f", but for {', '.join(rule['loud'])}" if rule["loud"] else ""
        parts.append(f"not during {rule['quiet']}{loud}")
    if rule["repeat_seconds"]:
        parts.append(f"again every {duration(rule['repeat_seconds'])}")
    return "; ".join(parts)


@command("test")
@click.argument("target", required=False)
async def test(setup: Setup, target: str | None) -> int:
    """Send a real test to TARGET, or to every target, and say what happened.

    Exit status: 0 all went out, 1 not.
    """
    async with connected(setup.load_strictly()) as client:
        known = [item["name"] for item in (await client.notification_setup())["targets"]]
        results = [await client.test_notification(name, who()) for name in ([target] if target else known)]
    if setup.as_json:
        output.emit([result.to_json() for result in results])
    elif not results:
        output.say(_NO_TARGETS)
    for result in results:
        if not setup.as_json and result.ok:
            output.say(f"{result.target}: sent in {duration(result.seconds)}.")
        elif not setup.as_json:
            failure = MahavishnuError(ErrorCode.NOTIFY_FAILED, f"{result.target}: {result.error}.")
            output.narrate(f"mahavishnu: {failure}")
    return OK if all(result.ok for result in results) else FAILURE
