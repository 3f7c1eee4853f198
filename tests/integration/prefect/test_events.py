"""The event socket of a real server, whole and broken."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.engines.prefect.config import PrefectConnection
from mahavishnu_tui.engines.prefect.errors import PrefectError
from mahavishnu_tui.engines.prefect.events import EventStream, PrefectEvent
from tests.integration.prefect.faults import Answer, FaultProxy
from tests.integration.prefect.serving import PrefectServer

pytestmark = pytest.mark.xdist_group("prefect")


async def change_something(api: PrefectApi) -> str:
    flow = await api.flows.create(f"tells-{uuid.uuid4().hex[:8]}")
    run = await api.flow_runs.create(flow["id"], idempotency_key=str(uuid.uuid4()))
    await api.flow_runs.set_state(run["id"], {"type": "RUNNING"})
    await api.flow_runs.set_state(run["id"], {"type": "COMPLETED", "name": "Well Done"})
    return str(run["id"])


async def heard_of(stream: EventStream, run_id: str, name: str) -> PrefectEvent:
    async for event in stream:
        if event.flow_run_id == run_id and event.name == name:
            return event
    raise AssertionError("the stream ended")


async def test_changes_are_told(prefect_server: PrefectServer, prefect_api: PrefectApi) -> None:
    async with EventStream(PrefectConnection(prefect_server.url)) as stream:
        run_id = await change_something(prefect_api)
        async with asyncio.timeout(20):
            event = await heard_of(stream, run_id, "prefect.flow-run.Well Done")
        assert (event.noun, event.subject) == ("flow-run", run_id)
        assert (event.state_type, event.state_name) == ("COMPLETED", "Well Done")
        assert event.related["flow"]
        assert event.title
        assert stream.heard_at > 0


async def test_closing_ends_the_reading(prefect_server: PrefectServer) -> None:
    stream = EventStream(PrefectConnection(prefect_server.url))

    async def read() -> list[PrefectEvent]:
        return [event async for event in stream]

    with pytest.raises(RuntimeError):
        await read()
    async with stream:
        reading = asyncio.create_task(read())
        await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await reading


async def test_a_half_open_socket_is_noticed(fault_proxy: FaultProxy) -> None:
    async with EventStream(PrefectConnection(fault_proxy.url), ping_seconds=0.2) as stream:
        fault_proxy.freeze()
        with pytest.raises(PrefectError, match="MHV-400") as caught:
            async with asyncio.timeout(20):
                await heard_of(stream, "", "")
        assert caught.value.kind == "lost"


async def test_a_server_that_goes_is_noticed(fault_proxy: FaultProxy) -> None:
    async with EventStream(PrefectConnection(fault_proxy.url)) as stream:
        await fault_proxy.down()
        with pytest.raises(PrefectError) as caught:
            async with asyncio.timeout(20):
                await heard_of(stream, "", "")
        assert caught.value.kind == "lost"
    with pytest.raises(PrefectError) as caught:
        async with EventStream(PrefectConnection(fault_proxy.url)):
            pass
    assert caught.value.kind == "unreachable"
    await fault_proxy.up()
    async with EventStream(PrefectConnection(fault_proxy.url)):
        pass


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(404, {"detail": "Not Found"}), "not_offered"),
        (Answer(403, {}), "not_offered"),
        (Answer(200, "<html>"), "not_offered"),
        (Answer(401, {}), "auth"),
        (Answer(503, {}), "busy"),
    ],
)
async def test_a_server_without_events(fault_proxy: FaultProxy, answer: Answer, kind: str) -> None:
    fault_proxy.spoil(answer, "events/out")
    with pytest.raises(PrefectError) as caught:
        async with EventStream(PrefectConnection(fault_proxy.url)):
            pass
    assert caught.value.kind == kind
    if kind == "not_offered":
        assert "does not offer" in caught.value.message


async def test_what_is_no_event_is_left_out() -> None:
    for odd in (
        None,
        {},
        {"resource": {}},
        {"resource": {"prefect.resource.id": "other.thing"}, "event": "x"},
        {"resource": {"prefect.resource.id": "prefect.flow-run.1"}},
    ):
        assert PrefectEvent.read(odd) is None
    bare = {"resource": {"prefect.resource.id": "prefect.task-run.1"}, "event": "x", "related": [3, {}]}
    event = PrefectEvent.read(bare)
    assert event is not None
    assert (event.noun, event.subject, event.flow_run_id) == ("task-run", "1", "")
