"""Orders for the children that have Prefect's SDK, carried out by one: it imports that once for all."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable
from typing import Any

from mahavishnu_tui.engines.prefect.child import ENTRY
from mahavishnu_tui.engines.prefect.local_runs import UserCode

Order = tuple[str, str, dict[str, Any]]
"""A folder, a child's command, and its request."""
_SCRIPT = """
import importlib, json, os, sys, types
package = types.ModuleType("children")
package.__path__ = [sys.argv[1]]
sys.modules["children"] = package
main, reply = (importlib.import_module(f"children.{name}") for name in ("main", "reply"))
orders, found = json.load(sys.stdin), []
for root, command, request in orders:
    os.chdir(root)
    sys.path[0] = root
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(tuple(order[0] for order in orders)):
            del sys.modules[name]
    try:
        found.append(importlib.import_module(f"children.{main.COMMANDS[command]}").carry_out(request, None))
    except reply.Refusal as refusal:
        found.append({"refused": refusal.to_json()})
print(json.dumps(found))
"""


async def in_one_child(code: UserCode, orders: Iterable[Order]) -> list[dict[str, Any]]:
    """What each answers; `{"refused": {"code", "message", "hint", …}}` where it refuses."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _SCRIPT, str(ENTRY.parent)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=code.environ(),
    )
    said, _ = await asyncio.wait_for(process.communicate(json.dumps(list(orders)).encode()), 120)
    found: list[dict[str, Any]] = json.loads(said)
    return found


TOGETHER = """
import inspect

from mahavishnu_prefect_children.inspect_flow import loaded_from
from mahavishnu_prefect_children.source import choose
from prefect import flow


@flow
async def together(orders: list[dict]) -> dict:
    results = {}
    for order in orders:
        _, found = choose(*loaded_from(order))
        result = found(**order.get("parameters", {}))
        results[order["entrypoint"]] = await result if inspect.isawaitable(result) else result
    return results
"""
"""A flow that runs others, loaded as a child loads one, as its subflows; it fails with the first of them."""
