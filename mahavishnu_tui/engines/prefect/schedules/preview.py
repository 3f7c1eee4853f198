"""The next dates of a rule: by Prefect's own code in a helper process, or by our estimate."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mahavishnu_tui.engines.prefect.schedules.occurrences import estimate
from mahavishnu_tui.engines.prefect.schedules.rules import anchor_of, to_prefect
from mahavishnu_tui.engines.prefect.states import iso
from mahavishnu_tui.models import ScheduleRule
from mahavishnu_tui.models.schedule import SchedulePreview
from mahavishnu_tui.models.text import clean_line

_SCRIPT = Path(__file__).parent.parent / "children" / "dates.py"
_START_SECONDS = 60.0
"""Importing Prefect takes two seconds on an idle machine."""
_ANSWER_SECONDS = 15.0
MOST = 200
"""Dates that are shown at all."""


class HelperError(Exception):
    """The helper process cannot say."""


class DateHelper:
    """Asks Prefect's own schedule code, which runs in a process of its own, started when it is first needed.

    Args:
        python: an interpreter with Prefect in it: the server's, for dates exactly as it will make them.
        exact: whether `python` is the server's interpreter.
        environment: for the process; by default ours.
    """

    def __init__(
        self, python: str = sys.executable, *, exact: bool, environment: Mapping[str, str] | None = None
    ) -> None:
        self._python = python
        self._exact = exact
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._home: tempfile.TemporaryDirectory[str] | None = None

    async def preview(
        self, rule: ScheduleRule, count: int, start: float | None = None, note: str = ""
    ) -> SchedulePreview:
        """The next dates of a rule that `check_rule` has passed; never fails.

        Args:
            rule: when runs start.
            count: how many dates.
            start: the first is not before; by default now.
            note: said of an estimate.
        """
        begin, wanted = time.time() if start is None else start, max(0, min(count, MOST))
        if rule.kind == "once":
            return SchedulePreview([rule.at] if rule.at is not None and rule.at >= begin else [], True)
        if rule.kind == "interval" and anchor_of(rule) is None:
            # Counted from the moment at which the server takes it, which is not known yet.
            rule = rule.replace(anchor=iso(begin))
        try:
            dates = await self.dates(rule, wanted, begin)
        except HelperError as error:
            why = f"Reckoned here, not by Prefect: {clean_line(error, 120).rstrip('.')}."
            try:
                return SchedulePreview(await asyncio.to_thread(estimate, rule, wanted, begin), False, why)
            except ValueError:
                return SchedulePreview([], False, f"Its dates cannot be told: {clean_line(error, 120)}")
        if self._exact:
            return SchedulePreview(dates, True)
        return SchedulePreview(dates, False, note or "By Prefect's code here; the server's may differ.")

    async def dates(self, rule: ScheduleRule, count: int, start: float) -> list[float]:
        """The dates by Prefect's own code.

        Raises:
            HelperError: it cannot say.
        """
        request = {"schedule": to_prefect(rule), "count": count, "start": start}
        async with self._turn:
            try:
                answer = await self._ask(json.dumps(request).encode() + b"\n")
            except BaseException:
                await self._end()
                raise
        found = answer.get("dates")
        if not isinstance(found, list):
            raise HelperError(str(answer.get("error") or "no dates"))
        return [float(date) for date in found]

    async def close(self) -> None:
        """End the process."""
        async with self._turn:
            await self._end(patience=2.0)
        if self._home is not None:
            self._home.cleanup()
            self._home = None

    async def _ask(self, line: bytes) -> dict[str, Any]:
        fresh = self._process is None or self._process.returncode is not None
        try:
            async with asyncio.timeout(_START_SECONDS if fresh else _ANSWER_SECONDS):
                process = await self._start() if fresh or self._process is None else self._process
                assert process.stdin is not None
                assert process.stdout is not None
                process.stdin.write(line)
                await process.stdin.drain()
                answer = await process.stdout.readline()
        except TimeoutError:
            raise HelperError("the helper process does not answer") from None
        except OSError as error:
            raise HelperError(f"the helper process cannot be asked: {error}") from None
        try:
            found = json.loads(answer)
        except ValueError:
            raise HelperError(f"{self._python} has no Prefect server in it") from None
        return found if isinstance(found, dict) else {}

    async def _start(self) -> asyncio.subprocess.Process:
        if self._home is None:
            # Prefect makes its home wherever it is imported.
            self._home = tempfile.TemporaryDirectory(prefix="mahavishnu-dates-")
        private = {"PREFECT_HOME": self._home.name, "DO_NOT_TRACK": "1"}
        env = {**os.environ, **(self._environment or {}), **private}
        self._process = await asyncio.create_subprocess_exec(
            self._python,
            str(_SCRIPT),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=self._home.name,
            env=env,
            start_new_session=True,
        )
        return self._process

    async def _end(self, patience: float = 0.0) -> None:
        """End the process: by its stdin's end first, where there is time for that."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            # Read to its end, so that nothing of it is left to the event loop. Without an input, Python 3.11
            # leaves stdin open.
            await asyncio.wait_for(process.communicate(b""), patience)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.communicate()
