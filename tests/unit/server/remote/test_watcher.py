"""A watcher against a server whose every answer is ours to choose."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.server.options import RemoteServer
from mahavishnu_tui.server.remote.api import LARGEST, Api, is_about_server, status_of
from mahavishnu_tui.server.remote.engine import RemoteEngine
from mahavishnu_tui.server.remote.watcher import Watcher
from tests.unit.server.conftest import Desk
from tests.unit.server.remote.world import I1, asks, at, run, state, task

Answer = Callable[[httpx.Request], Any]


class Web:
    """Paths and what is answered there: JSON, a status, or an exception."""

    def __init__(self) -> None:
        self.seen: list[httpx.Request] = []
        self.answers: dict[str, Any] = {
            "/info": {"version": "9.9", "flags": {"strict_resume": True}},
            "/assistants/search": [
                {
                    "assistant_id": "A",
                    "graph_id": "flow",
                    "name": "Untitled",
                    "version": 1,
                    "updated_at": at(0),
                }
            ],
            "/assistants/A/graph": {
                "nodes": [{"id": "__start__"}, {"id": "a"}, {"id": "__end__"}],
                "edges": [],
            },
            "/assistants/A/schemas": {"input_schema": None, "state_schema": {"type": "object"}},
            "/threads/search": self.search,
        }
        self.threads: list[dict[str, Any]] = []

    def search(self, request: httpx.Request) -> Any:
        query = json.loads(request.content)
        found = [item for item in self.threads if query.get("status") in (None, item["status"])]
        return found[query["offset"] : query["offset"] + query["limit"]]

    def thread(self, name: str, status: str, *runs: dict[str, Any], head: Any, second: float = 1) -> None:
        record = {"thread_id": name, "status": status, "updated_at": at(second)}
        self.threads = [item for item in self.threads if item["thread_id"] != name] + [record]
        runs = tuple({**item, "thread_id": name} for item in runs)
        self.answers |= {
            f"/threads/{name}": record,
            f"/threads/{name}/runs": list(runs[::-1]),
            f"/threads/{name}/state": head,
            f"/threads/{name}/history": [head] if isinstance(head, dict) else head,
        }

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        answer = self.answers.get(request.url.path, 404)
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            return httpx.Response(answer, json={"detail": "no\x1b[31m luck"})
        if isinstance(answer, bytes):
            return httpx.Response(200, content=answer)
        return httpx.Response(200, json=answer)

    def api(self, **changes: Any) -> Api:
        server = RemoteServer("dev", "http://there/", **changes)
        return Api(server, httpx.MockTransport(self))


@pytest.fixture
def web() -> Web:
    return Web()


async def until(question: Callable[[], Any], seconds: float = 10) -> Any:
    async with asyncio.timeout(seconds):
        while True:
            answer = question()
            if asyncio.iscoroutine(answer):
                answer = await answer
            if answer:
                return answer
            await asyncio.sleep(0.01)


@pytest.fixture
async def watcher(desk: Desk, web: Web) -> AsyncIterator[Watcher]:
    changes: list[str] = []
    found = Watcher(desk.store, web.api(), lambda: True, lambda: changes.append(""))
    yield found
    await found.close()


async def test_keys_are_sent_and_never_told(web: Web) -> None:
    api = web.api(api_key="s3cret", headers={"x-team": "ops"})
    await api.info()
    assert web.seen[0].headers["x-api-key"] == "s3cret"
    assert web.seen[0].headers["x-team"] == "ops"
    assert "s3cret" not in repr(api.server)
    await api.close()


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (httpx.ConnectError("refused"), ErrorCode.REMOTE_UNREACHABLE, "cannot be reached: refused"),
        (httpx.ReadTimeout(""), ErrorCode.REMOTE_UNREACHABLE, "does not answer in time"),
        (401, ErrorCode.REMOTE_REFUSED, "does not let us in (401): no\ufffd[31m luck"),
        (404, ErrorCode.REMOTE_REFUSED, "refuses /info (404)"),
        (405, ErrorCode.REMOTE_REFUSED, "does not offer /info (405)"),
        (500, ErrorCode.REMOTE_REFUSED, "fails at /info (500)"),
        (b"<html>", ErrorCode.REMOTE_REFUSED, "is not JSON"),
        (b" " * (LARGEST + 1), ErrorCode.REMOTE_REFUSED, "is larger than"),
    ],
    ids=["away", "slow", "key", "unknown", "old", "broken", "other", "large"],
)
async def test_what_goes_wrong_is_said_in_a_sentence(
    web: Web, answer: Any, code: ErrorCode, words: str
) -> None:
    web.answers["/info"] = answer
    api = web.api()
    with pytest.raises(MahavishnuError) as wrong:
        await api.info()
    assert wrong.value.code is code
    assert words in wrong.value.message
    assert is_about_server(wrong.value) == (status_of(wrong.value) in (0, 401))
    await api.close()


async def test_a_server_that_does_not_know_select_is_asked_without(web: Web) -> None:
    web.answers["/threads/search"] = lambda request: 422 if b"select" in request.content else [{}]
    api = web.api()
    assert await api.threads() == [{}]
    assert await api.threads() == [{}]
    assert len(web.seen) == 3
    await api.close()


async def test_it_mirrors_what_it_finds(desk: Desk, web: Web, watcher: Watcher) -> None:
    web.thread("T", "interrupted", run("r", given={}), head=state(1, task("a", interrupts=asks(I1)), by="r"))
    watcher.start()
    await until(lambda: watcher.record.state == "ready")
    assert watcher.record.version == "9.9"
    found = await desk.run("dev.r")
    assert (found.workflow, found.status) == ("flow@dev", "interrupted")
    assert [item async for item in _outcomes(desk, "dev.r")] == ["interrupted"]


async def test_a_thread_that_cannot_be_read_does_not_hide_the_others(
    desk: Desk, web: Web, watcher: Watcher
) -> None:
    web.thread("bad", "error", run("b", status="error", given={}), head=500)
    web.thread("odd", "error", run("o", status="error", given={}), head=[[1]])
    web.thread(
        "good", "interrupted", run("g", given={}), head=state(1, task("a", interrupts=asks(I1)), by="g")
    )
    web.threads.append({"thread_id": None, "status": 7})
    watcher.start()
    await until(lambda: watcher.record.state == "ready")
    assert (await desk.run("dev.g")).waiting == 1
    assert (await desk.run("dev.b")).status == "error"
    assert (await desk.run("dev.o")).status == "error"


async def test_a_server_that_goes_is_stale_and_comes_back(desk: Desk, web: Web, watcher: Watcher) -> None:
    web.thread("T", "interrupted", run("r", given={}), head=state(1, task("a", interrupts=asks(I1)), by="r"))
    watcher.start()
    await until(lambda: watcher.record.state == "ready")
    before, web.answers["/threads/search"] = web.answers["/threads/search"], httpx.ConnectError("gone")
    watcher.wake()
    await until(lambda: _noted(desk, "dev.r", "STALE: what is shown is of "))
    assert watcher.record.trouble == "dev does not answer"
    web.answers["/threads/search"] = before
    await until(lambda: _noted(desk, "dev.r", ""))
    assert watcher.record.state == "ready"


async def test_a_run_whose_thread_is_gone_ends(desk: Desk, web: Web, watcher: Watcher) -> None:
    web.thread("T", "interrupted", run("r", given={}), head=state(1, task("a", interrupts=asks(I1)), by="r"))
    watcher.start()
    await until(lambda: watcher.record.state == "ready")
    web.threads.clear()
    web.answers["/threads/T"] = 404
    # As after an outage: everything is looked at anew.
    web.answers["/info"] = 503
    watcher._full_at = 0
    watcher.wake()
    await until(lambda: watcher.record.state == "lost")
    web.answers["/info"] = {}
    await until(lambda: _noted(desk, "dev.r", "its thread is no longer on dev"))
    assert (await desk.run("dev.r")).status == "cancelled"


async def test_runs_of_a_server_that_left_the_settings_are_refused(
    desk: Desk, web: Web, watcher: Watcher
) -> None:
    web.thread("T", "interrupted", run("r", given={}), head=state(1, task("a", interrupts=asks(I1)), by="r"))
    watcher.start()
    await until(lambda: watcher.record.state == "ready")
    await watcher.close()
    engine = RemoteEngine(desk.store, (), lambda: False, lambda: None)
    await engine.start()
    found = await desk.run("dev.r")
    assert found.note == "STALE: dev is not in langgraph.servers any more"
    assert engine.owns(found)
    assert engine.note == ""
    with pytest.raises(MahavishnuError, match="not in the settings any more"):
        await engine.ask(found, "state")
    await engine.read_path(found)
    await engine.close()


async def _outcomes(desk: Desk, run_id: str) -> AsyncIterator[str]:
    for outcome in await desk.outcomes(run_id):
        yield outcome


async def _noted(desk: Desk, run_id: str, note: str) -> bool:
    found = (await desk.run(run_id)).note
    return found.startswith(note) if note else found == ""
