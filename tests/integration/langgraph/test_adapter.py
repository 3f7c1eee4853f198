"""The adapter as a library: no server, no host."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from langgraph.config import get_config
from langgraph.func import entrypoint, task
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict

from mahavishnu_tui.engines import (
    AdapterCapabilities,
    AdapterError,
    LangGraphAdapter,
    OrchestratorAdapter,
    WorkflowError,
)
from mahavishnu_tui.engines.langgraph import savers
from mahavishnu_tui.engines.langgraph.checkpoints import created_at, unpack
from mahavishnu_tui.engines.langgraph.requests import Answer, EngineSettings, RunRequest
from mahavishnu_tui.models import MahavishnuError

from .test_host_runs import ran


async def appears(path: Path) -> None:
    """Wait until a node has made this file."""
    end = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end, f"{path.name} is not there"
        await asyncio.sleep(0.01)


class State(TypedDict, total=False):
    n: int


@pytest.fixture
async def adapter(project: Path) -> AsyncIterator[LangGraphAdapter]:
    async with LangGraphAdapter(project, project / "data" / "c.db") as opened:
        yield opened


async def test_it_is_an_orchestrator_adapter(adapter: LangGraphAdapter) -> None:
    assert isinstance(adapter, OrchestratorAdapter)
    assert (adapter.adapter_type, adapter.name) == ("langgraph", "LangGraph")
    assert adapter.capabilities == AdapterCapabilities(
        can_monitor_execution=True, can_cancel_workflows=True, can_sync_state=True
    )
    health = await adapter.get_health()
    assert health["status"] == "healthy"
    assert "langgraph" in health["versions"]
    assert issubclass(AdapterError, MahavishnuError)
    assert issubclass(WorkflowError, MahavishnuError)


async def test_execute_runs_a_file_or_an_object_and_hands_repos_over(adapter: LangGraphAdapter) -> None:
    by_file = await adapter.execute({"spec": "graphs.py:line", "input": {"n": 1}})
    assert by_file["status"] == "success"
    assert by_file["path"] == ["a", "b", "c"]

    def tell(state: dict[str, Any]) -> dict[str, Any]:
        return {"repos": get_config()["configurable"]["repos"]}

    graph: StateGraph[Any] = StateGraph(dict)
    graph.add_node("tell", tell)
    graph.add_edge(START, "tell")
    by_object = await adapter.execute({"graph": graph, "input": {}, "thread_id": "mine"}, ["a.git"])
    assert by_object["values"] == {"repos": ["a.git"]}
    assert by_object["thread_id"] == "mine"
    again = await adapter.execute({"graph": graph.compile(), "input": {}, "thread_id": "mine"}, ["b.git"])
    assert (again["values"], again["lease"]) == ({"repos": ["b.git"]}, 2)


async def test_the_functional_api_runs_too(adapter: LangGraphAdapter) -> None:
    @task
    def double(n: int) -> int:
        return 2 * n

    @entrypoint()
    def flow(n: int) -> dict[str, Any]:
        return {"doubled": double(n).result(), "answer": interrupt("sure?")}

    asked = await adapter.execute(
        {"spec": "flow", "graph": flow, "input": 4, "run_id": "r", "thread_id": "t"}
    )
    assert asked["status"] == "interrupted", asked
    assert asked["path"] == ["flow", "double"]
    question = asked["questions"][0]
    answers = (Answer(question["interrupt_id"], question["hash"], "yes"),)
    finished = await (await adapter.start(RunRequest("r", "t", "flow", 2, "continue", answers=answers)))
    assert finished["status"] == "success"


async def test_a_run_at_work_cannot_be_started_again(adapter: LangGraphAdapter, project: Path) -> None:
    request = RunRequest("r", "t", "graphs.py:waiting", 1, input={})
    running = await adapter.start(request)
    with pytest.raises(AdapterError, match="at work already"):
        await adapter.start(request)
    assert adapter.running == 1
    (project / "go").touch()
    assert (await running)["status"] == "success"
    assert adapter.running == 0


async def test_a_closed_adapter_says_so(project: Path) -> None:
    adapter = LangGraphAdapter(project, project / "c.db")
    with pytest.raises(AdapterError, match="not open"):
        await adapter.execute({"spec": "graphs.py:line"})
    assert (await adapter.get_health())["status"] == "unhealthy"


async def test_leaving_cancels_what_runs(project: Path) -> None:
    async with LangGraphAdapter(project, project / "c.db") as adapter:
        running = await adapter.start(RunRequest("r", "t", "graphs.py:waiting", 1, input={}))
        await appears(project / "waiting")
    assert (await running)["status"] == "cancelled"
    async with LangGraphAdapter(project, project / "c.db") as adapter:
        (project / "go").touch()
        again = await adapter.start(RunRequest("r", "t", "graphs.py:waiting", 2, "continue"))
        assert (await again)["status"] == "success"
    assert ran(project) == ["a", "waits", "b"]


async def test_drain_without_a_name_drains_all(adapter: LangGraphAdapter, project: Path) -> None:
    runs = [
        await adapter.start(RunRequest(f"r{n}", f"t{n}", "graphs.py:waiting", 1, input={})) for n in (1, 2)
    ]
    await appears(project / "waiting")
    adapter.drain()
    adapter.drain("unknown")
    (project / "go").touch()
    assert {(await run)["status"] for run in runs} == {"paused"}


async def test_config_reaches_the_graph_and_run_id_does_not(adapter: LangGraphAdapter) -> None:
    seen: dict[str, Any] = {}

    def look(state: dict[str, Any]) -> dict[str, Any]:
        config = get_config()
        seen.update(config["configurable"], tags=config["tags"], metadata=config["metadata"])
        return {}

    graph: StateGraph[Any] = StateGraph(dict)
    graph.add_node("look", look)
    graph.add_edge(START, "look")
    config = {
        "configurable": {"user": "ana", "run_id": "x", "checkpoint_id": "y", "thread_id": "z"},
        "metadata": {"run_id": "x", "team": "blue"},
        "tags": ["nightly"],
        "max_concurrency": 2,
    }
    done = await adapter.execute({"graph": graph, "input": {}, "config": config, "thread_id": "t"})
    assert done["status"] == "success"
    assert (seen["user"], seen["thread_id"]) == ("ana", "t")
    assert "nightly" in seen["tags"]
    assert seen["metadata"]["team"] == "blue"
    assert "run_id" not in seen["metadata"]


async def test_a_crash_between_a_subgraphs_answer_and_its_end_asks_nothing_twice(project: Path) -> None:
    """The question's task is stored, its parent's is not: the parent's copy of the question is void."""
    (project / "flow.py").write_text(
        "from graphs import HERE, ask, chain\n"
        "import asyncio\n"
        "async def hang(state):\n"
        "    (HERE / 'waiting').touch()\n"
        "    await asyncio.sleep(0 if (HERE / 'go').exists() else 60)\n"
        "    return {}\n"
        "graph = chain('sub', sub=chain('inner', 'hang', inner=ask, hang=hang).compile())\n"
    )
    sys.path.insert(0, str(project))
    try:
        async with LangGraphAdapter(project, project / "c.db") as adapter:
            asked = await adapter.execute({"spec": "flow.py", "input": {}, "run_id": "r", "thread_id": "t"})
            question = asked["questions"][0]
            answers = (Answer(question["interrupt_id"], question["hash"], "yes"),)
            await adapter.start(RunRequest("r", "t", "flow.py", 2, "continue", answers=answers))
            await appears(project / "waiting")
            await adapter.cancel("r")
            assert (await adapter.questions("t", "flow.py"))["questions"] == []
            (project / "go").touch()
            notices: list[dict[str, Any]] = []
            adapter._notify = notices.append
            again = await adapter.start(RunRequest("r", "t", "flow.py", 3, "continue", answers=answers))
            assert (await again)["status"] == "success"
            applied = [n["applied"] for n in notices if n["ev"] == "answers"]
            assert applied == [[question["interrupt_id"]]]
    finally:
        sys.path.remove(str(project))
        sys.modules.pop("graphs", None)
    assert ran(project).count("ask") == 2


