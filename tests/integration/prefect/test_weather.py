"""What networks, gateways and keys do to a client, with a real server behind a proxy that spoils things."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mahavishnu_tui.engines.prefect.api import PrefectApi, Select
from mahavishnu_tui.engines.prefect.config import PrefectConnection
from mahavishnu_tui.engines.prefect.errors import PrefectError
from mahavishnu_tui.engines.prefect.events import EventStream
from mahavishnu_tui.models import ErrorCode
from tests.integration.prefect.faults import Answer, Cut, FaultProxy, Silence
from tests.integration.prefect.serving import serving

pytestmark = pytest.mark.xdist_group("prefect")


@pytest.fixture
async def api(fault_proxy: FaultProxy) -> AsyncIterator[PrefectApi]:
    connection = PrefectConnection(fault_proxy.url, retries=3, retry_delay=0.01, timeout=2)
    async with PrefectApi(connection) as client:
        yield client


def fresh() -> str:
    return f"weather-{uuid.uuid4().hex[:8]}"


BUSY = Answer(503, {"exception_message": "Service Unavailable"})


async def test_a_busy_database_is_asked_again(api: PrefectApi, fault_proxy: FaultProxy) -> None:
    fault_proxy.spoil(BUSY, times=2)
    flow = await api.flows.create(fresh())
    run = await api.flow_runs.create(flow["id"], idempotency_key="a", state={"type": "SCHEDULED"})
    fault_proxy.spoil(BUSY, "set_state", times=3)
    assert (await api.flow_runs.set_state(run["id"], {"type": "CANCELLING"})).done


async def test_a_503_that_stays_is_told(api: PrefectApi, fault_proxy: FaultProxy) -> None:
    fault_proxy.spoil(BUSY, times=100)
    with pytest.raises(PrefectError, match="server's log") as caught:
        await api.flow_runs.count()
    assert (caught.value.code, caught.value.kind) == (ErrorCode.PREFECT_API, "busy")
    assert len(fault_proxy.requests) == 7


async def test_reads_survive_a_broken_connection(api: PrefectApi, fault_proxy: FaultProxy) -> None:
    fault_proxy.spoil(Cut(), "count")
    fault_proxy.spoil(Cut(done=True), "count")
    assert await api.flow_runs.count() >= 0


async def test_a_write_that_may_have_been_done_is_not_repeated(
    api: PrefectApi, fault_proxy: FaultProxy
) -> None:
    flow = await api.flows.create(fresh())
    run = await api.flow_runs.create(flow["id"], idempotency_key="a", state={"type": "SCHEDULED"})
    fault_proxy.spoil(Cut(done=True), "set_state")
    with pytest.raises(PrefectError, match="Look whether it was done") as caught:
        await api.flow_runs.set_state(run["id"], {"type": "CANCELLING"})
    assert caught.value.uncertain
    assert [path for _, path in fault_proxy.requests if "set_state" in path] == [
        f"/api/flow_runs/{run['id']}/set_state"
    ]
    assert (await api.flow_runs.get(run["id"]))["state_type"] == "CANCELLED"


async def test_a_write_with_a_key_is_repeated_and_done_once(api: PrefectApi, fault_proxy: FaultProxy) -> None:
    flow = await api.flows.create(fresh())
    fault_proxy.spoil(Cut(done=True), "/flow_runs/", "POST")
    run = await api.flow_runs.create(flow["id"], idempotency_key="once")
    assert await api.flow_runs.count(Select(flows={"id": {"any_": [flow["id"]]}})) == 1
    fault_proxy.spoil(Cut(done=True), method="DELETE")
    await api.flow_runs.delete(run["id"])
    with pytest.raises(PrefectError, match="MHV-100"):
        await api.flow_runs.delete(run["id"])


async def test_writes_go_one_after_the_other(api: PrefectApi) -> None:
    flow = await api.flows.create(fresh())
    made = await asyncio.gather(
        *(api.flow_runs.create(flow["id"], idempotency_key=str(number)) for number in range(10))
    )
    assert len({run["id"] for run in made}) == 10


async def test_a_rate_limit_is_waited_for_or_told(api: PrefectApi, fault_proxy: FaultProxy) -> None:
    fault_proxy.spoil(Answer(429, {"detail": "slow down"}, (("Retry-After", "0"),)))
    assert await api.flow_runs.count() >= 0

    fault_proxy.spoil(Answer(429, {"detail": "slow down"}, (("Retry-After", "900"),)))
    with pytest.raises(PrefectError, match="MHV-409") as caught:
        await api.flow_runs.count()
    assert caught.value.until > time.time() + 800
    before = len(fault_proxy.requests)
    with pytest.raises(PrefectError, match="MHV-409"):
        await api.flow_runs.count()
    assert len(fault_proxy.requests) == before
    assert api.waits_until > time.time() + 800


async def test_no_answer_ends_in_time(api: PrefectApi, fault_proxy: FaultProxy) -> None:
    fault_proxy.spoil(Silence(), times=2)
    with pytest.raises(PrefectError, match="MHV-407") as caught:
        await api.flow_runs.count()
    assert not caught.value.uncertain
    with pytest.raises(PrefectError, match="MHV-407") as caught:
        await api.flows.create(fresh())
    assert caught.value.uncertain


@pytest.mark.parametrize(
    ("answer", "code", "kind", "words"),
    [
        (Answer(200, "<html>Welcome</html>"), ErrorCode.PREFECT_API, "odd", "is a web page"),
        (Answer(200, {"not": "a number"}), ErrorCode.PREFECT_API, "odd", "is not a number"),
        (Answer(302, "", (("Location", "http://login"),)), ErrorCode.PREFECT_API, "odd", "sends us to http:"),
        (Answer(401, {"exception_message": "Unauthorized"}), ErrorCode.PREFECT_AUTH, "auth", "not let us in"),
        (Answer(403, {"detail": "Forbidden"}), ErrorCode.PREFECT_AUTH, "auth", "forbids"),
        (Answer(404, {"detail": "Not Found"}), ErrorCode.PREFECT_API, "not_offered", "does not offer"),
        (Answer(409, {"detail": "no"}), ErrorCode.PREFECT_API, "conflict", "refuses flow runs (409): no"),
        (Answer(422, {"detail": [{"loc": ["a"], "msg": "bad"}]}), ErrorCode.PREFECT_API, "invalid", "a: bad"),
        (Answer(500, "\x1b[2Jboom"), ErrorCode.PREFECT_API, "server", "fails (500)"),
        (Answer(418, {"message": "tea\x07pot"}), ErrorCode.PREFECT_API, "server", "tea\ufffdpot"),
    ],
)  # fmt: skip
async def test_each_refusal_has_a_sentence(
    api: PrefectApi, fault_proxy: FaultProxy, answer: Answer, code: ErrorCode, kind: str, words: str
) -> None:
    fault_proxy.spoil(answer)
    with pytest.raises(PrefectError) as caught:
        await api.flow_runs.count()
    assert (caught.value.code, caught.value.kind) == (code, kind)
    assert words in caught.value.message
    assert caught.value.hint or kind in ("conflict", "invalid")


async def test_a_server_that_goes_and_comes_back(api: PrefectApi, fault_proxy: FaultProxy) -> None:
    assert await api.system.health()
    await fault_proxy.down()
    with pytest.raises(PrefectError, match="MHV-400") as caught:
        await api.system.health()
    assert caught.value.kind == "unreachable"
    await fault_proxy.up()
    assert await api.system.health()


async def test_password_and_csrf(tmp_path: Path, prefect_templates: Path) -> None:
    settings = {
        "PREFECT_SERVER_API_AUTH_STRING": "admin:pass",
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
    }
    with serving(tmp_path, prefect_templates, **settings) as server:
        async with PrefectApi(PrefectConnection(server.url)) as stranger:
            assert await stranger.system.health()
            with pytest.raises(PrefectError, match="MHV-408"):
                await stranger.flow_runs.count()
        async with PrefectApi(PrefectConnection(server.url, auth_string="admin:pass")) as api:
            assert await api.system.csrf_protected()
            counts = await asyncio.gather(*(api.flow_runs.count() for _ in range(4)))
            assert counts == [0] * 4
            # As after an hour, or a server that has forgotten it.
            api._wire._tokens["Prefect-Csrf-Token"] = "stale"
            flow = await api.flows.create("protected")
            assert flow["name"] == "protected"
        async with EventStream(PrefectConnection(server.url, auth_string="admin:pass")):
            pass
        for wrong in ("", "admin:wrong"):
            with pytest.raises(PrefectError, match="MHV-408"):
                async with EventStream(PrefectConnection(server.url, auth_string=wrong)):
                    pass
        without = PrefectConnection(server.url, auth_string="admin:pass", csrf=False)
        async with PrefectApi(without) as api:
            with pytest.raises(PrefectError, match="CSRF"):
                await api.flow_runs.count()
