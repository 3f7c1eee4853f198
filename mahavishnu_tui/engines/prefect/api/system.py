"""The server about itself."""

from __future__ import annotations

import re

from mahavishnu_tui.engines.prefect.api.base import Calls
from mahavishnu_tui.engines.prefect.errors import About, PrefectError

TESTED = (3, 9)
"""The newest version of the server that this was tried against."""
OLDEST = (3, 0)


class SystemCalls(Calls):
    """Whether it lives, and what it is."""

    async def health(self) -> bool:
        """Whether it answers that it is well. This needs no right, so it says nothing of the way in."""
        return await self._wire.get("/health", About("its health")) is True

    async def version(self) -> str:
        """Its version; empty where it does not say (Cloud)."""
        about = About("its version")
        try:
            found = await self._wire.get("/admin/version", about)
        except PrefectError as error:
            if error.kind in ("not_offered", "missing"):
                return ""
            raise
        return found[:40] if isinstance(found, str) else ""

    async def csrf_protected(self) -> bool:
        """Whether it wants CSRF tokens; they are fetched by themselves."""
        try:
            await self._wire.get("/csrf-token", About("a CSRF token"), client="probe")
        except PrefectError as error:
            if error.kind in ("invalid", "not_offered", "missing"):
                return False
            raise
        return True


def version_note(version: str) -> str:
    """What is to be said of a server of this version, in one sentence; empty when nothing is."""
    found = re.match(r"(\d+)\.(\d+)", version)
    if not found:
        return ""
    number = (int(found[1]), int(found[2]))
    if number < OLDEST:
        return f"The server is Prefect {version}, which is too old: 3.0 or later is needed."
    if number > TESTED:
        tested = ".".join(map(str, TESTED))
        return f"The server is Prefect {version}, newer than what this was tried with ({tested})."
    return ""
