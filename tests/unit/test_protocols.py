"""`docs/protocols.md` names what there is, and only that."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import re
from pathlib import Path
from unittest.mock import Mock

from starlette.routing import Route

from mahavishnu_tui.engines.langgraph.host.channel import Channel
from mahavishnu_tui.engines.langgraph.host.service import Service
from mahavishnu_tui.server import routes

ROOT = Path(__file__).parents[2]
HTTP, HOSTS, _, PREFECT, *_ = (ROOT / "docs/protocols.md").read_text().partition("## 1. ")[2].split("\n## ")
CALL = re.compile(r"(GET|POST) (/v1/[^\s?`]*)")


def shape(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def documented_calls() -> set[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for cell in re.findall(r"^\| (`(?:GET|POST) .*?) \|", f"{HTTP}\n{PREFECT}", re.MULTILINE):
        for code in re.findall(r"`([^`]+)`", cell):
            call = CALL.match(code)
            if call:
                found.append((call[1], shape(call[2])))
            elif code.startswith("…/"):  # another last word of the call before it
                method, path = found[-1]
                found.append((method, path.rpartition("/")[0] + code[1:].split(" ")[0]))
    return set(found)


def test_every_call_of_the_server_is_documented() -> None:
    offered: set[tuple[str, str]] = set()
    for module in pkgutil.iter_modules(routes.__path__, f"{routes.__name__}."):
        route: Route
        for route in getattr(importlib.import_module(module.name), "ROUTES", []):
            offered |= {(method, shape(route.path)) for method in route.methods or () if method != "HEAD"}
    assert offered
    assert documented_calls() == offered


def test_every_request_that_a_host_answers_is_documented() -> None:
    loop = asyncio.new_event_loop()
    try:
        offered = set(Service(loop, Mock(spec=Channel))._handlers)
    finally:
        loop.close()
    table = HOSTS.partition("| Server → host |")[2].partition("\n\n")[0]
    firsts = {name for row in re.findall(r"^\| (`.*?) \| ", table, re.MULTILINE) for name in ops(row)}
    assert firsts == offered


def ops(cell: str) -> list[str]:
    return re.findall(r"`(\w+) \{", cell)


def test_every_notice_of_a_host_is_documented() -> None:
    sources = (ROOT / "mahavishnu_tui/engines/langgraph").rglob("*.py")
    sent = {name for path in sources for name in re.findall(r'"ev": "(\w+)"', path.read_text())}
    table = HOSTS.partition("| Host → server notice |")[2].partition("\n\n")[0]
    assert sent
    assert set(re.findall(r'^\| `\{"ev": "(\w+)"', table, re.MULTILINE)) == sent
