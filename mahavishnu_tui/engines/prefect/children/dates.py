"""The dates of schedules as Prefect's server reckons them: JSON lines in, JSON lines out, until stdin ends.

Started by path, with the interpreter of the server: `{"schedule": {"cron": …}, "count": n, "start": seconds}`
is answered by `{"dates": [seconds, …]}` or `{"error": "…"}`. It ends by itself when nobody asks for a while.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from datetime import UTC, datetime
from typing import Any

IDLE_SECONDS = 300
RECKON_SECONDS = 10
"""A rule may have Prefect count for ever; this is told instead."""


class TooLong(Exception):
    """The dates were not found in time."""


def _too_long(number: int, frame: Any) -> None:
    raise TooLong


def main() -> int:
    """Answer until stdin ends."""
    # Nothing beside this file may shadow a module that Prefect imports.
    sys.path.pop(0)
    out = sys.stdout
    sys.stdout = sys.stderr
    signal.alarm(IDLE_SECONDS)
    for line in sys.stdin:
        answer = _answer(line)
        out.write(json.dumps(answer) + "\n")
        out.flush()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(IDLE_SECONDS)
    return 0


def _answer(line: str) -> dict[str, Any]:
    try:
        from prefect.server.schemas import schedules

        signal.signal(signal.SIGALRM, _too_long)
        signal.alarm(RECKON_SECONDS)
        return {"dates": asyncio.run(_dates(schedules, json.loads(line)))}
    except TooLong:
        return {"error": f"Its dates are not found within {RECKON_SECONDS} s."}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


async def _dates(schedules: Any, request: dict[str, Any]) -> list[float]:
    rule = request["schedule"]
    kinds = {"cron": "CronSchedule", "interval": "IntervalSchedule", "rrule": "RRuleSchedule"}
    name = next(kinds[key] for key in kinds if key in rule)
    schedule = getattr(schedules, name).model_validate(rule)
    start = datetime.fromtimestamp(request["start"], UTC)
    return [date.timestamp() for date in await schedule.get_dates(n=request["count"], start=start)]


if __name__ == "__main__":
    sys.exit(main())
