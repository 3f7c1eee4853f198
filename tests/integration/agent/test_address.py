"""The address of the API: who is answered, who is refused, and what hostile requests come to."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.server.facade.listener import open_address
from tests.integration.agent.conftest import Agents, Desk, agent_server
from tests.integration.server.conftest import Place

UNKNOWN = "11111111-1111-4111-8111-111111111111"


@pytest.mark.asyncio(loop_scope="module")
async def test_hostile_requests_get_a_sentence(agents: Agents) -> None:
    async with httpx.AsyncClient(base_url=agents.url, timeout=30) as http:
        thread = (await http.post("/threads", json={})).json()["thread_id"]
        cases: list[tuple[int, str, str, Any]] = [
            (422, "POST", "/threads", {"thread_id": "../../etc"}),
            (422, "POST", "/threads", {"metadata": []}),
            (422, "POST", "/threads", {"if_exists": "explode"}),
            (422, "POST", "/threads/search", {"status": "weird"}),
            (422, "POST", "/threads/search", {"sort_by": "; DROP TABLE runs"}),
            (422, "POST", "/threads/search", {"sort_order": "sideways"}),
            (422, "POST", "/threads/search", {"limit": -1}),
            (422, "POST", "/threads/search", {"limit": 1.5}),
            (422, "POST", "/assistants/search", {"limit": "many"}),
            (422, "POST", "/runs", {}),
            (422, "POST", "/runs", {"assistant_id": "\u202e\x1b[31m"}),
            (404, "POST", "/runs", {"assistant_id": UNKNOWN}),
            (404, "POST", f"/threads/{UNKNOWN}/runs", {"assistant_id": "short"}),
            (422, "POST", "/threads/nope/runs", {"assistant_id": "short"}),
            (422, "POST", "/runs", {"assistant_id": "short", "stream_mode": "nonsense"}),
            (422, "POST", "/runs", {"assistant_id": "short", "stream_mode": [1]}),
            (422, "POST", "/runs", {"assistant_id": "short", "stream_mode": "events"}),
            (422, "POST", "/runs", {"assistant_id": "short", "webhook": "http://x"}),
            (422, "POST", "/runs", {"assistant_id": "short", "after_seconds": 5}),
            (422, "POST", "/runs", {"assistant_id": "short", "on_completion": "delete"}),
            (422, "POST", "/runs", {"assistant_id": "short", "config": {"recursion_limit": "x"}}),
            (422, "POST", "/runs", {"assistant_id": "short", "config": {"recursion_limit": 0}}),
            (422, "POST", "/runs", {"assistant_id": "short", "config": [1]}),
            (422, "POST", "/runs", {"assistant_id": "short", "command": {"goto": "first"}}),
            (422, "POST", "/runs", {"assistant_id": "short", "command": {"resume": 1}}),
            (422, "POST", "/runs", {"assistant_id": "short", "input": {}, "command": {"resume": 1}}),
            (422, "POST", "/runs", {"assistant_id": "short", "input": {}, "checkpoint_id": UNKNOWN}),
            (422, "POST", "/runs", {"assistant_id": "short", "checkpoint": {"checkpoint_ns": "a:b"}}),
            (422, "POST", "/runs/batch", {"assistant_id": "short"}),
            (422, "POST", "/runs/batch", [{"assistant_id": "short"}] * 101),
            (422, "POST", "/runs/cancel", {}),
            (422, "POST", "/runs/cancel", {"run_ids": ["x"]}),
            (409, "POST", f"/threads/{thread}/runs", {"assistant_id": "short", "command": {"resume": 1}}),
            (409, "POST", f"/threads/{thread}/runs", {"assistant_id": "short", "checkpoint_id": UNKNOWN}),
            (422, "GET", f"/threads/{thread}/runs/nope", None),
            (404, "GET", f"/threads/{thread}/runs/{UNKNOWN}", None),
            (422, "GET", f"/threads/{thread}/runs?status=weird", None),
            (404, "POST", f"/threads/{thread}/runs/{UNKNOWN}/cancel", None),
            (422, "GET", f"/threads/{thread}/history?limit=x", None),
            (422, "POST", f"/threads/{thread}/history", {"before": 7}),
            (501, "POST", f"/threads/{thread}/copy", None),
            (501, "POST", f"/threads/{thread}/history", {"checkpoint": {"checkpoint_ns": "a"}}),
            (422, "GET", "/assistants/short/graph?xray=deep", None),
            (501, "POST", "/runs/crons", {}),
            (501, "PUT", "/store/items", {}),
            (404, "GET", "/nowhere", None),
            (405, "GET", "/threads/search/", None),
        ]
        for status, method, path, body in cases:
            answer = await http.request(method, path, json=body)
            if path == "/threads/search/":  # a thread of that name, or no such path: never a failure
                assert answer.status_code < 500
                continue
            assert answer.status_code == status, (method, path, body, answer.text)
            detail = answer.json()["detail"]
            assert isinstance(detail, str)
            assert "\x1b" not in detail
            assert "Traceback" not in detail
        broken = await http.post("/runs", content=b"{nope", headers={"content-type": "application/json"})
        assert (broken.status_code, "JSON" in broken.json()["detail"]) == (422, True)
        broken = await http.post("/runs/batch", content=b"{nope")
        assert broken.status_code == 422
        large = await http.post("/threads", content=b'{"metadata": "' + b"x" * (33 * 2**20) + b'"}')
        assert (large.status_code, "MiB" in large.json()["detail"]) == (422, True)
        unknown = await http.post("/runs/wait", json={"assistant_id": "short", "input": None, "bogus": 1})
        assert unknown.status_code == 200
        assert (await http.get("/ok")).json() == {"ok": True}
        assert (await http.get("/info")).json()["flags"]["crons"] is False


@pytest.mark.asyncio(loop_scope="module")
async def test_without_a_token_only_programs_of_this_machine_are_answered(agents: Agents) -> None:
    async with httpx.AsyncClient(base_url=agents.url, timeout=30) as http:
        for headers, status in (
            ({"host": "localhost:2124"}, 200),
            ({"host": "[::1]:2124"}, 200),
            ({"host": "evil.example"}, 403),
            ({"host": "127.0.0.1.evil.example:80"}, 403),
            ({"origin": "https://evil.example"}, 403),
        ):
            answer = await http.post("/threads/search", json={}, headers=headers)
            assert answer.status_code == status, headers


async def test_with_a_token_who_does_not_know_it_is_refused(place: Place) -> None:
    async with agent_server(place, agent_api_token="a long secret") as agents:
        assert await agents.client.assistants.search() == []
        async with httpx.AsyncClient(base_url=agents.url, timeout=30) as http:
            assert (await http.get("/ok")).status_code == 200
            for headers, status in (
                ({}, 401),
                ({"x-api-key": "a long secre"}, 401),
                ({"authorization": "Basic a long secret"}, 401),
                ({"x-api-key": b"\xff\xfe"}, 401),
                ({"authorization": "Bearer a long secret", "host": "public.example"}, 200),
            ):
                answer = await http.post("/threads/search", json={}, headers=headers)
                assert answer.status_code == status, headers
            assert "MHV-008" in (await http.get("/info")).json()["detail"]


@pytest.mark.parametrize(
    ("address", "token", "code"),
    [
        ("2124", "", ErrorCode.CONFIG_INVALID),
        ("127.0.0.1:", "", ErrorCode.CONFIG_INVALID),
        ("127.0.0.1:99999", "", ErrorCode.CONFIG_INVALID),
        ("0.0.0.0:0", "", ErrorCode.CONFIG_INVALID),
        ("example.org:80", "", ErrorCode.CONFIG_INVALID),
        ("192.0.2.1:0", "secret", ErrorCode.SOCKET_PATH),
    ],
)
def test_an_address_that_will_not_do_is_named(address: str, token: str, code: ErrorCode) -> None:
    with pytest.raises(MahavishnuError) as refused:
        open_address(address, token)
    assert refused.value.code is code
    assert address in refused.value.message


def test_a_taken_address_is_told_and_a_token_opens_all_of_them() -> None:
    with open_address("127.0.0.1:0", "") as first, pytest.raises(MahavishnuError) as refused:
        open_address(f"127.0.0.1:{first.getsockname()[1]}", "")
    assert "cannot listen" in refused.value.message
    with open_address("0.0.0.0:0", "secret") as every:
        assert every.family is socket.AF_INET


async def test_a_stream_goes_on_after_the_server_was_started_again(place: Place, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    async with agent_server(place, "gated") as agents:
        thread = (await agents.client.threads.create(metadata={"kept": True}))["thread_id"]
        run = await agents.client.runs.create(thread, "gated", input=desk.given, metadata={"why": "test"})
        stream = agents.client.runs.join_stream(
            thread, run["run_id"], stream_mode="updates", last_event_id="0"
        )
        seen = [await anext(aiter(stream))]
        assert seen[0].data == {"first": {"done": ["first"]}}
        await stream.aclose()  # type: ignore[attr-defined]
    desk.open("gate")
    async with agent_server(place) as agents:
        stream = agents.client.runs.join_stream(
            thread, run["run_id"], stream_mode="updates", last_event_id=seen[0].id
        )
        rest = [part.data async for part in stream]
        assert rest == [{"held": {"done": ["held"]}}, {"last": {"done": ["last"]}}]
        assert (await agents.client.threads.get(thread))["metadata"]["kept"] is True
        assert (await agents.client.runs.get(thread, run["run_id"]))["metadata"]["why"] == "test"
        assert (await agents.client.runs.join(thread, run["run_id"]))["done"] == ["first", "held", "last"]
