"""Comparing, searching, editing, marking, measuring and pruning, on real graphs and a real file."""

from __future__ import annotations

import contextlib
import operator
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from langgraph.graph import START, StateGraph
from typing_extensions import TypedDict

from mahavishnu_tui.engines import AdapterError, LangGraphAdapter, WorkflowError
from mahavishnu_tui.engines.langgraph.checkpoints import created_at
from mahavishnu_tui.engines.langgraph.edits import COPY, END
from mahavishnu_tui.engines.langgraph.pruning import Candidate, Policy
from mahavishnu_tui.engines.langgraph.requests import Answer, RunRequest
from mahavishnu_tui.models import Checkpoint, ErrorCode, MahavishnuError
from mahavishnu_tui.models.diff import StateDiff
from mahavishnu_tui.models.edit import StateEdit


class Both(TypedDict, total=False):
    seen: Annotated[list[int], operator.add]


ASKING = "graphs.py:asking"


@pytest.fixture
async def adapter(project: Path) -> AsyncIterator[LangGraphAdapter]:
    async with LangGraphAdapter(project, project / "c.db") as opened:
        yield opened


@pytest.fixture
async def asked(adapter: LangGraphAdapter) -> list[Checkpoint]:
    """A thread `t` that waits for an answer; its checkpoints."""
    result = await adapter.execute({"spec": ASKING, "input": {"n": 1}, "thread_id": "t"})
    assert result["status"] == "interrupted"
    return await adapter.checkpoints("t")


def order(values: Any = None, **rest: Any) -> StateEdit:
    return StateEdit(values, **rest)


async def edit(adapter: LangGraphAdapter, wanted: StateEdit, lease: int = 2, intent: str = "i") -> Any:
    request = RunRequest("r", "t", ASKING, lease, "edit", edit=wanted, intent=intent)
    return await (await adapter.start(request))


async def refusal(work: Any) -> MahavishnuError:
    with pytest.raises(MahavishnuError) as found:
        await work
    return found.value


@pytest.mark.usefixtures("asked")
async def test_a_preview_shows_what_the_reducers_make_and_writes_nothing(adapter: LangGraphAdapter) -> None:
    before = await adapter.checkpoints("t")
    preview = await adapter.curator.preview(ASKING, "t", order({"n": 5, "log": ["x"]}))
    changes = [
        (change.path, change.kind, change.after) for change in StateDiff.from_json(preview.diff).listed
    ]
    assert changes == [(["log", 1], "added", "x"), (["n"], "changed", 5)]
    assert (preview.as_node, preview.next) == ("first", ["ask"])
    assert "ask asks" in preview.drops[0]
    assert await adapter.checkpoints("t") == before


@pytest.mark.parametrize(
    ("wanted", "code", "text"),
    [
        (order({"zz": 5}), ErrorCode.EDIT_INVALID, "answer, log, n"),
        (order({}), ErrorCode.EDIT_INVALID, "at least one key"),
        (order({"n": 5}, as_node="nobody"), ErrorCode.EDIT_INVALID, "ask, first, last"),
        (order({"log": 3}), ErrorCode.EDIT_INVALID, "fails as 'first'"),
        (order({"n": 5}, seen="another"), ErrorCode.CHECKPOINT_MOVED, "has gone on"),
        (order({"n": 5}, checkpoint_id="none"), ErrorCode.CHECKPOINT_UNKNOWN, "no checkpoint none"),
        (order({"n": 5}, as_node=COPY), ErrorCode.EDIT_INVALID, "takes no values"),
        (order({"n": 5}, as_node=END), ErrorCode.EDIT_INVALID, "takes no values"),
    ],
)
@pytest.mark.usefixtures("asked")
async def test_what_the_graph_would_drop_in_silence_is_refused(
    adapter: LangGraphAdapter, wanted: StateEdit, code: ErrorCode, text: str
) -> None:
    error = await refusal(adapter.curator.preview(ASKING, "t", wanted))
    assert error.code is code
    assert text in str(error)
    finished = await edit(adapter, wanted)
    assert finished["edited"]["error"]["code"] == code.value
    assert finished["status"] == "interrupted"  # as before: its question is still open
    assert len(await adapter.checkpoints("t")) == 3


