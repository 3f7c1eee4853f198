import sys
from subprocess import run as run_process
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.client import mirror as mirror_module
from mahavishnu_tui.client.mirror import EVERYTHING, Mirror
from mahavishnu_tui.models import Approval, Host, Need, NodeVisit, Run, ServerInfo, Workflow


def server(state: str = "ready") -> dict[str, Any]:
    return ServerInfo("0.1", 1, "e", 0.0, 0, "/d", "/s", "/l", state).to_json()  # type: ignore[arg-type]


def snapshot(seq: int = 0, epoch: str = "e", **lists: list[dict[str, Any]]) -> dict[str, Any]:
    empty: dict[str, Any] = {"runs": [], "approvals": [], "workflows": [], "hosts": []}
    return {"type": "snapshot", "epoch": epoch, "seq": seq, "server": server(), **empty, **lists}


def run(name: str, status: str = "running", created_at: float = 0.0, version: int = 1) -> dict[str, Any]:
    return Run(name, name, "t", "w", "flow", status, created_at, version=version).to_json()  # type: ignore[arg-type]


def approval(name: str, status: str = "pending") -> dict[str, Any]:
    return Approval(name, "r", "r", "w", "t", "i", "n", "", "?", "h", 0.0, status=status).to_json()  # type: ignore[arg-type]


def visit(number: int, run_id: str = "r", outcome: str = "running") -> NodeVisit:
    return NodeVisit(run_id, number, "n", "task", 1, 0.0, outcome)  # type: ignore[arg-type]


def event(seq: int, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"type": "event", "seq": seq, "at": 0.0, "kind": kind, "key": data.get("id", ""), "data": data}


def known(mirror: Mirror) -> dict[str, Any]:
    names = ("runs", "approvals", "workflows", "hosts", "seq", "epoch")
    counts = ("running", "failed", "waiting", "queued")
    return {name: getattr(mirror, name) for name in names + counts}


RUNS = st.builds(run, st.sampled_from("abc"), st.sampled_from(["queued", "running", "error", "success"]))
APPROVALS = st.builds(approval, st.sampled_from("xyz"), st.sampled_from(["pending", "answered", "applied"]))
CHANGES = st.one_of(st.tuples(st.just("run"), RUNS), st.tuples(st.just("approval"), APPROVALS))


@given(changes=st.lists(CHANGES, max_size=30), data=st.data())
def test_breaks_and_repetitions_change_nothing(
    changes: list[tuple[str, dict[str, Any]]], data: st.DataObject
) -> None:
    events = [event(seq, kind, item) for seq, (kind, item) in enumerate(changes, 1)]
    straight = Mirror()
    for line in [snapshot(), *events]:
        straight.apply(line)

    broken = Mirror()
    broken.apply(snapshot())
    while broken.seq < len(events):
        # A reconnect may send again what was already here.
        start = data.draw(st.integers(0, broken.seq))
        end = data.draw(st.integers(broken.seq + 1, len(events)))
        for line in events[start:end]:
            broken.apply(line)
            broken.apply({"type": "beat", "seq": broken.seq})
    assert known(broken) == known(straight)


@given(changes=st.lists(CHANGES, max_size=30), cut=st.integers(0, 30))
def test_a_snapshot_is_worth_the_events_before_it(
    changes: list[tuple[str, dict[str, Any]]], cut: int
) -> None:
    events = [event(seq, kind, item) for seq, (kind, item) in enumerate(changes, 1)]
    cut = min(cut, len(events))
    straight = Mirror()
    for line in [snapshot(), *events]:
        straight.apply(line)
    half = Mirror()
    for line in [snapshot(), *events[:cut]]:
        half.apply(line)
    late = Mirror()
    lists = {
        "runs": [item.to_json() for item in half.runs.values()],
        "approvals": [item.to_json() for item in half.approvals.values()],
    }
    assert late.apply(snapshot(cut, **lists)) == {EVERYTHING}
    for line in events[cut:]:
        late.apply(line)
    assert known(late) == known(straight)


