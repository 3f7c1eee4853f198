"""`mahavishnu langgraph servers list|check`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected
from mahavishnu_tui.cli.guard import FAILURE, OK
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.health import LangGraphServer

if TYPE_CHECKING:
    from mahavishnu_tui.server.options import RemoteServer

NONE = "No LangGraph server is in the settings (`langgraph.servers`)."


@command("list")
async def list_servers(setup: Setup) -> int:
    """List the LangGraph servers of the settings, and how our own server sees them."""
    loaded = setup.load_strictly()
    known: dict[str, LangGraphServer] = {}
    try:
        async with connected(loaded, start=False) as client:
            known = {record.name: record for record in await client.langgraph_servers()}
    except MahavishnuError as error:
        if error.code is not ErrorCode.SERVER_UNREACHABLE:
            raise
    records = [
        known.get(server.name)
        or LangGraphServer(server.name, server.url, note="not watched: our server does not know it yet")
        for server in loaded.settings.langgraph.servers
    ]
    if setup.as_json:
        output.emit([record.to_json() for record in records])
        return OK
    rows = [
        (
            record.name,
            record.state if record.name in known else "unknown",
            record.version,
            output.moment(record.seen_at),
            record.url,
            record.note,
        )
        for record in records
    ]
    output.table(("NAME", "STATE", "VERSION", "SEEN", "URL", "NOTE"), rows, NONE)
    return OK


@command("check")
@click.argument("name", required=False)
async def check(setup: Setup, name: str | None) -> int:
    """Call the LangGraph server NAME, or all of them, now. Exit status 1 when one fails to answer."""
    from mahavishnu_tui.cli.server import remote_servers

    servers = [item for item in remote_servers(setup.load_strictly()) if name in (None, item.name)]
    if name is not None and not servers:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            f"No LangGraph server in the settings is called {name!r}.",
            "`mahavishnu langgraph servers list` shows those there are.",
        )
    found = [await _answers(server) for server in servers]
    if setup.as_json:
        output.emit(found)
    elif not found:
        output.say(NONE)
    else:
        for item in found:
            output.say(_sentence(item))
    return OK if all(item["error"] is None for item in found) else FAILURE


async def _answers(server: RemoteServer) -> dict[str, Any]:
    from mahavishnu_tui.server.remote.api import Api

    api = Api(server)
    found: dict[str, Any] = {"name": server.name, "url": server.url, "error": None}
    began = time.monotonic()
    try:
        info = await api.info()
        found["version"] = str(info.get("version") or "")
        found["langgraph"] = str(info.get("langgraph_py_version") or "")
        found["milliseconds"] = round((time.monotonic() - began) * 1000)
        found["assistants"] = [str(item.get("name") or "") for item in await api.assistants()]
        found["waiting"] = len(await api.threads(status="interrupted"))
    except MahavishnuError as error:
        found["error"] = error.to_json()
    finally:
        await api.close()
    return found


def _sentence(found: dict[str, Any]) -> str:
    if found["error"] is not None:
        error = MahavishnuError.from_json(found["error"])
        return f"{found['name']}: {error}"
    names = ", ".join(found["assistants"]) or "no assistants"
    return (
        f"{found['name']}: {found['url']} answers in {found['milliseconds']} ms; version {found['version']}, "
        f"LangGraph {found['langgraph'] or 'unknown'}; {names}; {found['waiting']} threads wait."
    )
