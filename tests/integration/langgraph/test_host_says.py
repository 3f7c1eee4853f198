"""What runs say, taken down by a real host."""

from __future__ import annotations

import json
import shutil
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.models.said import said_files

from .hosttalk import HostTalk, host

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.fixture
def speaking(talk: HostTalk, project: Path) -> HostTalk:
    shutil.copy(Path(__file__).parent / "speaking.py", project)
    return talk


def said(talk: HostTalk, run_id: str = "r1") -> list[dict[str, Any]]:
    text = "".join(path.read_text() for path in said_files(talk.logs, talk.scope + run_id) if path.exists())
    return [json.loads(line) for line in text.splitlines() if line]


def by_visit(talk: HostTalk) -> dict[str, list[tuple[str, str]]]:
    """`node` or `sub/node`, with a number where it has several visits → stream and text."""
    found: dict[str, list[tuple[str, str]]] = {}
    names: dict[int, str] = {}
    for visit in talk.visits():
        name = "/".join(filter(None, (visit["namespace"], visit["node"], visit["branch"])))
        names[visit["number"]] = name
    for line in said(talk):
        found.setdefault(names.get(line["visit"], "run"), []).append((line["stream"], line["text"]))
    return found


async def test_each_word_is_given_to_the_visit_that_said_it(speaking: HostTalk) -> None:
    await speaking.run("speaking.py:everything")
    assert (await speaking.finished())["status"] == "success"
    found = by_visit(speaking)
    assert sorted(found.pop("sync")) == [
        ("log", "sync info 1"),
        ("stderr", "sync error"),
        ("stdout", "sync one"),
        ("stdout", "sync two"),
    ]
    *words, (stream, error) = found.pop("asynchronous")
    assert words == [
        ("stdout", "async one"),
        ("log", "async\nwarning"),
        ("stdout", "async to_thread"),
        ("stdout", "async executor"),
    ]
    assert stream == "log"
    assert error.startswith("async exception\nTraceback")
    assert error.endswith("ValueError: deep")
    assert found.pop("threads") == [("stdout", "from a thread"), ("stdout", "from a pool")]
    assert found.pop("other") == [("stdout", "other from the pool")]
    assert found.pop("calls") == [("stdout", "calls before"), ("stdout", "calls after")]
    said_inside = [("stdout", "inner says"), ("custom", '{"progress": 0.4}')]
    assert found.pop("calls/inner", said_inside) == said_inside
    assert found.pop("sub/inner") == said_inside
    for number in (1, 2, 3):
        assert found.pop(f"worker/send:{3 - number}") == [
            ("stdout", f"worker {number}"),
            ("custom", f'{{"done": {number}, "total": 3}}'),
        ]
    assert found == {}
    lines = said(speaking)
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
    kinds = {(line["stream"], line["level"], line["logger"]) for line in lines}
    assert ("log", "error", "flows.speaking") in kinds
    assert ("stderr", "warning", "") in kinds
    # What nobody can tell whose it is, and what has a run, are not mixed up.
    log = speaking.log.read_text()
    assert "from a child" in log
    assert "sync one" not in log


async def test_the_server_is_told_that_there_is_more_and_how_far_a_node_is(
    speaking: HostTalk, project: Path
) -> None:
    await speaking.run("speaking.py:writing")
    await speaking.until(lambda n: n["ev"] == "log" and n["last"] == 2)
    visit = await speaking.until(lambda n: n["ev"] == "visit" and n["visit"]["progress"] != "")
    assert visit["visit"]["progress"] == "40/200"
    assert [line["text"] for line in said(speaking)] == ['{"done": 40, "total": 200}', "just text"]
    (project / "go").touch()
    assert (await speaking.finished())["status"] == "success"


async def test_a_flood_is_bounded_and_its_beginning_and_end_are_kept(speaking: HostTalk) -> None:
    begun = time.monotonic()
    beats = len(speaking.notices)
    await speaking.run("speaking.py:flooding", input={"n": 100_000})
    assert (await speaking.finished())["status"] == "success"
    assert time.monotonic() - begun < 25
    lags = [n["lag"] for n in speaking.notices[beats:] if n["ev"] == "beat"]
    assert max(lags, default=0) < 2
    lines = said(speaking)
    assert [line["number"] for line in lines[:100]] == list(range(1, 101))
    assert lines[-1]["text"] == "the last word"
    assert lines[-1]["number"] == 100_001
    numbers = [line["number"] for line in lines]
    assert numbers == sorted(numbers)
    files = said_files(speaking.logs, f"{speaking.scope}r1")
    assert sum(path.stat().st_size for path in files if path.exists()) <= speaking.log_bytes
    assert sum(n["ev"] == "log" for n in speaking.notices) < 10 * (time.monotonic() - begun) + 5


async def test_what_was_said_before_a_crash_is_kept_and_the_next_dispatch_goes_on_after_it(
    tmp_path: Path,
) -> None:
    shutil.copy(Path(__file__).parent / "speaking.py", tmp_path)
    async with host(tmp_path, fork=True) as talk:
        await talk.run("speaking.py:dying")
        assert await talk.ended() == -9
    assert [line["text"] for line in said(talk)] == ["before the end"]
    async with host(tmp_path, fork=True) as again:
        (tmp_path / "mended").touch()
        await again.run("speaking.py:dying", mode="continue", lease=2, next_visit=2)
        await again.finished(lease=2)
    lines = said(again)
    assert [(line["number"], line["text"]) for line in lines] == [
        (1, "before the end"),
        (2, "before the end"),
    ]


async def test_a_line_that_is_begun_is_there_before_its_end(speaking: HostTalk, project: Path) -> None:
    await speaking.run("speaking.py:waiting")
    await speaking.until(lambda n: n["ev"] == "log" and n["last"] == 1)
    assert [line["text"] for line in said(speaking)] == ["connecting to the database "]
    (project / "go").touch()
    assert (await speaking.finished())["status"] == "success"
    assert [line["text"] for line in said(speaking)] == ["connecting to the database ", "done"]


async def test_a_langsmith_that_cannot_be_reached_costs_a_run_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("LANGSMITH_TRACING", "true")
        monkeypatch.setenv("LANGSMITH_ENDPOINT", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        monkeypatch.setenv("LANGSMITH_API_KEY", "lsv2_secret")
        monkeypatch.setenv("LANGSMITH_PROJECT", "staging")
        shutil.copy(Path(__file__).parent / "speaking.py", tmp_path)
        async with host(tmp_path) as talk:
            begun = time.monotonic()
            await talk.run("speaking.py:everything")
            assert (await talk.finished())["status"] == "success"
            assert time.monotonic() - begun < 10
            (told,) = [notice["trace"] for notice in talk.notices if notice["ev"] == "trace"]
            assert (told["project"], told["url"]) == ("staging", "")
            await talk.run("speaking.py:flooding", run_id="r2", thread_id="t2", input={"n": 1})
            await talk.finished("r2")
            assert await talk.ask("stop") == {}
            assert await talk.ended() == 0
        lines = [line for run_id in ("r1", "r2") for line in said(talk, run_id)]
        assert not [line for line in lines if "127.0.0.1" in line["text"]]
        assert {line["logger"] for line in lines} == {"", "flows.speaking"}
        assert "lsv2_secret" not in talk.log.read_text()
        assert not any("lsv2_secret" in json.dumps(notice) for notice in talk.notices)