def test_it_says_what_changed() -> None:
    mirror = Mirror()
    mirror.apply(snapshot())
    assert mirror.apply(event(1, "run", run("a"))) == {("run", "a")}
    assert mirror.apply(event(1, "run", run("a"))) == set()
    assert mirror.apply(event(2, "approval", approval("x"))) == {("approval", "x")}
    workflow = Workflow("w", "flow", "f.py", {}, 0.0).to_json()
    assert mirror.apply(event(3, "workflow", workflow)) == {("workflow", "w")}
    host = Host("h", "p", "/", "python", "ready").to_json()
    assert mirror.apply(event(4, "host", host)) == {("host", "h")}
    assert mirror.apply(event(5, "server", server("draining"))) == {("server", "server")}
    assert mirror.server is not None
    assert mirror.server.state == "draining"
    assert mirror.apply(event(6, "weather", {"id": "sun"})) == set()
    assert mirror.apply({"type": "beat", "seq": 6}) == set()
    assert mirror.apply({"type": "news"}) == set()
    assert mirror.seq == 6
    assert set(mirror.workflows) | set(mirror.hosts) == {"w", "h"}


def test_visits_are_kept_of_watched_runs_alone() -> None:
    mirror = Mirror()
    mirror.apply(snapshot())
    assert mirror.apply(event(1, "visit", visit(1).to_json())) == set()
    mirror.watch("r")
    assert mirror.apply(event(2, "visit", visit(2, outcome="success").to_json())) == {("visit", "r#2")}
    # The reply was asked for before the event, and arrives after it.
    mirror.watch("r", [visit(1, outcome="success"), visit(2)])
    assert {number: item.outcome for number, item in mirror.visits["r"].items()} == {
        1: "success",
        2: "success",
    }
    mirror.unwatch("r")
    mirror.unwatch("r")
    assert mirror.visits == {}


def test_another_database_takes_the_visits_away() -> None:
    mirror = Mirror()
    mirror.apply(snapshot(epoch="one"))
    mirror.watch("r", [visit(1)])
    mirror.apply(snapshot(epoch="one"))
    assert mirror.visits == {"r": {1: visit(1)}}
    mirror.apply(snapshot(epoch="two"))
    assert mirror.visits == {"r": {}}


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror_module, "KEPT_RUNS", 6)
    monkeypatch.setattr(mirror_module, "TRIMMED_RUNS", 3)


@pytest.mark.usefixtures("_small")
def test_the_oldest_finished_runs_are_forgotten_and_nothing_else() -> None:
    mirror = Mirror()
    mirror.apply(snapshot(runs=[run("old", "running", 0.0)]))
    for number in range(1, 6):
        mirror.apply(event(number, "run", run(str(number), "error", float(number))))
    changes = mirror.apply(event(6, "run", run("6", "success", 6.0)))
    assert set(mirror.runs) == {"old", "5", "6"}
    assert changes == {("run", name) for name in ("1", "2", "3", "4", "6")}
    assert (mirror.failed, mirror.running) == (1, 1)
    assert not mirror.whole, "there may be more"


def test_importing_it_costs_nothing() -> None:
    code = (
        "import sys; import mahavishnu_tui.client.mirror, mahavishnu_tui.client.feed;"
        "print([m for m in ('httpx', 'orjson', 'pydantic', 'textual') if m in sys.modules])"
    )
    done = run_process([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_beat_tells_what_no_event_can() -> None:
    mirror = Mirror()
    mirror.apply(snapshot())
    assert mirror.apply({"type": "beat", "seq": 0, "note": "the disk is full"}) == {("server", "server")}
    assert mirror.server is not None
    assert mirror.server.note == "the disk is full"
    assert mirror.apply({"type": "beat", "seq": 0, "note": "the disk is full"}) == set()
    assert mirror.apply({"type": "beat", "seq": 0}) == set()
    assert mirror.apply({"type": "beat", "seq": 0, "note": ""}) == {("server", "server")}


def test_needs_come_with_the_snapshot_and_go_with_an_event_that_says_why() -> None:
    mirror = Mirror()
    mirror.apply(snapshot())
    assert (mirror.needs, mirror.needed) == (None, 0), "an older server tells of none"
    mirror.apply(snapshot(needs=[need("failure:a").to_json()]))
    assert mirror.needed == 1
    assert mirror.apply(need_event(1, need("approval:b"))) == {("need", "approval:b")}
    assert mirror.needs is not None
    assert set(mirror.needs) == {"failure:a", "approval:b"}
    mirror.apply(need_event(2, need("failure:a").replace(gone="seen by ana")))
    assert set(mirror.needs) == {"approval:b"}


def need(key: str) -> Need:
    return Need(key=key, kind=key.partition(":")[0], what="w", where="r", since=1.0)  # type: ignore[arg-type]


def need_event(seq: int, told: Need) -> dict[str, Any]:
    return event(seq, "need", told.to_json())
