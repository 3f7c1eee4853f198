"""The client against the real server: every call, and the feed through the server's death."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from mahavishnu_tui import client as client_package
from mahavishnu_tui import settings as settings_package
from mahavishnu_tui.client import Feed, LaunchOptions, Mirror, ServerClient, ensure_server
from mahavishnu_tui.client.feed import Update
from mahavishnu_tui.models import ErrorCode, MahavishnuError
from tests.integration.cli.conftest import Shell


async def launch_options(shell: Shell) -> LaunchOptions:
    paths = (await asyncio.to_thread(shell, "info", "--json")).json["paths"]
    return LaunchOptions(paths["data"], paths["socket"], paths["log"], ("--set", f"paths.log={paths['log']}"))


@pytest.fixture
async def client(shell: Shell) -> AsyncIterator[ServerClient]:
    info = (await asyncio.to_thread(shell, "server", "start", "--json")).json
    async with ServerClient(info["socket"]) as found:
        yield found


async def test_what_the_server_knows(shell: Shell, client: ServerClient) -> None:
    run = await asyncio.to_thread(shell.execute, "plain", "--wait")
    run_id = run["run_id"]
    info = await client.server()
    assert info.socket == client.socket
    assert run["workflow_id"] in [workflow.id for workflow in await client.workflows()]
    assert [visit.node for visit in await client.visits(run_id)] == ["first", "second"]
    assert [visit.node for visit in await client.visits(run_id, after=1)] == ["second"]
    assert {node.id for node in (await client.graph(run_id)).nodes} >= {"first", "second"}
    assert [pool.kind for pool in await client.pools()]
    assert isinstance(await client.schedules(), list)
    assert (await client.logs(lines=3))["lines"]
    assert (await client.state(run_id)).values["said"] == ["first", "second"]
    older = await client.runs(limit=1, before=run["created_at"])
    assert all(item.created_at < run["created_at"] for item in older)
    with pytest.raises(MahavishnuError) as caught:
        await client.pause(run_id, "me")
    assert caught.value.code is ErrorCode.RUN_STATE
    with pytest.raises(MahavishnuError) as caught:
        await client.cancel(run_id, "me", version=0)
    assert caught.value.code is ErrorCode.RUN_STATE


async def test_the_ledger_page_by_page(shell: Shell, client: ServerClient) -> None:
    for _ in range(2):
        run = await asyncio.to_thread(shell.execute, "asking", "--wait", code=3)
        (question,) = await client.approvals(run=run["run_id"])
        await client.answer(question.id, hash=question.hash, value="yes", by="me", comment="c")
    newest, *_ = await client.ledger(limit=1, run=run["run_id"])
    assert (newest.answer, newest.by, newest.comment) == ("yes", "me", "c")
    (older,) = await client.ledger(limit=1, before=newest.seq)
    assert older.seq < newest.seq


async def test_the_same_request_is_one_run(shell: Shell, client: ServerClient) -> None:
    done = await asyncio.to_thread(shell.execute, "plain", "--wait")
    order = {"workflow_id": done["workflow_id"], "input": {}, "by": "me", "request_id": "only-once"}
    assert (await client.start_run(**order)).id == (await client.start_run(**order)).id


async def test_the_feed_lives_through_the_servers_death(fresh: Shell) -> None:
    launch = await launch_options(fresh)
    mirror = Mirror()
    states: list[Update] = []
    async with ServerClient(launch.socket) as client:
        feed = Feed(client, mirror, start_server=lambda: ensure_server(launch))
        updates = feed.__aiter__()
        async with asyncio.timeout(60):
            async for update in updates:
                states.append(update)
                if update.state == "live" and mirror.server:
                    break
            first = mirror.server
            assert first is not None
            await asyncio.to_thread(fresh.kill_server)
            async for update in updates:
                states.append(update)
                if update.state == "live":
                    break
            await updates.aclose()
        assert (await client.server()).pid != first.pid
        assert (await client.server()).epoch == mirror.epoch
    told = [update.state for update in states]
    assert told[0] == "connecting"
    assert "lost" in told
    assert [update.starting for update in states].count(True) >= 2


async def test_a_server_on_its_way_out_is_waited_for(fresh: Shell) -> None:
    launch = await launch_options(fresh)
    first = await ensure_server(launch)
    async with ServerClient(launch.socket) as client:
        await client.stop_server(drain=True, timeout=1)
    second = await ensure_server(launch)
    assert (second.state, second.pid != first.pid) == ("ready", True)


@pytest.mark.parametrize("package", [client_package, settings_package])
def test_packages_give_their_names_when_asked(package: object) -> None:
    for name in package.__all__:  # type: ignore[attr-defined]
        assert getattr(package, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        package.nothing  # type: ignore[attr-defined] # noqa: B018


def test_the_way_to_the_dashboard_imports_next_to_nothing() -> None:
    code = """
import sys
from mahavishnu_tui.__main__ import main
main([])
heavy = ("click", "httpx", "pydantic", "pydantic_settings", "orjson", "yaml", "rich", "textual", "asyncio")
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
    assert "MHV-009" in done.stderr
