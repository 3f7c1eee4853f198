"""What real runs say, from the node to the client."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from mahavishnu_tui.client.mirror import Mirror
from mahavishnu_tui.models import MahavishnuError
from tests.integration.server.conftest import Place, eventually


async def test_what_a_node_says_reaches_the_client_while_it_is_at_work(place: Place) -> None:
    async with place.server() as client:
        run = await place.start("speaking")
        mirror = Mirror()
        mirror.watch(run.id)
        async with asyncio.timeout(20):
            async for chunk in client.stream_chunks(0, ""):
                for line in chunk:
                    mirror.apply(line)
                if mirror.said.get(run.id) == 4 and mirror.runs[run.id].progress:
                    break
        assert mirror.runs[run.id].progress == {"speaks": "40/200"}
        page = await client.said(run.name)
        assert [(line.number, line.visit, line.stream, line.level, line.text) for line in page.lines] == [
            (1, 2, "stdout", "info", "hello from speaks"),
            (2, 2, "log", "warning", "take care"),
            (3, 2, "stderr", "warning", "a mistake"),
            (4, 2, "custom", "info", '{"done": 40, "total": 200}'),
        ]
        assert page.lines[1].logger == "flows"
        assert [line.number for line in (await client.said(run.id, after=2)).lines] == [3, 4]
        assert [line.number for line in (await client.said(run.id, grep="MIST")).lines] == [3]
        assert (await client.said(run.id, visit=1)).lines == []
        with pytest.raises(MahavishnuError) as wrong:
            await client.said(run.id, level="loud")
        assert "There is no level 'loud'" in str(wrong.value)
        place.open("gate")
        ended = await place.until(run, "success")
        assert ended.progress == {}
        assert (await client.said(run.id)).lines[-1].text == "goodbye"


async def test_a_killed_host_takes_no_word_back(place: Place) -> None:
    async with place.server() as client:
        run = await place.start("speaking")

        async def heard() -> bool:
            return len((await client.said(run.id)).lines) >= 4

        await eventually(heard)
        (host,) = await client.hosts()
        os.kill(host.pid or 0, signal.SIGKILL)

        async def again() -> bool:
            return len((await client.said(run.id)).lines) >= 8

        await eventually(again)
        place.open("gate")
        await place.until(run, "success")
        page = await client.said(run.id, after=0)
        assert [line.number for line in page.lines] == list(range(1, 10))
        assert {line.visit for line in page.lines} == {2, 3}