async def test_an_edit_is_stored_once_however_often_it_is_dispatched(
    adapter: LangGraphAdapter, asked: list[Checkpoint]
) -> None:
    wanted = order({"n": 7}, seen=asked[0].id, label="mended")
    finished = await edit(adapter, wanted)
    assert (finished["status"], finished["values"]["n"]) == ("paused", 7)
    again = await edit(adapter, wanted, lease=3)
    assert again["edited"] == finished["edited"]
    latest = (await adapter.checkpoints("t"))[0]
    assert (latest.id, latest.label) == (finished["edited"]["checkpoint_id"], "mended")
    assert (latest.source, latest.parent_id) == ("update", asked[0].id)
    # the question comes anew, with the value of now
    resumed = await (await adapter.start(RunRequest("r", "t", ASKING, 4, "continue")))
    assert resumed["questions"][0]["value"] == {"question": "go on with 7?"}


async def test_a_rewind_makes_an_older_checkpoint_the_latest_and_keeps_the_branch(
    adapter: LangGraphAdapter, asked: list[Checkpoint]
) -> None:
    target = asked[1]
    preview = await adapter.curator.preview(ASKING, "t", order(None, as_node=COPY, checkpoint_id=target.id))
    assert [change.path for change in StateDiff.from_json(preview.diff).listed] == [["log", 0]]
    assert preview.next == target.next
    finished = await edit(adapter, order(None, as_node=COPY, checkpoint_id=target.id))
    assert finished["status"] == "paused"
    found = await adapter.checkpoints("t")
    assert (found[0].parent_id, found[0].next, found[0].changed) == (target.id, target.next, [])
    assert [item.branch for item in found] == ["", "b1", "", ""]
    compared = await adapter.curator.diff(ASKING, "t", target.id, found[0].id)
    assert compared["diff"]["changes"] == []
    assert [item.id for item in await adapter.list_checkpoints("t", "left")] == [asked[0].id]
    assert len(await adapter.list_checkpoints("t", "active")) == 3
    resumed = await (await adapter.start(RunRequest("r", "t", ASKING, 3, "continue")))
    assert resumed["status"] == "interrupted"
    assert resumed["path"] == ["first", "ask"]


@pytest.mark.usefixtures("asked")
async def test_a_thread_can_be_ended_by_hand(adapter: LangGraphAdapter) -> None:
    preview = await adapter.curator.preview(ASKING, "t", order(None, as_node=END))
    assert preview.next == []
    assert (await edit(adapter, order(None, as_node=END)))["status"] == "success"


async def test_checkpoints_by_hand_for_the_library(
    adapter: LangGraphAdapter, asked: list[Checkpoint]
) -> None:
    made = await adapter.create_checkpoint("t", ASKING, {"n": 9}, "first", {"label": "mine"})
    view = await adapter.load_checkpoint("t", ASKING, made)
    assert view.values["n"] == 9
    copied = await adapter.create_checkpoint("t", ASKING)
    latest = (await adapter.list_checkpoints("t"))[0]
    assert (latest.id, latest.parent_id) == (copied, made)
    assert await adapter.list_checkpoints("t", "kept") == []
    error = await refusal(adapter.create_checkpoint("nowhere", ASKING, {"n": 1}, "first"))
    assert error.code is ErrorCode.CHECKPOINT_UNKNOWN


async def test_an_edit_that_several_nodes_could_stand_for_asks_which(adapter: LangGraphAdapter) -> None:
    graph: StateGraph[Any] = StateGraph(Both)
    for name in ("left", "right"):
        graph.add_node(name, lambda state: {"seen": [1]})
        graph.add_edge(START, name)
    await adapter.execute({"spec": "both", "graph": graph, "input": {}, "thread_id": "b"})
    error = await refusal(adapter.curator.preview("both", "b", order({"seen": [2]})))
    assert error.code is ErrorCode.EDIT_INVALID
    assert "Name the node: left, right" in error.hint
    preview = await adapter.curator.preview("both", "b", order({"seen": [2]}, as_node="left"))
    assert StateDiff.from_json(preview.diff).added == 1


