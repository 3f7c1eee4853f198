"""Known bad combinations of Prefect and what it stands on, told before they bite."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Mapping

from mahavishnu_tui.engines.prefect.api import PrefectApi, version_note
from mahavishnu_tui.engines.prefect.errors import PrefectError
from mahavishnu_tui.models import Finding
from mahavishnu_tui.models.finding import worst_first
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server import codec

_PROBE = """
import importlib.metadata as m, json, sqlite3, sys
def version(name):
    try: return m.version(name)
    except m.PackageNotFoundError: return ""
print(json.dumps({**{n: version(n) for n in ("prefect", "fastapi", "sqlalchemy")},
    "sqlite": sqlite3.sqlite_version, "python": sys.version.split()[0]}))
"""
_PROBE_SECONDS = 20.0
_FLOW = "mahavishnu-selftest"


async def versions(python: str) -> dict[str, str]:
    """What an interpreter has; empty when it cannot be asked."""
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            process = await asyncio.create_subprocess_exec(
                python,
                "-c",
                _PROBE,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            said, _ = await process.communicate()
        found = codec.loads(said)
    except (OSError, ValueError, TimeoutError):
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def combinations(found: Mapping[str, str], database: str = "") -> list[Finding]:
    """What is wrong with these versions together.

    Args:
        found: see `versions`.
        database: the version of Prefect that has opened the database last; empty when none has.
    """
    prefect = found.get("prefect", "")
    if not prefect:
        return [
            Finding(
                "version",
                "error",
                "prefect",
                "The interpreter has no Prefect.",
                "Set `prefect.python` to one that has, or install it: pip install 'prefect>=3.8.8,<3.10'.",
            )
        ]
    findings = []
    if database and _number(database) > _number(prefect):
        findings.append(
            Finding(
                "database",
                "error",
                "prefect.db",
                f"Its database was opened by Prefect {database}; {prefect} cannot read it any more.",
                f"Install Prefect {database} again, or give it another `server.data`.",
            )
        )
    if _number(prefect) < (3, 9) and _number(found.get("fastapi", "")) >= (0, 151):
        findings.append(
            Finding(
                "fastapi",
                "error",
                "fastapi",
                f"The server of Prefect {prefect} does not start with FastAPI {found['fastapi']}.",
                "Install 'fastapi<0.151'.",
            )
        )
    if _number(prefect) < (3, 9) and _number(found.get("sqlalchemy", "")) >= (2, 1):
        findings.append(
            Finding(
                "sqlalchemy",
                "error",
                "sqlalchemy",
                f"Prefect {prefect} never schedules a run with SQLAlchemy {found['sqlalchemy']}.",
                "Install 'sqlalchemy<2.1'.",
            )
        )
    if _number(found.get("sqlite", "9")) < (3, 44):
        findings.append(
            Finding(
                "sqlite",
                "note",
                "sqlite",
                f"With SQLite {found['sqlite']} Prefect cannot search in logs; it is done here.",
            )
        )
    if note := version_note(prefect):
        findings.append(Finding("version", "warning", "prefect", note))
    return findings


def fatal(found: Mapping[str, str], database: str) -> Finding | None:
    """What keeps a server from being started; None when nothing is known to."""
    rules = ("version", "database", "fastapi")
    errors = (item for item in combinations(found, database) if item.severity == "error")
    return next((item for item in errors if item.rule in rules), None)


async def check(api: PrefectApi, python: str, *, embedded: bool, silent: list[str]) -> list[Finding]:
    """All that can be told of a server, the worst first; raises PrefectError when it cannot be asked.

    Args:
        api: the server.
        python: its interpreter, where it is ours.
        embedded: whether it is.
        silent: active schedules whose time has passed without a run.
    """
    version = await api.system.version()
    findings = combinations(await versions(python)) if embedded else []
    if not embedded and (note := version_note(version)):
        findings.append(Finding("version", "warning", "prefect", note))
    if embedded and (broken := await _schedules(api)):
        findings.append(
            Finding(
                "scheduler",
                "error",
                "scheduler",
                f"It makes no runs for schedules: {broken}",
                "See its log; `sqlalchemy<2.1` mends it for Prefect 3.8.",
            )
        )
    findings += [
        Finding(
            "scheduler",
            "warning",
            name,
            "This schedule is active, its time has passed, and no run was made for it.",
            "Prefect's scheduler does not reach it; `mahavishnu prefect schedule make-runs` has them made.",
        )
        for name in silent[:20]
    ]
    return worst_first(findings)


async def _schedules(api: PrefectApi) -> str:
    """Make a deployment with a schedule, and look whether it gets runs; why not, in words."""
    flow = await api.flows.create(_FLOW)
    try:
        made = await api.deployments.create(
            uuid.uuid4().hex[:8], str(flow["id"]), schedules=[{"schedule": {"interval": 86400.0}}]
        )
        await api.deployments.schedule_now(str(made["id"]))
        if not await api.deployments.scheduled_runs([str(made["id"])]):
            return "none was made for a schedule that was tried."
    except PrefectError as error:
        if error.status in (0, 401, 403):
            raise
        return clean_line(error.message, 200)
    finally:
        await api.flows.delete(str(flow["id"]))
    return ""


def _number(version: str) -> tuple[int, ...]:
    """`3.8.8` as numbers to compare."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
