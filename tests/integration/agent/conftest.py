"""A real server with real hosts, and the official client at its address; one for all tests of a module."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from tests.integration.server.conftest import Place, folder, place

__all__ = ["folder", "place"]
GRAPHS = ("asking", "short", "both", "gated", "failing", "speaking")


@dataclasses.dataclass
class Agents:
    """A server, where it is, and a client of it."""

    place: Place
    url: str
    client: LangGraphClient


class Desk:
    """A folder of one test, in which the graphs find their gates and leave their log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.given = {"folder": str(path)}

    def open(self, gate: str) -> None:
        (self.path / gate).touch()

    def log(self) -> list[str]:
        return (self.path / "log").read_text().split()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def agent_server(place: Place, *graphs: str, **options: Any) -> AsyncIterator[Agents]:
    """A server that knows these graphs."""
    port = free_port()
    async with place.server(agent_api=f"127.0.0.1:{port}", **options):
        for graph in graphs:
            await place.client.register(f"{place.root / 'flows.py'}:{graph}", place.project, name=graph)
        url = f"http://127.0.0.1:{port}"
        async with get_client(url=url, api_key=options.get("agent_api_token")) as client:
            yield Agents(place, url, client)


def over_socket(place: Place) -> LangGraphClient:
    """The client over the Unix socket."""
    transport = httpx.AsyncHTTPTransport(uds=str(place.data / "s"))
    return LangGraphClient(
        httpx.AsyncClient(base_url="http://mahavishnu/agent", transport=transport, timeout=30)
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agents() -> AsyncIterator[Agents]:
    with tempfile.TemporaryDirectory(prefix="mhv-") as name:
        place = Place(Path(name))
        async with agent_server(place, *GRAPHS) as found:
            yield found
        await place.client.aclose()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
