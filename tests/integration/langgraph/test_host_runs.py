"""Runs in a real host: the path, failures, routes, exits, limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from .hosttalk import HostError, HostTalk

pytestmark = pytest.mark.asyncio(loop_scope="package")


def ran(project: Path) -> list[str]:
    file = project / "ran.log"
    return file.read_text().split("\n")[:-1] if file.exists() else []


async def test_a_line_succeeds_with_its_path_values_and_steps(talk: HostTalk) -> None:
    await talk.run("graphs.py:line", input={"n": 1})
    finished = await talk.finished()
    assert finished["status"] == "success"
    assert finished["values"] == {"log": ["a", "b", "c"], "n": 1}
    assert finished["path"] == ["a", "b", "c"]
    visits = talk.visits()
    assert [v["number"] for v in visits] == [1, 2, 3]
    assert all(v["outcome"] == "success" and v["started_at"] <= v["ended_at"] for v in visits)
    assert all(v["lease"] == 1 for v in visits)
    steps = [n for n in talk.notices if n["ev"] == "step"]
    assert [n["next"] for n in steps] == [[], ["a"], ["b"], ["c"], []]
    listed = await talk.ask("checkpoints", thread_id="t1", spec="graphs.py:line", limit=100, before="")
    assert [c["id"] for c in reversed(listed)] == [n["checkpoint_id"] for n in steps]


async def test_retries_are_visits_of_one_task(talk: HostTalk) -> None:
    await talk.run("graphs.py:retrying")
    assert (await talk.finished())["status"] == "success"
    visits = talk.visits()
    assert [(v["attempt"], v["outcome"]) for v in visits] == [(1, "retried"), (2, "retried"), (3, "success")]
    assert len({v["task_id"] for v in visits}) == 1
    assert visits[0]["error"] == "ConnectionError: try 1"
    assert visits[2]["error"] is None


async def test_send_branches_are_told_apart(talk: HostTalk) -> None:
    await talk.run("graphs.py:spread")
    assert (await talk.finished())["status"] == "success"
    assert talk.path() == ["work:success"] * 3 + ["join:success"]
    assert sorted(v["branch"] for v in talk.visits()) == ["", "send:0", "send:1", "send:2"]


async def test_a_cached_node_is_a_cached_visit(talk: HostTalk, project: Path) -> None:
    await talk.run("graphs.py:cached")
    await talk.finished()
    await talk.run("graphs.py:cached", run_id="r2", thread_id="t2")
    await talk.finished("r2")
    assert talk.path("r2") == ["once:cached", "after:success"]
    assert ran(project) == ["once", "after", "after"]


async def test_a_failure_names_the_node_and_a_continue_runs_only_what_is_left(
    talk: HostTalk, project: Path
) -> None:
    await talk.run("graphs.py:failing")
    finished = await talk.finished()
    error = finished["error"]
    assert finished["status"] == "error"
    assert error["code"] == "MHV-426"
    assert error["node"] == "boom"
    assert error["exception"] == "RuntimeError"
    assert "\x1b" not in error["message"]
    assert "graphs.py" in error["detail"]
    assert talk.path() == ["a:success", "boom:error"]
    (project / "repaired").touch()
    await talk.run("graphs.py:failing", mode="continue", lease=2, next_visit=3)
    assert (await talk.finished(lease=2))["status"] == "success"
    assert ran(project) == ["a", "boom", "c"]
    assert talk.path() == ["a:success", "boom:error", "boom:success", "c:success"]
    assert talk.visits()[1]["task_id"] == talk.visits()[2]["task_id"]


async def test_siblings_of_a_failure_are_cancelled_and_finished_ones_kept(
    talk: HostTalk, project: Path
) -> None:
    await talk.run("graphs.py:siblings")
    finished = await talk.finished()
    assert finished["status"] == "error"
    outcomes = {v["node"]: v["outcome"] for v in talk.visits()}
    assert outcomes["boom"] == "error"
    assert outcomes["slow"] == "cancelled"
    assert finished["error"]["node"] == "boom"


async def test_an_error_handler_is_a_visit_of_its_own(talk: HostTalk) -> None:
    await talk.run("graphs.py:handled")
    assert (await talk.finished())["status"] == "success"
    assert talk.path() == ["boom:error", "__error_handler__boom:success"]


async def test_an_error_handler_takes_over_a_route_to_nowhere_too(talk: HostTalk) -> None:
    await talk.run("graphs.py:bad_handled")
    assert (await talk.finished())["status"] == "success"
    assert talk.path() == ["a:error", "__error_handler__a:success"]
    assert talk.visits()[0]["error"].endswith("which does not exist; the graph has: a, b")


@pytest.mark.parametrize("name", ["bad_route", "bad_send", "bad_fan", "bad_goto"])
async def test_a_route_to_nowhere_fails_its_node_and_commits_nothing(
    talk: HostTalk, project: Path, name: str
) -> None:
    spec = f"graphs.py:{name}"
    await talk.run(spec)
    finished = await talk.finished()
    assert finished["status"] == "error"
    assert finished["error"]["code"] == "MHV-425"
    assert finished["error"]["node"] == "a"
    assert finished["error"]["target"] == "nowhere"
    assert "a, b" in finished["error"]["hint"]
    assert talk.path() == ["a:error"]
    stored = await talk.ask("questions", thread_id="t1", spec=spec)
    assert (stored["next"], stored["finished"]) == (["a"], False)
    (project / "repaired").touch()
    await talk.run(spec, mode="continue", lease=2, next_visit=2)
    assert (await talk.finished(lease=2))["status"] == "success"
    first = "goto" if name == "bad_goto" else "a"
    assert ran(project)[:2] == [first, first]
    assert set(ran(project)[2:]) == {"b"}


@pytest.mark.parametrize(("name", "node"), [("bad_sub", "sub/a"), ("bad_parent", "sub")])
async def test_a_route_to_nowhere_in_and_out_of_a_subgraph(
    talk: HostTalk, project: Path, name: str, node: str
) -> None:
    spec = f"graphs.py:{name}"
    await talk.run(spec)
    finished = await talk.finished()
    assert (finished["status"], finished["error"]["code"]) == ("error", "MHV-425")
    assert finished["error"]["node"] == node
    (project / "repaired").touch()
    await talk.run(spec, mode="continue", lease=2, next_visit=9)
    assert (await talk.finished(lease=2))["status"] == "success"
    assert ran(project)[-1] == "b"


@pytest.mark.parametrize(
    ("name", "node"),
    [
        ("exits", "leave"),
        ("exits_sync", "leave"),
        ("exits_nested", "sub/leave"),
        ("keyboard", "leave"),
    ],
)
async def test_sys_exit_ends_its_own_run_alone(talk: HostTalk, project: Path, name: str, node: str) -> None:
    await talk.run("graphs.py:waiting", run_id="other", thread_id="t2")
    await talk.until(lambda n: n["ev"] == "visit" and n["visit"]["node"] == "waits")
    await talk.run(f"graphs.py:{name}")
    finished = await talk.finished()
    assert finished["status"] == "error"
    assert finished["error"]["code"] == "MHV-427"
    assert finished["error"]["node"] == node
    assert [p for p in talk.path() if p.startswith(node)] == [f"{node}:error"]
    (project / "go").touch()
    assert (await talk.finished("other"))["status"] == "success"


async def test_a_loop_without_end_is_named(talk: HostTalk) -> None:
    await talk.run("graphs.py:looping", config={"recursion_limit": 12})
    finished = await talk.finished()
    assert finished["status"] == "error"
    assert finished["error"]["code"] == "MHV-428"
    assert "count" in finished["error"]["message"]
    assert "check" in finished["error"]["message"]
    assert "12 steps" in finished["error"]["message"]


async def test_unserialisable_state_names_its_key(talk: HostTalk) -> None:
    await talk.run("graphs.py:unstorable")
    finished = await talk.finished()
    assert finished["status"] == "error"
    assert finished["error"]["code"] == "MHV-432"
    assert "'answer'" in finished["error"]["message"]
    assert "lock" in finished["error"]["message"]


async def test_input_that_does_not_fit_is_bad_input(talk: HostTalk) -> None:
    await talk.run("graphs.py:line", input=[1, 2])
    finished = await talk.finished()
    assert (finished["status"], finished["error"]["code"]) == ("error", "MHV-429")


async def test_twenty_synchronous_nodes_run_at_once(talk: HostTalk) -> None:
    await talk.run("graphs.py:sync_many")
    assert (await talk.finished())["status"] == "success"
    visits = talk.visits()
    assert max(v["ended_at"] for v in visits) - min(v["started_at"] for v in visits) < 20 * 0.2 / 2


async def test_edges_that_nobody_declared_are_reported_once(talk: HostTalk, project: Path) -> None:
    (project / "repaired").touch()
    for number in (1, 2):
        await talk.run("graphs.py:bad_goto", run_id=f"r{number}", thread_id=f"t{number}")
        await talk.finished(f"r{number}")
    await talk.run("graphs.py:bad_sub", run_id="r3", thread_id="t3")
    await talk.finished("r3")
    edges = [
        (n["spec"].rpartition("/")[2], n["namespace"], n["source"], n["target"])
        for n in talk.notices
        if n["ev"] == "edge"
    ]
    assert ("graphs.py:bad_goto", "", "a", "b") in edges
    assert ("graphs.py:bad_sub", "sub", "a", "b") in edges
    assert len(edges) == len(set(edges))


async def test_what_cannot_be_loaded_or_asked_is_refused(talk: HostTalk) -> None:
    with pytest.raises(HostError) as unknown:
        await talk.run("graphs.py:none_such")
    assert unknown.value.code == "MHV-422"
    with pytest.raises(HostError) as operation:
        await talk.ask("dance")
    assert operation.value.code == "MHV-010"
    with pytest.raises(HostError) as missing:
        await talk.ask("run", spec="graphs.py:line")
    assert missing.value.code == "MHV-010"
    with pytest.raises(HostError) as nobody:
        await talk.ask("cancel", run_id="r9", lease=1)
    assert nobody.value.code == "MHV-100"