async def test_of_two_that_begin_on_a_thread_at_once_one_runs(project: Path) -> None:
    graph: StateGraph[Any] = StateGraph(dict)
    graph.add_node("only", lambda state: {})
    graph.add_edge(START, "only")
    async with LangGraphAdapter(project, project / "c.db") as adapter:
        order = {"graph": graph, "input": {}, "thread_id": "t"}
        found = await asyncio.gather(*(adapter.execute(order) for _ in range(2)), return_exceptions=True)
    refused = [item.code.value for item in found if isinstance(item, AdapterError)]
    assert (refused, [item["status"] for item in found if isinstance(item, dict)]) == (
        ["MHV-102"],
        ["success"],
    )


async def test_fencing_inside_one_file(project: Path) -> None:
    async with savers.open_saver(project / "c.db") as saver, savers.open_saver(project / "c.db") as other:
        await saver.take_lease("t", 3, "one")
        await saver.take_lease("t", 3, "one")
        await other.take_lease("t", 4, "two")
        with pytest.raises(AdapterError, match="newer dispatch"):
            await saver.take_lease("t", 3, "one")
        config: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "1"}}
        with pytest.raises(AdapterError) as lost:
            await saver.aput_writes(config, [("x", 1)], "task")
        assert lost.value.code.value == "MHV-431"
        await asyncio.wait_for(other.aput_writes(config, [("x", 1)], "task"), 5)  # no lock was left behind
        assert await other.next_lease("t") == 5
        assert await other.next_lease("unheard of") == 1
        # Two processes that begin on one thread at the same time: only the later one stores.
        first, second = await saver.next_lease("new"), await other.next_lease("new")
        assert first != second
        with pytest.raises(AdapterError) as late:
            await saver.take_lease("new", first, "one")
        assert late.value.code.value == "MHV-431"
        await other.take_lease("new", second, "two")
        free: Any = {"configurable": {"thread_id": "free", "checkpoint_ns": "", "checkpoint_id": "1"}}
        await saver.aput_writes(free, [("x", 1)], "task")


