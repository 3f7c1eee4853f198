"""`mahavishnu info`: paths, versions, the server, and where settings come from."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import platform
import sys
from typing import Any

from mahavishnu_tui import __version__
from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.cli.prefect.health import prefect_fields
from mahavishnu_tui.cli.prefect.reaching import known_prefect
from mahavishnu_tui.models.errors import MahavishnuError
from mahavishnu_tui.models.prefect import PrefectInfo

_PACKAGES = (
    "textual",
    "httpx",
    "pydantic",
    "langgraph",
    "langgraph-checkpoint-sqlite",
    "prefect",
    "prefect-dask",
)


@command("info")
async def info(setup: Setup) -> int:
    """Show paths, versions, the state of the server, and where settings come from."""
    loaded = setup.load()
    found: dict[str, Any] = {
        "version": __version__,
        "context": setup.context,
        "contexts": [dataclasses.asdict(context) for context in loaded.contexts],
        "paths": loaded.paths.to_json(),
        "versions": _versions(),
        "settings": [source.to_json() for source in loaded.sources],
        "notes": loaded.notes,
        "server": None,
        "prefect": None,
    }
    try:
        async with connected(loaded, start=False) as client:
            found["server"] = (await client.server()).to_json()
            prefect = await known_prefect(client)
            found["prefect"] = prefect.to_json() if prefect else None
    except MahavishnuError as error:
        found["server_error"] = error.to_json()
    if setup.as_json:
        output.emit(found)
    else:
        _print(found)
    return OK


def _versions() -> dict[str, str]:
    found = {"python": f"{platform.python_version()} ({sys.executable})"}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def _about(context: dict[str, Any]) -> str:
    """What the settings say of a context, in a line."""
    words = [word for word in ("production", "readonly") if context[word]]
    return ", ".join([*words, *([context["description"]] if context["description"] else [])]) or "-"


def _print(found: dict[str, Any]) -> None:
    output.say(f"mahavishnu {found['version']}, context {found['context']}")
    output.say("\nPaths")
    output.fields([(f"  {name}", path) for name, path in found["paths"].items()])
    if found["contexts"]:
        output.say("\nContexts")
        output.fields([(f"  {item['name']}", _about(item)) for item in found["contexts"]])
    output.say("\nServer")
    server = found["server"]
    output.say(f"  {server['state']}, pid {server['pid']}" if server else "  not running")
    output.say("\nPrefect")
    prefect = found["prefect"]
    output.fields(
        [(f"  {name}", value) for name, value in prefect_fields(PrefectInfo.from_json(prefect))]
        if prefect
        else [("  not known", "the server, once it runs, says which one it is")]
    )
    output.say("\nVersions")
    output.fields([(f"  {name}", version) for name, version in found["versions"].items()])
    output.say("\nSettings, weakest first")
    for source in found["settings"]:
        if source["name"] == "defaults":
            output.say("  defaults")
            continue
        keys = ", ".join(source["keys"]) or ("sets nothing" if source["status"] == "used" else "")
        output.say(f"  {source['name']}  {source['status']}  {keys}".rstrip())
    for note in found["notes"]:
        output.say(f"\n{note}")
