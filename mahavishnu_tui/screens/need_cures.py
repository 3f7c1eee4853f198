"""What cures a need: the calls, and what they come back with in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mahavishnu_tui.models import Need, Run
from mahavishnu_tui.models.text import counted

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient


def is_late(run: Run, need: Need) -> bool:
    """Whether a run is one of those that a need of the kind `late` is about."""
    own = run.deployment_id == need.deployment_id if need.deployment_id else run.workflow == need.workflow
    return own and run.engine == "prefect" and run.status == "queued" and run.state in ("Late", "Scheduled")


async def make_runs(client: ServerClient, need: Need, who: str) -> str:
    """Have a schedule make its runs."""
    schedule = await client.make_runs(need.key.partition(":")[2], who)
    if not schedule.coming:
        return f"{need.where}: Prefect was asked and has made none; :prefect check looks for the reason"
    return f"{need.where}: {counted(len(schedule.coming), 'run')} ahead, made by Prefect just now"


async def see(client: ServerClient, keys: list[str], who: str, others: int) -> str:
    """Mark as seen; `others` are marked too and do not go by being seen."""
    results = await client.see(keys, who)
    seen = sum(bool(result["ok"]) for result in results)
    rest = f"; {others:,} of other kinds stay until they are cured" if others else ""
    gone = len(results) - seen
    also = f"; {gone:,} needed nobody any more" if gone else ""
    return f"{seen:,} marked as seen{also}{rest}"
