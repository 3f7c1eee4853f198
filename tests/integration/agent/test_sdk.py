"""The official client drives a real server with real hosts."""

from __future__ import annotations

import asyncio
import typing
import uuid
from typing import Any

import pytest
from langgraph.pregel.remote import RemoteGraph
from langgraph.types import Command
from langgraph_sdk import schema
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import ConflictError, InternalServerError, NotFoundError, UnprocessableEntityError

from tests.integration.agent.conftest import GRAPHS, Agents, Desk, over_socket
from tests.integration.server.conftest import eventually as soon

pytestmark = pytest.mark.asyncio(loop_scope="module")


def fields(kind: Any) -> set[str]:
    """What their type says is always there."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return {name for name, hint in hints.items() if typing.get_origin(hint) is not typing.NotRequired}


async def told(stream: Any) -> list[tuple[str, Any]]:
    return [(part.event, part.data) async for part in stream]


async def eventually(question: Any) -> Any:
    """Patient: hosts share the machine with whatever else is tested."""
    return await soon(question, 60.0)


def dones(parts: list[Any]) -> int:
    """How many runs the stream of a thread has told to their end."""
    return sum(part.event == "metadata" and "status" in part.data for part in parts)


async def status_of(client: LangGraphClient, run: Any, *wanted: str) -> bool:
    return (await client.runs.get(run["thread_id"], run["run_id"]))["status"] in wanted


async def test_assistants_are_the_workflows(agents: Agents, desk: Desk) -> None:
    client = agents.client
    found = await client.assistants.search(sort_by="name", sort_order="asc")
    assert [item["name"] for item in found] == sorted(GRAPHS)
    assert fields(schema.Assistant) <= found[0].keys()
    asking = found[0]["assistant_id"]
    uuid.UUID(asking)
    assert await client.assistants.get(asking) == found[0]
    assert await client.assistants.count() == len(GRAPHS)
    assert await client.assistants.count(graph_id="short") == 1
    (paged,) = await client.assistants.search(limit=1, offset=4, sort_by="name", sort_order="asc")
    assert paged["name"] == "short"
    page = await client.assistants.search(limit=1, response_format="object")
    assert page["next"] == "1"
    (chosen,) = await client.assistants.search(graph_id="short", select=["name"])
    assert chosen == {"name": "short"}
    graph = await client.assistants.get_graph(asking)
    assert [node["id"] for node in graph["nodes"]] == ["__start__", "first", "ask", "last"]
    assert {"source": "first", "target": "ask"} in graph["edges"]
    schemas = await client.assistants.get_schemas(asking)
    assert fields(schema.GraphSchema) <= schemas.keys()
    assert "folder" in schemas["input_schema"]["properties"]
    assert await client.assistants.get_subgraphs(asking) == {}
    (version,) = await client.assistants.get_versions(asking)
    assert fields(schema.AssistantVersion) <= dict(version).keys()
    for refused in (
        client.assistants.create("asking"),
        client.assistants.delete(asking),
        client.assistants.update(asking, name="x"),
    ):
        with pytest.raises(InternalServerError, match="does not offer"):
            await refused
    assert await client.assistants.get("asking") == found[0]
    with pytest.raises(UnprocessableEntityError, match=r"no assistant 'askin'.*asking, both"):
        await client.assistants.get("askin")
    with pytest.raises(NotFoundError):
        await client.assistants.get(str(uuid.uuid4()))


async def test_threads_are_made_found_and_described(agents: Agents, desk: Desk) -> None:
    place, client = agents.place, agents.client
    first = await client.threads.create(metadata={"owner": "ana", "n": 1})
    assert fields(schema.Thread) <= dict(first).keys()
    thread = first["thread_id"]
    with pytest.raises(ConflictError, match="already exists"):
        await client.threads.create(thread_id=thread)
    again = await client.threads.create(thread_id=thread, if_exists="do_nothing")
    assert again["metadata"] == {"owner": "ana", "n": 1}
    await client.threads.create(metadata={"owner": "bo"})
    assert await client.threads.get_history(thread) == []
    assert (await client.threads.get_state(thread))["values"] == {}
    (mine,) = await client.threads.search(metadata={"owner": "ana"})
    assert (mine["thread_id"], mine["status"]) == (thread, "idle")
    assert await client.threads.count(metadata={"owner": "bo"}) == 1
    assert await client.threads.count(metadata={"owner": "nobody"}) == 0
    changed = await client.threads.update(thread, metadata={"n": 2, "more": True})
    assert changed["metadata"] == {"owner": "ana", "n": 2, "more": True}
    values = await client.runs.wait(thread, "short", input=desk.given)
    assert values["done"] == ["first", "last"]
    assert await client.threads.count(values=desk.given) == 1
    seen = await client.threads.get(thread)
    assert (seen["status"], seen["values"], seen["metadata"]["graph_id"]) == ("idle", values, "short")
    # A thread of a run that was started in the dashboard is there, too.
    workflow = await place.register("short")
    own = await place.client.start_run(
        workflow_id=workflow.id, input=desk.given, by="ana", thread_id="by hand"
    )
    await place.until(own, "success")
    assert (await client.threads.get("by hand"))["values"]["done"] == ["first", "last"]
    assert [run["run_id"].replace("-", "") for run in await client.runs.list("by hand")] == [own.id]
    (newest,) = await client.threads.search(limit=1, sort_by="updated_at", select=["thread_id"])
    assert newest == {"thread_id": "by hand"}
    with pytest.raises(InternalServerError, match="record"):
        await client.threads.delete(thread)
    (other,) = await client.threads.search(metadata={"owner": "bo"})
    await client.threads.delete(other["thread_id"])
    with pytest.raises(NotFoundError):
        await client.threads.get(other["thread_id"])
    with pytest.raises(UnprocessableEntityError):
        await client.threads.get("no such thread")


async def test_a_run_is_streamed_asks_and_is_answered_through_the_ledger(agents: Agents, desk: Desk) -> None:
    place, client = agents.place, agents.client
    thread = (await client.threads.create())["thread_id"]
    given = desk.given
    modes = ["values", "updates", "tasks", "debug", "checkpoints"]
    events = await told(client.runs.stream(thread, "asking", input=given, stream_mode=modes))
    names = [name for name, _ in events]
    assert names[0] == "metadata"
    wrote, stopped = (data for name, data in events if name == "updates")
    assert wrote == {"first": {"done": ["first"]}}
    (asked,) = stopped["__interrupt__"]
    assert asked["value"] == {"question": "Go on?", "options": ["yes", "no"]}
    starts = [data["name"] for name, data in events if name == "tasks" and "input" in data]
    assert starts == ["first", "ask"]
    kinds = [data["type"] for name, data in events if name == "debug"]
    assert kinds.count("checkpoint") == names.count("checkpoints") == 3

    seen = await client.threads.get(thread)
    assert seen["status"] == "interrupted"
    ((task, (question,)),) = seen["interrupts"].items()
    state = await client.threads.get_state(thread)
    assert fields(schema.ThreadState) <= dict(state).keys()
    assert fields(schema.ThreadTask) <= dict(state["tasks"][0]).keys()
    assert (state["next"], state["tasks"][0]["id"]) == (["ask"], task)
    assert state["interrupts"][0]["id"] == question["id"] == asked["id"]
    (run,) = await client.runs.list(thread)
    assert fields(schema.Run) <= dict(run).keys()
    assert run["run_id"] == events[0][1]["run_id"]

    # The dashboard has the same question; it is answered from here, once.
    (approval,) = await place.client.approvals(status="pending", run=run["run_id"].replace("-", ""))
    assert approval.interrupt_id == question["id"]
    answered = client.runs.stream(thread, "asking", command={"resume": "yes"}, stream_mode="updates")
    assert [data for name, data in await told(answered) if name == "updates"] == [
        {"ask": {"done": ["ask:yes"]}},
        {"last": {"done": ["last"]}},
    ]
    (entry,) = await place.client.ledger(run=approval.run_id)
    assert (entry.answer, entry.by, entry.applied_at is not None) == ("yes", "agent api", True)
    # The same answer again by its id is the one that is there; another one is refused.
    again = await client.runs.create(thread, "asking", command={"resume": {question["id"]: "yes"}})
    assert again["run_id"] == run["run_id"]
    for late in ({question["id"]: "no"}, "yes"):
        with pytest.raises(ConflictError):
            await client.runs.create(thread, "asking", command={"resume": late})
    assert len(await place.client.ledger(run=approval.run_id)) == 1
    assert desk.log() == ["first", "answer=yes", "last"]

    history = await client.threads.get_history(thread, limit=3)
    assert [item["metadata"]["step"] for item in history] == [3, 2, 1]
    older = await client.threads.get_history(thread, before=history[-1]["checkpoint"])
    assert [item["metadata"]["step"] for item in older] == [0, -1]
    at = history[-1]["checkpoint"]
    assert (await client.threads.get_state(thread, checkpoint=at))["next"] == ["ask"]
    by_id = await client.threads.get_state(thread, checkpoint_id=at["checkpoint_id"])
    assert by_id["values"]["done"] == ["first"]
    # From that checkpoint the run asks again.
    forked = await client.runs.wait(thread, "asking", checkpoint_id=at["checkpoint_id"])
    assert forked["__interrupt__"][0]["value"]["question"] == "Go on?"
    with pytest.raises(NotFoundError, match="checkpoint"):
        await client.runs.create(thread, "asking", checkpoint_id=str(uuid.uuid4()))
    with pytest.raises(ConflictError, match="waits for an answer"):
        await client.runs.create(thread, "asking", input=given)
    final = await client.runs.wait(thread, "asking", command={"resume": "no"})
    assert final["done"] == ["first", "ask:no", "last"]


async def test_several_questions_want_a_map(agents: Agents, desk: Desk) -> None:
    client = agents.client
    thread = (await client.threads.create())["thread_id"]
    first = await client.runs.wait(thread, "both", input=desk.given)
    one, other = first["__interrupt__"]
    with pytest.raises(ConflictError, match=one["id"]):
        await client.runs.create(thread, "both", command={"resume": "yes"})
    with pytest.raises(ConflictError, match="asked no question"):
        await client.runs.create(thread, "both", command={"resume": {"0" * 32: "yes"}})
    half = await client.runs.wait(thread, "both", command={"resume": {one["id"]: "a"}})
    assert [item["id"] for item in half["__interrupt__"]] == [other["id"]]
    done = await client.runs.wait(thread, "both", command={"resume": {other["id"]: "b"}})
    assert len(done["done"]) == 4


async def test_background_runs_are_joined_cancelled_and_queued(agents: Agents, desk: Desk) -> None:
    client = agents.client
    thread = (await client.threads.create())["thread_id"]
    given = desk.given
    run = await client.runs.create(thread, "gated", input=given, metadata={"why": "test"})
    assert (run["status"], run["metadata"]["why"]) == ("pending", "test")
    await eventually(lambda: status_of(client, run, "running"))
    assert (await client.threads.get(thread))["status"] == "busy"
    with pytest.raises(ConflictError, match="MHV-102"):
        await client.runs.create(thread, "gated", input=given, multitask_strategy="reject")
    with pytest.raises(UnprocessableEntityError, match="reject and enqueue"):
        await client.runs.create(thread, "gated", input=given, multitask_strategy="rollback")
    behind = await client.runs.create(thread, "gated", input=given)
    assert (await client.runs.list(thread, status="pending"))[0]["run_id"] == behind["run_id"]
    await client.runs.cancel(thread, run["run_id"], wait=True)
    cancelled = await client.runs.get(thread, run["run_id"])
    assert (cancelled["status"], cancelled["cancel_reason"]) == ("interrupted", "cancelled by agent api")
    with pytest.raises(NotFoundError, match="no longer"):
        await client.runs.cancel(thread, run["run_id"])
    with pytest.raises(UnprocessableEntityError):
        await client.runs.cancel(thread, behind["run_id"], action="rollback")
    joined = asyncio.create_task(client.runs.join(thread, behind["run_id"]))
    await eventually(lambda: status_of(client, behind, "running"))
    desk.open("gate")
    assert (await joined)["done"][-1] == "last"
    # A failure is told as theirs; going on retries the node.
    broken = (await client.threads.create())["thread_id"]
    with pytest.raises(Exception, match="boom"):
        await client.runs.wait(broken, "failing", input=given)
    failed = await client.threads.get(broken)
    assert (failed["status"], failed["error"]["error"]) == ("error", "RuntimeError")
    events = await told(client.runs.stream(None, "failing", input=given))
    assert events[-1][0] == "error"
    assert "boom" in events[-1][1]["message"]
    desk.open("mended")
    assert (await client.runs.wait(broken, "failing"))["done"] == ["first", "fails", "last"]
    with pytest.raises(ConflictError):
        await client.runs.create(broken, "failing")
    with pytest.raises(InternalServerError, match="record"):
        await client.runs.delete(broken, failed["thread_id"])


async def test_cancel_many_and_batches(agents: Agents, desk: Desk) -> None:
    client = agents.client
    given = desk.given
    payload: Any = {"assistant_id": "gated", "input": given}
    runs = typing.cast(list[Any], await client.runs.create_batch([payload, payload]))
    assert len({run["thread_id"] for run in runs}) == 2
    await client.runs.cancel_many(run_ids=[runs[0]["run_id"]])
    assert await status_of(client, runs[0], "interrupted")
    assert await status_of(client, runs[1], "pending", "running")
    await client.runs.cancel_many(status="all")
    assert await status_of(client, runs[1], "interrupted")
    with pytest.raises(NotFoundError):
        await client.runs.cancel_many(status="all")


async def test_a_broken_stream_goes_on_where_it_was(agents: Agents, desk: Desk) -> None:
    client = agents.client
    thread = (await client.threads.create())["thread_id"]
    given = desk.given
    modes: Any = ["values", "updates"]
    seen = []
    stream = client.runs.stream(thread, "gated", input=given, stream_mode=modes)
    async for part in stream:
        seen.append(part)
        if part.event == "updates":
            break
    await stream.aclose()  # type: ignore[attr-defined]
    run_id = seen[0].data["run_id"]
    desk.open("gate")
    await client.runs.join(thread, run_id)
    # What was missed, and nothing twice, even after the run has ended.
    rest = [
        part
        async for part in client.runs.join_stream(
            thread, run_id, last_event_id=seen[-1].id, stream_mode=modes
        )
    ]
    whole = client.runs.join_stream(thread, run_id, last_event_id="0", stream_mode=modes)
    everything = [part async for part in whole]
    assert seen[1:] + rest == everything
    assert len({part.id for part in everything}) == len(everything)
    # Without an id: from now on, and now there is nothing more.
    assert await told(client.runs.join_stream(thread, run_id, stream_mode=modes)) == []


async def test_custom_events_come_in_their_place(agents: Agents, desk: Desk) -> None:
    client = agents.client
    thread = (await client.threads.create())["thread_id"]
    modes: Any = ["custom", "updates"]
    desk.open("gate")
    parts = [
        part async for part in client.runs.stream(thread, "speaking", input=desk.given, stream_mode=modes)
    ]
    assert [(part.event, part.data) for part in parts[1:]] == [
        ("updates", {"first": {"done": ["first"]}}),
        ("custom", {"done": 40, "total": 200}),
        ("updates", {"speaks": {"done": ["speaks"]}}),
        ("updates", {"last": {"done": ["last"]}}),
    ]
    run_id = parts[0].data["run_id"]
    for seen in (1, 2, 3):
        stream = client.runs.join_stream(thread, run_id, last_event_id=parts[seen].id, stream_mode=modes)
        rest = [(part.event, part.data) async for part in stream]
        assert rest == [(part.event, part.data) for part in parts[seen + 1 :]]
    assert await told(client.runs.join_stream(thread, run_id, stream_mode=modes)) == []


async def test_a_thread_is_followed_through_its_runs(agents: Agents, desk: Desk) -> None:
    client = agents.client
    thread = (await client.threads.create())["thread_id"]
    await client.runs.wait(thread, "short", input=desk.given)
    run = await client.runs.create(thread, "gated", input=desk.given)
    await eventually(lambda: status_of(client, run, "running"))
    seen: list[Any] = []

    async def listen() -> None:
        async for part in await client.threads.join_stream(thread):
            seen.append(part)  # noqa: PERF401 - others look at it meanwhile

    listening = asyncio.create_task(listen())
    try:
        await eventually(lambda: seen)
        desk.open("gate")
        await eventually(lambda: dones(seen) == 1)
        first = await client.runs.wait(thread, "asking", input=desk.given)
        await eventually(lambda: dones(seen) == 2)
        assert first["__interrupt__"][0]["id"] == seen[-2].data["__interrupt__"][0]["id"]
        await client.runs.wait(thread, "asking", command={"resume": "yes"})
        await eventually(lambda: dones(seen) == 3)
    finally:
        listening.cancel()
    updates = [part for part in seen if part.event == "updates"]
    # What had run before it listened is not told.
    assert [list(part.data) for part in updates[-6:]] == [
        ["held"],
        ["last"],
        ["first"],
        ["__interrupt__"],
        ["ask"],
        ["last"],
    ]
    # Who comes back is told what was missed.
    again = await client.threads.join_stream(thread, last_event_id=updates[-3].id)
    missed: list[Any] = []
    async with asyncio.timeout(20):
        async for part in again:
            missed.append(part)
            if dones(missed):
                break
    assert [part.data for part in missed if part.event == "updates"] == [part.data for part in updates[-2:]]


async def test_a_client_that_goes_cancels_only_when_it_said_so(agents: Agents, desk: Desk) -> None:
    client = agents.client
    given = desk.given
    for mode, expected in (("cancel", "interrupted"), ("continue", "running")):
        thread = (await client.threads.create())["thread_id"]
        stream = client.runs.stream(
            thread, "gated", input=given, stream_mode="updates", on_disconnect=typing.cast(Any, mode)
        )
        async for part in stream:
            if part.event == "updates":
                break
        await stream.aclose()  # type: ignore[attr-defined]
        (run,) = await client.runs.list(thread)
        await eventually(lambda run=run, expected=expected: status_of(client, run, expected))
    desk.open("gate")
    assert (await client.runs.join(thread, run["run_id"]))["done"][-1] == "last"


async def test_the_state_is_changed_as_an_operator_would(agents: Agents, desk: Desk) -> None:
    client = agents.client
    thread = (await client.threads.create())["thread_id"]
    with pytest.raises(ConflictError, match="Nothing has run"):
        await client.threads.update_state(thread, {"done": ["mine"]})
    await client.runs.wait(thread, "short", input=desk.given, interrupt_before=["last"])
    with pytest.raises(UnprocessableEntityError, match="no key 'nope'"):
        await client.threads.update_state(thread, {"nope": 1})
    with pytest.raises(UnprocessableEntityError, match="no node"):
        await client.threads.update_state(thread, {"done": []}, as_node="nowhere")
    changed = await client.threads.update_state(thread, {"done": ["mine"]}, as_node="first")
    state = await client.threads.get_state(thread)
    assert state["checkpoint"]["checkpoint_id"] == changed["checkpoint"]["checkpoint_id"]
    assert (state["values"]["done"], state["next"]) == (["first", "mine"], ["last"])
    done = await client.runs.wait(thread, "short")
    if done["done"] == ["first", "mine"]:  # the breakpoint holds for the new checkpoint, too
        done = await client.runs.wait(thread, "short")
    assert done["done"] == ["first", "mine", "last"]
    assert desk.log() == ["first", "last"]

    with pytest.raises(InternalServerError, match="record"):
        await client.threads.prune([thread])
    assert await client.threads.prune([thread], strategy="keep_latest") == {"pruned_count": 1}
    assert len(await client.threads.get_history(thread)) == 1
    assert (await client.threads.get_state(thread))["values"] == done
    waiting = (await client.threads.create())["thread_id"]
    await client.runs.wait(waiting, "asking", input=desk.given)
    with pytest.raises(ConflictError, match="kept"):
        await client.threads.prune([thread, waiting], strategy="keep_latest")


async def test_breakpoints_belong_to_the_run(agents: Agents, desk: Desk) -> None:
    client = agents.client
    thread = (await client.threads.create())["thread_id"]
    given = desk.given
    events = await told(
        client.runs.stream(
            thread, "short", input=given, interrupt_before=["last"], stream_mode=["updates", "values"]
        )
    )
    assert events[-1] == ("updates", {"__interrupt__": []})
    seen = await client.threads.get(thread)
    assert (seen["status"], seen["interrupts"]) == ("interrupted", {})
    assert (await client.threads.get_state(thread))["next"] == ["last"]
    done = await client.runs.wait(thread, "short")
    assert done["done"] == ["first", "last"]
    with pytest.raises(Exception, match="no node of the graph"):
        await client.runs.wait(None, "short", input=given, interrupt_after=["nowhere"])


async def test_a_remote_graph_runs_is_interrupted_and_resumed(agents: Agents, desk: Desk) -> None:
    graph = RemoteGraph("asking", url=agents.url, api_key="unused")
    config: Any = {"configurable": {"thread_id": str(uuid.uuid4())}}
    first = await graph.ainvoke(desk.given, config)
    assert first["done"] == ["first"]
    state = await graph.aget_state(config)
    assert state.next == ("ask",)
    assert state.interrupts[0].value["question"] == "Go on?"
    parts = [part async for part in graph.astream(Command(resume="yes"), config, stream_mode="updates")]
    assert parts == [{"ask": {"done": ["ask:yes"]}}, {"last": {"done": ["last"]}}]
    history = [item async for item in graph.aget_state_history(config, limit=2)]
    assert history[0].values["done"] == ["first", "ask:yes", "last"]
    assert "ask" in (await graph.aget_graph()).nodes
    stateless = await graph.ainvoke(desk.given)
    assert stateless["done"] == ["first"]


async def test_the_same_over_the_unix_socket_and_a_repeated_request(agents: Agents, desk: Desk) -> None:
    async with over_socket(agents.place) as client:
        thread = (await client.threads.create())["thread_id"]
        named = {"Idempotency-Key": f"once {thread}"}
        runs = [
            await client.runs.create(thread, "short", input=desk.given, headers=named),
            await client.runs.create(thread, "short", input=desk.given, headers=named),
        ]
        assert runs[0]["run_id"] == runs[1]["run_id"]
        assert (await client.runs.join(thread, runs[0]["run_id"]))["done"] == ["first", "last"]
        assert desk.log() == ["first", "last"]
        for refused in (client.store.get_item(["a"], "b"), client.crons.search()):
            with pytest.raises(InternalServerError, match="does not offer"):
                await refused
