"""Starts the process that sends, and waits for it no longer than it may take."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from typing import Any

from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.notify.words import Letter
from mahavishnu_tui.settings.paths import PREFIX

log = logging.getLogger(__name__)

AT_ONCE = 2
"""Such processes: each takes 50 MB for a moment."""


class Sender:
    """Sends letters, two at once at most.

    Args:
        timeout: seconds that one may take.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def check(self, url: str) -> str:
        """What is wrong with an address itself; empty when nothing is seen to be."""
        return await self._order({"url": url})

    async def send(self, url: str, letter: Letter) -> str:
        """Why it did not go out; empty when it did."""
        return await self._order(
            {"url": url, "title": letter.title, "body": letter.body, "tone": letter.tone}
        )

    async def _order(self, order: dict[str, Any]) -> str:
        async with self._turns:
            try:
                process = await asyncio.create_subprocess_exec(
                    # -P: no folder of somebody's project is looked in for modules.
                    *(sys.executable, "-P", "-m", "mahavishnu_tui.server.notify.send"),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.DEVNULL,
                    env={name: text for name, text in os.environ.items() if not name.startswith(PREFIX)},
                    start_new_session=True,
                )
            except OSError as error:
                return f"no process can be started for it ({error.strerror})"
            try:
                async with asyncio.timeout(self._timeout):
                    told, _ = await process.communicate(json.dumps(order).encode())
            except TimeoutError:
                return f"no answer within {self._timeout:g} s"
            finally:
                await _end(process)
        return _read(told, process.returncode)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Nothing of it is left, however it went."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _read(told: bytes, code: int | None) -> str:
    try:
        result = json.loads(told)
        return "" if result["ok"] is True else clean_line(str(result["error"]), 300)
    except (ValueError, TypeError, KeyError):
        return f"the process that sends it ended with status {code}"
