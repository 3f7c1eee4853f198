"""What flow runs log, through our server."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from mahavishnu_tui.engines.prefect.states import iso
from tests.integration.prefect.mirrored import Desk
from tests.integration.prefect.test_mirror import desk as desk
from tests.integration.prefect.test_mirror import short as short
from tests.integration.server.conftest import eventually

pytestmark = pytest.mark.xdist_group("prefect")


def lines(run_id: str, texts: list[str], level: int = 20) -> list[dict[str, object]]:
    now = time.time()
    return [
        {"name": "prefect.flow_runs", "level": level, "message": text, "timestamp": iso(now + number / 1e4),
         "flow_run_id": run_id}
        for number, text in enumerate(texts)
    ]  # fmt: skip


async def test_a_log_is_paged_searched_and_followed(desk: Desk) -> None:
    run_id = await desk.make("RUNNING")
    for start in (0, 200, 400):
        await desk.api.logs.write(lines(run_id, [f"line {n}" for n in range(start, start + 200)]))
    await desk.api.logs.write(lines(run_id, ["it \x1b[31mburns[/]"], level=40))
    async with desk.server(), desk.http() as raw, raw.stream("GET", "/v1/stream") as stream:
        await desk.ready()
        await desk.until(run_id, "running")

        async def whole() -> bool:
            return (await desk.client.said(run_id)).last == 601

        await eventually(whole)
        newest = await desk.client.said(run_id, limit=3)
        assert [line.number for line in newest.lines] == [599, 600, 601]
        page = await desk.client.said(run_id, after=100, limit=50)
        assert [line.number for line in page.lines] == list(range(101, 151))
        assert (page.last, page.more) == (150, True)
        (burning,) = (await desk.client.said(run_id, level="error")).lines
        assert burning.text == "it \N{REPLACEMENT CHARACTER}[31mburns[/]"
        assert [line.text for line in (await desk.client.said(run_id, after=0, grep="LINE 77")).lines] == [
            "line 77"
        ]
        # Whoever has asked is told when there is more, without asking Prefect.
        await desk.api.logs.write(lines(run_id, ["one more"]))
        async with asyncio.timeout(20):
            async for line in stream.aiter_lines():
                told = json.loads(line or "{}")
                if told.get("type") == "log" and told["run_id"] == run_id:
                    break
        assert told["last"] == 602
        assert [line.text for line in (await desk.client.said(run_id, after=601)).lines] == ["one more"]
