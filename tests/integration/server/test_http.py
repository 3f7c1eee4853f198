"""The HTTP side: what is refused, and how; lists, logs, the stream over a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
from typing import Any

import httpx
import pytest

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.server import dispatcher
from mahavishnu_tui.server.routes import body as body_module
from mahavishnu_tui.server.store import every_run
from mahavishnu_tui.server.store import store as store_module
from tests.integration.server.conftest import Place, eventually


def http(place: Place) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(uds=str(place.data / "s"))
    return httpx.AsyncClient(transport=transport, base_url="http://mahavishnu")


PROJECT = {"root": "/tmp", "interpreter": "/usr/bin/python3"}


async def test_bad_requests_are_named_field_by_field(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "LARGEST", 10_000)
    bad: list[tuple[str, str, Any, int, str]] = [
        ("POST", "/v1/runs", b"{nope", 422, "not JSON"),
        ("POST", "/v1/runs", b"[1]", 422, "JSON object"),
        ("POST", "/v1/runs", b" " * 20_000, 422, "larger than"),
        ("POST", "/v1/runs", b'{"input": ' + b"[" * 4000 + b"]" * 4000 + b"}", 422, "in each other"),
        ("POST", "/v1/runs", {"input": {"n": [2**64]}}, 422, "64 bits"),
        ("POST", "/v1/runs", b'{"input": 1' + b"0" * 5000 + b"}", 422, "not JSON"),
        ("POST", "/v1/runs", {}, 422, "'project'"),
        ("POST", "/v1/runs", {"workflow_id": "x"}, 422, "'input'"),
        ("POST", "/v1/runs", {"workflow_id": 7, "input": {}}, 422, "'workflow_id' must be a string"),
        ("POST", "/v1/runs", {"workflow_id": "x", "input": {}, "tags": "a"}, 422, "'tags'"),
        ("POST", "/v1/runs", {"workflow_id": "x", "input": {}, "config": 1}, 422, "'config'"),
        ("POST", "/v1/runs", {"workflow_id": "x", "input": {}}, 404, "no workflow"),
        ("POST", "/v1/workflows", {"spec": "x", "project": {"root": "rel"}}, 422, "'interpreter'"),
        ("POST", "/v1/workflows", {"spec": "x", "project": {**PROJECT, "root": "a"}}, 422, "absolute"),
        ("POST", "/v1/workflows", {"spec": "", "project": PROJECT}, 422, "'spec'"),
        ("POST", "/v1/workflows", {"spec": "x", "project": PROJECT, "refresh": 1}, 422, "'refresh'"),
        ("POST", "/v1/server/stop", {"timeout": -1}, 422, "'timeout'"),
        ("POST", "/v1/server/stop", {"timeout": "soon"}, 422, "'timeout'"),
        ("POST", "/v1/runs/none/cancel", {}, 404, "no run 'none'"),
        ("POST", "/v1/approvals/none/answer", {"hash": "h", "value": 1}, 404, "no question"),
        ("POST", "/v1/approvals/none/answer", {"hash": "h"}, 422, "'value'"),
        (
            "POST",
            "/v1/approvals/none/answer",
            {"hash": "h", "value": 1, "comment": "c" * 10_001},
            422,
            "larger",
        ),
        ("GET", "/v1/runs?status=odd", None, 422, "no status 'odd'"),
        ("GET", "/v1/runs?limit=-1", None, 422, "'limit'"),
        ("GET", "/v1/runs?before=noon", None, 422, "'before'"),
        ("GET", "/v1/runs/none", None, 404, "no run"),
        ("GET", "/v1/runs/none/visits", None, 404, "no run"),
        ("GET", "/v1/approvals?status=odd", None, 422, "no status"),
        ("GET", "/v1/approvals?run=none", None, 404, "no run"),
        ("GET", "/v1/logs?source=host:../../etc/passwd", None, 422, "no log"),
        ("GET", "/v1/nothing", None, 404, "Not Found"),
        ("DELETE", "/v1/runs", None, 405, "Method Not Allowed"),
    ]
    async with place.server(), http(place) as client:
        for method, path, content, status, words in bad:
            raw = {"content": content} if isinstance(content, bytes) or content is None else {"json": content}
            reply = await client.request(method, path, **raw)
            assert reply.status_code == status, (path, content, reply.text)
            error = reply.json()["error"]
            assert error["code"].startswith("MHV-")
            assert words in error["message"], (path, content, error)


async def test_an_error_of_our_own_is_a_sentence_and_its_traceback_is_in_the_log(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("mahavishnu_tui.server.routes.workflows.workflows.every", broken)
    async with place.server(), http(place) as client:
        reply = await client.get("/v1/workflows")
        assert (reply.status_code, reply.json()["error"]["code"]) == (500, ErrorCode.INTERNAL.value)
        assert "ZeroDivisionError" not in reply.text
        await eventually(lambda: "ZeroDivisionError" in (place.data / "server.log").read_text())


async def test_lists_pages_and_logs(place: Place) -> None:
    place.script()
    async with place.server(scripted=True) as client:
        runs = [await place.start_scripted("finish", thread_id=f"t{number}") for number in range(5)]
        for run in runs:
            await place.until(run, "success")
        listed = await client.runs(status=["success"], workflow="finish", limit=3)
        assert [run.id for run in listed] == [run.id for run in reversed(runs[2:])]
        rest = await client.runs(before=listed[-1].created_at)
        assert [run.id for run in rest] == [runs[1].id, runs[0].id]
        assert [run.id for run in await client.runs(thread="t3")] == [runs[3].id]
        assert await client.runs(status=["error"]) == []
        assert await client.schedules() == []
        (pool,) = await client.pools()
        assert (pool.name, pool.status, pool.slots, pool.used, pool.queued) == (
            "langgraph",
            "healthy",
            10,
            0,
            0,
        )
        logs = await client.logs("server", 3)
        assert len(logs["lines"]) == 3
        assert logs["path"] == str(place.data / "server.log")
        (workflow,) = await client.workflows()
        assert (workflow.name, workflow.project["root"]) == ("finish", str(place.root))
        named = await client.register("finish", place.project, name="Evening \x1b[31mjob")
        assert named.name == "Evening \N{REPLACEMENT CHARACTER}[31mjob"


async def test_slots_are_given_in_order_and_no_more_than_there_are(place: Place) -> None:
    place.script()
    async with place.server(scripted=True, max_concurrent_workflows=2) as client:
        runs = [await place.start_scripted("hold") for _ in range(4)]
        await eventually(lambda: len(place.seen()) == 2)
        states = [(await client.run(run.id)).run.status for run in runs]
        assert states == ["running", "running", "queued", "queued"]
        info = await client.server()
        assert (info.running, info.queued, info.slots) == (2, 2, 2)
        await client.cancel(runs[0].id, "ana")
        await place.until(runs[2], "running")
        assert (await client.run(runs[3].id)).run.status == "queued"
        paused = await client.pause(runs[1].id, "ana")
        assert paused.status in ("running", "paused")
        await place.until(runs[1], "paused")
        await place.until(runs[3], "running")


async def test_a_hundred_requests_at_once(place: Place) -> None:
    place.script()
    async with place.server(scripted=True, max_concurrent_workflows=100):
        await place.client.register("finish", place.project)
        runs = await asyncio.gather(*(place.start_scripted("finish") for _ in range(100)))
        assert len({run.name for run in runs}) == 100
        for run in runs:
            await place.until(run, "success")


async def test_a_locked_database_refuses_writes_goes_on_reading_and_says_so(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "BUSY_SECONDS", 0.1)
    place.script()
    async with place.server(scripted=True) as client, http(place) as raw:
        run = await place.start_scripted("hold")
        await eventually(lambda: len(place.seen()) == 1)
        pid = (await client.hosts())[0].pid
        assert pid is not None
        holder = sqlite3.connect(place.data / "engine.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        reply = await raw.post(f"/v1/runs/{run.id}/cancel", json={"by": "ana"})
        assert (reply.status_code, reply.json()["error"]["code"]) == (503, ErrorCode.DATABASE_LOCKED.value)
        assert (await client.run(run.id)).run.status == "running"
        # Its host dies: that must be written down, and waits; the server says what for.
        os.kill(pid, signal.SIGKILL)
        info = await eventually(lambda: _noted(place))
        assert "locked" in info.note
        assert (await client.pools())[0].status == "degraded"
        holder.execute("ROLLBACK")
        holder.close()
        await place.until(run, "queued", "running", "success")
        await eventually(lambda: _quiet(place))


async def test_a_read_that_meets_damage_is_told_to_everybody(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def malformed(*args: Any, **kwargs: Any) -> Any:
        raise sqlite3.DatabaseError("file is not a database")

    place.script()
    async with place.server(scripted=True) as client, http(place) as raw:
        with monkeypatch.context() as broken:
            broken.setattr(every_run, "search", malformed)
            reply = await raw.get("/v1/runs")
        assert (reply.status_code, reply.json()["error"]["code"]) == (503, ErrorCode.DATABASE_CORRUPT.value)
        assert "is damaged" in (await client.server()).note
        assert (await client.pools())[0].status == "degraded"
        async with raw.stream("GET", "/v1/stream") as stream:
            lines = (json.loads(line) async for line in stream.aiter_lines() if line)
            beat = await anext(line async for line in lines if line["type"] == "beat")
        assert "is damaged" in beat["note"]


async def test_a_full_disk_refuses_new_work_and_loses_none(place: Place) -> None:
    place.data.mkdir()
    mounted = await asyncio.to_thread(
        subprocess.run, ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", place.data], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("only root can mount a small disk")
    try:
        place.script()
        async with place.server(scripted=True) as client, http(place) as raw:
            run = await place.start_scripted("hold")
            await place.until(run, "running")
            filler = place.data / "filler"
            with contextlib.suppress(OSError), filler.open("wb") as handle:
                while True:
                    handle.write(b"x" * 4096)
                    handle.flush()
            big = {"workflow_id": run.workflow_id, "input": "y" * 200_000, "by": "ana"}
            reply = await raw.post("/v1/runs", json=big)
            assert (reply.status_code, reply.json()["error"]["code"]) == (507, ErrorCode.DISK_FULL.value)
            assert (await client.run(run.id)).run.status == "running"
            assert len(await client.runs()) == 1
            filler.unlink()
            reply = await raw.post("/v1/runs", json=big)
            assert reply.status_code == 201
            await client.cancel(run.id, "ana")
    finally:
        await asyncio.to_thread(subprocess.run, ["umount", "-l", place.data], check=True)


async def test_a_run_that_cannot_be_claimed_now_is_claimed_later(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "BUSY_SECONDS", 0.05)
    failures = iter([sqlite3.DatabaseError("file is not a database")])
    next_queued = dispatcher.next_queued

    def once_broken(conn: sqlite3.Connection, **asked: Any) -> Any:
        for failure in failures:
            raise failure
        return next_queued(conn, **asked)

    monkeypatch.setattr(dispatcher, "next_queued", once_broken)
    place.script()
    async with place.server(scripted=True) as client:
        workflow = await client.register("finish", place.project)
        (host,) = await client.hosts()
        os.kill(host.pid or 0, signal.SIGKILL)  # so that the next dispatch takes its time
        run = await client.start_run(workflow_id=workflow.id, input={}, by="ana")
        with contextlib.closing(sqlite3.connect(place.data / "engine.db", isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            await eventually(lambda: _noted(place))
            assert (await client.run(run.id)).run.status == "queued"
            holder.execute("ROLLBACK")
        await place.until(run, "success")


async def _noted(place: Place) -> Any:
    info = await place.client.server()
    return info if info.note else None


async def _quiet(place: Place) -> bool:
    return not (await place.client.server()).note


async def test_the_stream_over_the_socket(place: Place) -> None:
    place.script()
    async with place.server(scripted=True) as client:
        lines: list[dict[str, Any]] = []

        async def listen() -> None:
            async for chunk in client.stream_chunks(0, ""):
                lines.extend(chunk)

        listening = asyncio.create_task(listen())
        await eventually(lambda: lines)
        run = await place.start_scripted("finish")
        await eventually(lambda: any(line.get("data", {}).get("status") == "success" for line in lines))
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        kinds = {line["kind"] for line in lines if line["type"] == "event"}
        assert kinds >= {"run", "host", "workflow"}
        snapshot = lines[0]
        missed: list[dict[str, Any]] = []
        source = client.stream(snapshot["seq"], snapshot["epoch"])
        async for line in source:
            if line["type"] == "beat":
                break
            missed.append(line)
        await source.aclose()
        assert missed[0]["seq"] == snapshot["seq"] + 1
        states = [line["data"]["status"] for line in missed if line["key"] == run.id]
        assert states == ["queued", "running", "success"]


async def test_a_known_workflow_is_not_loaded_again_until_its_file_changes(place: Place) -> None:
    place.script()
    file = place.root / "flow.py"
    file.write_text("# one")
    spec = f"{file}:graph"

    def loads() -> int:
        return place.seen().count(f"load {spec}")

    async with place.server(scripted=True) as client:
        first = await client.register(spec, place.project)
        assert await client.register(spec, place.project) == first
        assert loads() == 1
        await client.register(spec, place.project, refresh=True)
        assert loads() == 2
        file.write_text("# another one")
        again = await client.register(spec, place.project)
        assert loads() == 3
        assert (again.id, again.registered_at, again.name) == (first.id, first.registered_at, first.name)


async def test_errors_of_the_client_are_what_the_server_said(place: Place) -> None:
    async with place.server() as client:
        with pytest.raises(MahavishnuError) as refused:
            await client.run("none")
        assert refused.value.code is ErrorCode.RUN_UNKNOWN