async def test_two_threads_are_compared_and_the_first_checkpoint_has_no_parent(
    adapter: LangGraphAdapter, asked: list[Checkpoint]
) -> None:
    await adapter.execute({"spec": "graphs.py:line", "input": {"n": 2}, "thread_id": "u"})
    compared = await adapter.curator.diff(ASKING, "t", "latest", "latest", "graphs.py:line", "u")
    paths = [change["path"] for change in compared["diff"]["changes"]]
    assert ["n"] in paths
    first = await adapter.curator.diff(ASKING, "t", "parent", asked[-1].id)
    assert first["before"] == ""
    error = await refusal(adapter.curator.diff(ASKING, "t", "parent", "nothing"))
    assert error.code is ErrorCode.CHECKPOINT_UNKNOWN


async def test_a_text_is_found_by_value_key_and_path(
    adapter: LangGraphAdapter, asked: list[Checkpoint]
) -> None:
    found = await adapter.curator.search("t", "FIRST")
    assert [(match["checkpoint_id"], match["places"]) for match in found.matches] == [
        (asked[0].id, [["log[0]", "first"]])
    ]
    assert (found.scanned, found.before) == (3, "")
    assert (await adapter.curator.search("t", "first", "other")).matches == []
    by_key = await adapter.curator.search("t", "log")
    assert by_key.matches[0]["places"][0] == ["log", "(the key)"]
    page = await adapter.curator.search("t", "1", "n", limit=1)
    assert (len(page.matches), bool(page.before)) == (1, True)
    rest = await adapter.curator.search("t", "1", "n", page.before)
    assert rest.matches[0]["checkpoint_id"] != page.matches[0]["checkpoint_id"]