async def test_a_locked_file_is_said_and_the_run_can_be_resumed(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(savers, "LOCK_WAIT", 0.2)
    async with LangGraphAdapter(project, project / "c.db") as adapter:
        with sqlite3.connect(project / "c.db", isolation_level=None) as lock:
            lock.execute("BEGIN IMMEDIATE")
            assert (await adapter.get_health())["error"]["code"] == "MHV-004"
            with pytest.raises(AdapterError) as refused:
                await adapter.start(RunRequest("r", "t", "graphs.py:line", 1, input={}))
            assert refused.value.code.value == "MHV-004"
            lock.execute("ROLLBACK")
        running = await adapter.start(RunRequest("r", "t", "graphs.py:waiting", 1, input={}))
        await appears(project / "waiting")
        with sqlite3.connect(project / "c.db", isolation_level=None) as lock:
            lock.execute("BEGIN IMMEDIATE")
            (project / "go").touch()
            stopped = await running
            assert (stopped["status"], stopped["error"]["code"]) == ("error", "MHV-004")
            lock.execute("ROLLBACK")
        again = await adapter.start(RunRequest("r", "t", "graphs.py:waiting", 2, "continue"))
        assert (await again)["status"] == "success"
    assert ran(project)[0] == "a"


@pytest.mark.parametrize("content", [b"this is not a database " * 100, b"SQLite format 3\0" + b"\xff" * 4000])
async def test_a_damaged_file_is_said(project: Path, content: bytes) -> None:
    file = project / "damaged.db"
    file.write_bytes(content)
    adapter = LangGraphAdapter(project, file)
    with pytest.raises(AdapterError) as refused:
        await adapter.__aenter__()
    assert refused.value.code.value == "MHV-430"
    assert "damaged.db is damaged" in refused.value.message
    assert file.read_bytes() == content
    with pytest.raises(AdapterError):
        await adapter.checkpoints("t")


async def test_a_folder_that_cannot_be_made_is_said(project: Path) -> None:
    (project / "file").touch()
    with pytest.raises(AdapterError) as refused:
        await LangGraphAdapter(project, project / "file" / "c.db").__aenter__()
    assert refused.value.code.value == "MHV-430"


async def test_unknown_synchronous_is_refused(project: Path) -> None:
    settings = EngineSettings.from_json({"synchronous": "SOMETIMES", "new": 1, "durability": None})
    assert settings.durability == "sync"
    with pytest.raises(AdapterError) as refused:
        await LangGraphAdapter(project, project / "c.db", settings).__aenter__()
    assert refused.value.code.value == "MHV-001"


async def test_a_thread_of_which_nothing_is_stored(adapter: LangGraphAdapter, project: Path) -> None:
    assert await adapter.checkpoints("none") == []
    assert await adapter.questions("none", "graphs.py:line") == {
        "questions": [],
        "next": [],
        "finished": False,
    }
    with pytest.raises(AdapterError, match="no checkpoint yet"):
        await adapter.state("none", "graphs.py:line")
    await adapter.execute({"spec": "graphs.py:line", "thread_id": "t"})
    with pytest.raises(AdapterError, match="no checkpoint x"):
        await adapter.state("t", "graphs.py:line", "x")
    unopened = LangGraphAdapter(project, project / "never.db")
    assert await unopened.checkpoints("t") == []
    (project / "empty.db").touch()
    assert await LangGraphAdapter(project, project / "empty.db").checkpoints("t") == []


async def test_checkpoints_tell_what_comes_next_without_importing_anything(
    adapter: LangGraphAdapter,
) -> None:
    await adapter.execute({"spec": "graphs.py:fork_join", "input": {}, "thread_id": "t"})
    await adapter.execute({"spec": "graphs.py:spread", "input": {}, "thread_id": "s"})
    assert [c.next for c in await adapter.checkpoints("t")] == [["left", "right", "free"], ["__start__"]]
    assert [c.interrupts for c in await adapter.checkpoints("t")] == [2, 0]
    sends = [c.next for c in await adapter.checkpoints("s")]
    assert sends == [[], ["join"], ["work"] * 3, ["__start__"]]


async def test_a_join_comes_next_once_all_it_waits_for_are_done(adapter: LangGraphAdapter) -> None:
    graph: StateGraph[Any] = StateGraph(State)
    for name in ("x", "y", "slow", "z"):
        graph.add_node(name, lambda state: {})
    graph.add_edge(START, "x")
    graph.add_edge(START, "slow")
    graph.add_edge("slow", "y")
    graph.add_edge(["x", "y"], "z")
    await adapter.execute({"spec": "join", "graph": graph, "input": {"n": 1}, "thread_id": "t"})
    shown = [checkpoint.next for checkpoint in await adapter.checkpoints("t")]
    assert shown == [[], ["z"], ["y"], ["x", "slow"], ["__start__"]]
    assert created_at("not a uuid") == 0.0
    assert unpack("json", b"{}") == unpack("msgpack", b"\xc1") == {}


async def test_conflicting_parallel_writes_do_not_break_the_lists(adapter: LangGraphAdapter) -> None:
    graph = StateGraph(dict[str, Any])
    for name in ("x", "y"):
        graph.add_node(name, lambda state, name=name: {"from": name})
        graph.add_edge(START, name)
    failed = await adapter.execute({"spec": "conflict", "graph": graph, "input": {"n": 1}, "thread_id": "t"})
    assert failed["status"] == "error"
    assert (await adapter.questions("t", "conflict"))["finished"] is False
    assert (await adapter.state("t", "conflict")).values is not None


async def test_a_full_disk_ends_the_run_alone_and_it_goes_on_later(project: Path) -> None:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("needs a small file system of its own")
    small = project / "small"
    small.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(small)], check=False)
    if made.returncode:
        pytest.skip("cannot mount")
    big = threading.Event()

    def fill(state: dict[str, Any]) -> dict[str, Any]:
        return {"x": "x" * (10 if big.is_set() else 2_000_000)}

    graph: StateGraph[Any] = StateGraph(dict)
    graph.add_node("fill", fill)
    graph.add_edge(START, "fill")
    try:
        async with LangGraphAdapter(project, small / "c.db") as adapter:
            full = await adapter.execute(
                {"spec": "g", "graph": graph, "input": {}, "run_id": "r", "thread_id": "t"}
            )
            assert (full["status"], full["error"]["code"]) == ("error", "MHV-006")
            other = await adapter.execute({"spec": "graphs.py:line", "input": {}})
            assert other["status"] == "success"
            big.set()
            again = await adapter.start(RunRequest("r", "t", "g", 2, "continue"))
            assert (await again)["status"] == "success"
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


async def test_durability_exit_stores_at_the_end_and_reports_the_answer_then(project: Path) -> None:
    notices: list[dict[str, Any]] = []
    settings = EngineSettings(durability="exit")
    async with LangGraphAdapter(project, project / "c.db", settings, notices.append) as adapter:
        asked = await adapter.execute(
            {"spec": "graphs.py:asking", "input": {}, "run_id": "r", "thread_id": "t"}
        )
        assert asked["status"] == "interrupted"
        question = asked["questions"][0]
        answers = (Answer(question["interrupt_id"], question["hash"], "yes"),)
        going = await adapter.start(RunRequest("r", "t", "graphs.py:asking", 2, "continue", answers=answers))
        assert (await going)["status"] == "success"
        assert [n["applied"] for n in notices if n["ev"] == "answers"] == [[question["interrupt_id"]]]


def test_importing_the_package_imports_no_engine() -> None:
    code = (
        "import sys, mahavishnu_tui.engines as e\n"
        "assert 'langgraph' not in sys.modules\n"
        "try:\n    e.Nothing\nexcept AttributeError:\n    pass\n"
        "e.AdapterError\nassert 'langgraph' not in sys.modules\n"
        "e.LangGraphAdapter\nassert 'langgraph' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
