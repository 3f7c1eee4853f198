"""The host as a process: cancel, drain, blocked loops, deaths, two of them on one file."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mahavishnu_tui.models.said import said_files

from .hosttalk import WAIT, HostError, HostTalk, Notice, host
from .test_host_runs import ran

pytestmark = pytest.mark.asyncio(loop_scope="package")


def at_work(node: str) -> Callable[[Notice], bool]:
    return lambda n: n["ev"] == "visit" and n["visit"]["node"] == node and n["visit"]["outcome"] == "running"


async def until(test: Callable[[], bool]) -> None:
    """Wait for something that no notice tells of."""
    end = time.monotonic() + WAIT
    while not test():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def test_an_async_node_is_cancelled_and_can_be_resumed(talk: HostTalk, project: Path) -> None:
    await talk.run("graphs.py:waiting")
    await talk.until(at_work("waits"))
    assert await talk.ask("cancel", run_id="r1", lease=1) == {"cancelled": True}
    assert (await talk.finished())["status"] == "cancelled"
    assert talk.path() == ["a:success", "waits:cancelled"]
    (project / "go").touch()
    await talk.run("graphs.py:waiting", mode="continue", lease=2, next_visit=3)
    assert (await talk.finished(lease=2))["status"] == "success"
    assert ran(project) == ["a", "waits", "b"]


async def test_a_synchronous_node_is_not_cancelled_but_named_so(talk: HostTalk, project: Path) -> None:
    await talk.run("graphs.py:waiting_sync")
    await talk.until(at_work("waits"))
    refused = await talk.ask("cancel", run_id="r1", lease=1)
    assert refused == {"cancelled": False, "reason": "sync"}
    (project / "go").touch()
    assert (await talk.finished())["status"] == "success"


async def test_a_drained_run_is_paused_at_its_step_boundary(talk: HostTalk, project: Path) -> None:
    await talk.run("graphs.py:waiting")
    await talk.until(at_work("waits"))
    await talk.ask("drain", run_id="r1")
    (project / "go").touch()
    assert (await talk.finished())["status"] == "paused"
    assert talk.path() == ["a:success", "waits:success"]
    await talk.run("graphs.py:waiting", mode="continue", lease=2, next_visit=3)
    assert (await talk.finished(lease=2))["status"] == "success"
    assert ran(project) == ["a", "waits", "b"]


async def test_a_blocked_loop_beats_on_and_names_the_culprit(talk: HostTalk, project: Path) -> None:
    await talk.run("graphs.py:blocking")
    await until((project / "blocking").exists)
    beat = await talk.until(lambda n: n["ev"] == "beat" and n["lag"] > 1 and n["where"] != "")
    assert beat["where"].startswith(f"block of run {talk.scope}r1 at ")
    assert "graphs.py:" in beat["where"]
    assert beat["running"] == 1
    assert beat["rss"] > 10_000_000
    (project / "unblock").touch()
    assert (await talk.finished())["status"] == "success"
    calm = len(talk.notices)
    await talk.until(lambda n: n["ev"] == "beat" and n["lag"] < 0.5, calm)


async def test_an_edited_file_is_loaded_anew_when_nothing_uses_it(talk: HostTalk, project: Path) -> None:
    before = await talk.ask("load", spec="graphs.py:waiting")
    assert (before["name"], before["code_changed"]) == ("waiting", False)
    await talk.run("graphs.py:waiting")
    await talk.until(at_work("waits"))
    file = project / "graphs.py"
    file.write_text(
        file.read_text().replace('chain("a", "waits", "b", waits=waits)', 'chain("waits", "z", waits=waits)')
    )
    during = await talk.ask("load", spec="graphs.py:waiting")
    assert (during["graph_hash"], during["code_changed"]) == (before["graph_hash"], True)
    (project / "go").touch()
    await talk.finished()
    after = await talk.ask("load", spec="graphs.py:waiting")
    assert after["graph_hash"] != before["graph_hash"]
    assert after["code_changed"] is False
    assert [node["id"] for node in after["shape"]["nodes"]] == ["__start__", "waits", "z", "__end__"]


async def test_a_host_that_dies_in_a_node_is_followed_by_one_that_goes_on(
    talk: HostTalk, project: Path
) -> None:
    async with host(project, talk.root / "checkpoints.db", fork=True) as first:
        first.scope = talk.scope
        await first.run("graphs.py:dying_beside")
        assert await first.ended() == 9
    await talk.run("graphs.py:dying_beside", mode="continue", lease=2, next_visit=3)
    assert (await talk.finished(lease=2))["status"] == "success"
    assert [v["node"] for v in talk.visits()] == ["dying"]
    assert talk.visits()[0]["number"] == 3
    assert ran(project) == ["beside", "dying", "dying", "survived"]


async def test_a_host_ends_at_once_with_its_server(project: Path) -> None:
    async with host(project, fork=True) as talking:
        await talking.run("graphs.py:waiting_sync")
        await until((project / "waiting").exists)
        await talking.run("graphs.py:blocking", run_id="r2", thread_id="t2")
        await until((project / "blocking").exists)
        talking.writer.close()
        await asyncio.wait_for(talking.process.wait(), 3)


async def test_a_newer_dispatch_fences_off_an_older_one(talk: HostTalk, project: Path) -> None:
    file = talk.root / "checkpoints.db"
    thread = f"{talk.scope}t1"
    async with host(project, file, fork=True) as old:
        old.scope = talk.scope
        await old.run("graphs.py:waiting")
        await old.until(at_work("waits"))
        await talk.run("graphs.py:waiting", mode="continue", lease=2, next_visit=3)
        await talk.until(at_work("waits"))
        stored = await talk.ask("checkpoints", thread_id="t1", spec="graphs.py:waiting")
        os.kill(talk.process.pid, signal.SIGSTOP)
        try:
            (project / "go").touch()
            lost = await old.finished()
            with pytest.raises(HostError) as older:
                await old.run("graphs.py:waiting", run_id="r0", mode="continue", lease=1)
        finally:
            os.kill(talk.process.pid, signal.SIGCONT)
        assert (lost["status"], lost["error"]["code"]) == ("error", "MHV-431")
        assert older.value.code == "MHV-431"
        with sqlite3.connect(file) as database:
            select = "select lease from mahavishnu_leases where thread_id = ?"
            assert database.execute(select, (thread,)).fetchone() == (2,)
        assert (await talk.finished(lease=2))["status"] == "success"
        after = await talk.ask("checkpoints", thread_id="t1", spec="graphs.py:waiting")
        assert len(after) == len(stored) + 2


async def test_a_foreign_program_can_write_to_the_file(talk: HostTalk, one_host: HostTalk) -> None:
    await talk.run("graphs.py:line")
    await talk.finished()
    with sqlite3.connect(one_host.root / "checkpoints.db") as database:
        database.execute("insert into checkpoints (thread_id, checkpoint_id) values ('foreign', '1')")


async def test_an_interpreter_without_langgraph_is_told_what_to_install(project: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(project / "bare")], check=True)
    python = str(project / "bare" / "bin" / "python")
    with pytest.raises(HostError) as missing:
        async with host(project, interpreter=python):
            pass
    assert missing.value.code == "MHV-423"
    assert python in missing.value.error["message"]
    assert f"{python} -m pip install" in missing.value.error["hint"]


async def test_nothing_of_ours_shadows_the_projects_modules_and_prints_go_to_logs(project: Path) -> None:
    for name in ("main", "service", "channel", "settings", "models", "engines"):
        (project / f"{name}.py").write_text(f"mine = {name!r}\n")
    (project / "flow.py").write_text(
        "import main, service, channel, settings, models, engines, sys\n"
        "from graphs import chain\n"
        "names = [m.mine for m in (main, service, channel, settings, models, engines)]\n"
        "paths = [p for p in sys.path if 'mahavishnu_tui' in p]\n"
        "print('imported')\n"
        "def tell(state):\n"
        "    print('to the log', flush=True)\n"
        "    return {'answer': [names, paths, sys.path[0]]}\n"
        "graph = chain('tell', tell=tell)\n"
    )
    async with host(project) as talking:
        await talking.run("flow:graph")
        names, paths, first = (await talking.finished())["values"]["answer"]
        assert await talking.ask("stop") == {}
        assert await talking.ended() == 0
        assert "imported" in talking.log.read_text()
        assert '"text":"to the log"' in said_files(talking.logs, "r1")[0].read_text()
    assert names == ["main", "service", "channel", "settings", "models", "engines"]
    assert paths == []
    assert Path(first) == project