def spoil(path: Path, thread_id: str) -> None:
    """What a foreign program may leave: blobs that are no checkpoints, metadata that is no JSON."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        insert = "INSERT INTO checkpoints VALUES (?, '', ?, NULL, ?, ?, ?)"
        connection.execute(insert, (thread_id, "0001", "msgpack", b"\xc1\xff", b"{no"))
        connection.execute(insert, (thread_id, "0002", "pickle", b"x", None))
        connection.execute(insert, (thread_id, "0003", "msgpack", b"\x93\x01\x02\x03", b"[1]"))


@pytest.mark.usefixtures("asked")
async def test_foreign_blobs_break_no_list(adapter: LangGraphAdapter, project: Path) -> None:
    spoil(project / "c.db", "t")
    assert [item.id for item in await adapter.checkpoints("t")][-3:] == ["0003", "0002", "0001"]
    assert (await adapter.curator.search("t", "first")).scanned == 6
    sizes = await adapter.curator.sizes()
    assert sizes["threads"][0]["checkpoints"] == 6
    plan = await adapter.curator.prune([Candidate("t", ended=True)], Policy())
    assert plan.checkpoints == 5


async def test_tags_and_pins_stay_and_are_listed(
    adapter: LangGraphAdapter, asked: list[Checkpoint], project: Path
) -> None:
    curator = adapter.curator
    await curator.tag("t", asked[1].id, " good ", "ana", "before the change")
    await curator.pin("t", True, "ana")
    assert (await curator.sizes("t"))["threads"][0]["pinned"]
    async with LangGraphAdapter(project, project / "c.db") as other:
        found = (await other.checkpoints("t"))[1]
        assert (found.tags, found.note) == (["good"], "before the change")
        assert [item.id for item in await other.list_checkpoints("t", "kept")] == [asked[1].id]
    await curator.untag("t", asked[1].id, "good")
    await curator.pin("t", False, "ana")
    assert (await adapter.checkpoints("t"))[1].tags == []
    for wrong in (curator.tag("t", "none", "x", "ana"), curator.untag("t", asked[1].id, "good")):
        assert (await refusal(wrong)).code is ErrorCode.CHECKPOINT_UNKNOWN
    assert (await refusal(curator.tag("t", asked[0].id, "  ", "ana"))).code is ErrorCode.BAD_INPUT


def ids(path: Path, thread_id: str) -> list[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(
            "SELECT checkpoint_ns, checkpoint_id FROM checkpoints WHERE thread_id = ?", (thread_id,)
        ).fetchall()


async def test_pruning_a_thread_with_subgraphs_leaves_what_it_goes_on_with(
    adapter: LangGraphAdapter, project: Path
) -> None:
    spec = "graphs.py:nested"
    result = await adapter.execute({"spec": spec, "input": {"n": 1}, "thread_id": "s", "run_id": "r"})
    plan = await adapter.curator.prune([Candidate("s")], Policy())
    assert plan.kept == ["Thread s waits for an answer."]
    plan = await adapter.curator.prune([Candidate("s", ended=True)], Policy(), dry=False, expect=2)
    assert (plan.checkpoints, plan.done) == (2, True)
    question = result["questions"][0]
    answers = (Answer(question["interrupt_id"], question["hash"], "yes"),)
    finished = await (await adapter.start(RunRequest("r", "s", spec, 2, "continue", answers=answers)))
    assert (finished["status"], finished["values"]["answer"]) == ("success", "yes")
    await adapter.curator.prune([Candidate("s", ended=True)], Policy(), dry=False)
    assert len(ids(project / "c.db", "s")) == 1
    with contextlib.closing(sqlite3.connect(project / "c.db")) as connection:
        assert connection.execute("SELECT count(*) FROM writes").fetchone() == (0,)


async def test_pruned_branches_stay_told_apart(adapter: LangGraphAdapter) -> None:
    await adapter.execute({"spec": "graphs.py:line", "input": {}, "thread_id": "t"})
    found = await adapter.checkpoints("t")
    await adapter.curator.tag("t", found[-1].id, "start", "ana")
    await adapter.curator.prune([Candidate("t", ended=True)], Policy(), dry=False)
    left = await adapter.checkpoints("t")
    assert [(item.id, item.parent_id, item.branch) for item in left] == [
        (found[0].id, found[-1].id, ""),
        (found[-1].id, None, ""),
    ]


async def test_age_and_agreed_number_decide(adapter: LangGraphAdapter) -> None:
    await adapter.execute({"spec": "graphs.py:line", "input": {}, "thread_id": "t"})
    here = [Candidate("t", ended=True)]
    assert (await adapter.curator.prune(here, Policy(older_than=3600))).checkpoints == 0
    assert (await adapter.curator.prune(here, Policy(keep_last=3))).checkpoints == 2
    error = await refusal(adapter.curator.prune(here, Policy(), dry=False, expect=99))
    assert error.code is ErrorCode.CHECKPOINT_MOVED
    assert len(await adapter.checkpoints("t")) == 5
    assert created_at((await adapter.checkpoints("t"))[0].id) > 0


async def test_a_thread_that_was_taken_up_or_stores_deltas_is_left_alone(
    adapter: LangGraphAdapter, project: Path
) -> None:
    await adapter.execute({"spec": "graphs.py:line", "input": {}, "thread_id": "t"})
    old = Candidate("t", lease=0, ended=True)
    assert "taken up" in (await adapter.curator.prune([old], Policy())).kept[0]
    error = await refusal(adapter.curator.delete_thread(old))
    assert error.code is ErrorCode.THREAD_KEPT
    with contextlib.closing(sqlite3.connect(project / "c.db")) as connection, connection:
        connection.execute("UPDATE checkpoints SET metadata = ?", (b'{"counters_since_delta_snapshot": {}}',))
    plan = await adapter.curator.prune([Candidate("t", ended=True)], Policy(), dry=False)
    assert "DeltaChannel" in plan.kept[0]
    assert len(await adapter.checkpoints("t")) == 5
    error = await refusal(adapter.curator.preview("graphs.py:line", "t", order({"n": 1})))
    assert "DeltaChannel" in error.message


async def test_a_deleted_thread_is_gone_and_its_room_given_back(
    adapter: LangGraphAdapter, project: Path
) -> None:
    await adapter.execute({"spec": "graphs.py:line", "input": {"answer": "x" * 500_000}, "thread_id": "t"})
    await adapter.curator.tag("t", (await adapter.checkpoints("t"))[0].id, "good", "ana")
    before = (await adapter.curator.sizes())["file"]
    assert await adapter.curator.delete_thread(Candidate("t")) == 5
    assert await adapter.checkpoints("t") == []
    after = await adapter.curator.sizes()
    assert after["threads"] == []
    assert after["file"] < before / 10


async def test_an_edit_of_a_graph_that_fails_in_its_route_is_refused(adapter: LangGraphAdapter) -> None:
    await adapter.execute({"spec": "graphs.py:bad_route", "input": {}, "thread_id": "t"})
    found = await adapter.checkpoints("t")
    with pytest.raises((WorkflowError, AdapterError)):
        await adapter.curator.preview("graphs.py:bad_route", "t", order({"n": 1}, as_node="nobody"))
    assert await adapter.checkpoints("t") == found
