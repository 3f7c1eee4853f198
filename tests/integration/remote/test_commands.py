"""`mahavishnu langgraph servers`, as an operator types it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.integration.cli.conftest import Shell, opened
from tests.integration.remote.conftest import DevServer

pytestmark = pytest.mark.xdist_group("langgraph-dev")


@pytest.fixture
def shell(dev: DevServer) -> Iterator[Shell]:
    with opened() as found:
        own = found.home / ".config" / "mahavishnu" / "mahavishnu.yaml"
        own.parent.mkdir(parents=True)
        own.write_text(
            f"langgraph:\n  servers:\n    - {{name: dev, url: '{dev.url}'}}\n"
            "    - {name: gone, url: 'http://127.0.0.1:9', api_key: s3cret}\n"
        )
        yield found


def test_servers_are_listed_and_checked(shell: Shell) -> None:
    assert "answers in" in shell("langgraph", "servers", "check", "dev").out
    checked = shell("langgraph", "servers", "check", "--json", code=1).json
    assert [item["name"] for item in checked] == ["dev", "gone"]
    assert checked[0]["assistants"]
    assert checked[1]["error"]["code"] == "MHV-450"
    told = shell("langgraph", "servers", "check", code=1).out
    assert "MHV-450 LangGraph server gone (http://127.0.0.1:9) cannot be reached" in told
    assert "s3cret" not in told
    assert shell("langgraph", "servers", "check", "nobody", "--json", code=2).error == "MHV-010"

    listed = shell("langgraph", "servers", "list", "--json").json
    assert [item["note"] for item in listed] == ["not watched: our server does not know it yet"] * 2
    shell("server", "start")
    states: dict[str, str] = {}

    async def watched() -> None:
        async with asyncio.timeout(30):
            while set(states.values()) != {"ready", "lost"}:
                records = await asyncio.to_thread(shell, "langgraph", "servers", "list", "--json")
                states.update({item["name"]: item["state"] for item in records.json})

    asyncio.run(watched())
    assert states == {"dev": "ready", "gone": "lost"}


def test_without_servers_it_says_so(shell: Shell) -> None:
    (shell.home / ".config" / "mahavishnu" / "mahavishnu.yaml").unlink()
    assert "No LangGraph server" in shell("langgraph", "servers", "list").out
    assert "No LangGraph server" in shell("langgraph", "servers", "check").out
