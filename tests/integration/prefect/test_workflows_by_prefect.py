"""LangGraph workflows that Prefect starts: on our server, else in a process of their own."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.engines.prefect.config import PrefectConnection
from mahavishnu_tui.engines.prefect.local_runs import UserCode
from mahavishnu_tui.engines.prefect.workflow_order import FLOW_FILE, workflow_order
from mahavishnu_tui.models import Run, ScheduleRule
from mahavishnu_tui.models.run_search import CARRIER
from tests.integration.prefect.conftest import Begin, eventually
from tests.integration.prefect.mirrored import Desk
from tests.integration.prefect.serving import PrefectServer
from tests.integration.prefect.test_children import is_in
from tests.integration.prefect.test_examples import asked
from tests.integration.server.conftest import Place, folder

__all__ = ["folder"]
pytestmark = pytest.mark.xdist_group("prefect-code")


@pytest.fixture
def code(prefect_server: PrefectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UserCode:
    server, around = PrefectConnection(prefect_server.url).environment(), dict(os.environ)
    # Only flows are traced, where anything is: not the hosts, which import LangGraph.
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
    home = str(tmp_path / "home")
    return UserCode(sys.executable, str(FLOW_FILE.parent), server, home=home, environment=around)


async def order_of(place: Place, graph: str) -> dict[str, Any]:
    """The parameters of its deployment, as the entrypoint's own."""
    workflow = await place.register(graph)
    order = workflow_order(workflow, str(place.data / "s"), pool="local", given={"folder": str(place.folder)})
    return {"entrypoint": order["entrypoint"], "parameters": order["parameters"]}


async def only_run(place: Place) -> Run | None:
    runs = await place.client.runs()
    assert len(runs) <= 1
    return runs[0] if runs else None


async def test_a_scheduled_workflow_is_one_run_which_asks_and_ends(
    prefect_api: PrefectApi, prefect_server: PrefectServer, prefect_worker: str, folder: Path
) -> None:
    desk = Desk(folder, prefect_server.url, prefect_api)
    place = desk.place
    async with desk.server(work_pool=prefect_worker) as client:
        await desk.ready()
        workflow = await place.register("asking")
        schedule = await client.create_schedule(
            ScheduleRule("cron", cron="0 2 * * *"),
            "ana",
            workflow_id=workflow.id,
            parameters={"input": {"folder": str(folder)}},
        )
        assert (schedule.workflow, schedule.name) == (workflow.name, workflow.name)
        flow_run_id = (await client.run_schedule(schedule.id, "ana", f"now-{desk.mark}")).id
        (deployment,) = [each for each in await client.deployments() if each.workflow == workflow.name]

        async def begun() -> Run | None:
            runs = await client.runs(engine="langgraph")
            return runs[0] if runs else None

        run = await eventually(begun, 90)
        question = await place.question(run)
        assert run.twin == flow_run_id
        listed = [each.id for each in await client.runs() if flow_run_id in (each.id, each.twin)]
        assert listed == [run.id]

        async def told() -> Any:
            return await prefect_api.artifacts.filter({"flow_run_id": {"any_": [flow_run_id]}})

        (artifact,) = await eventually(told)
        assert "waits for approval" in artifact["data"]
        waiting = await prefect_api.flow_runs.get(flow_run_id)
        assert waiting["state"]["type"] == "RUNNING"
        assert f"mahavishnu-run:{run.id}" in waiting["tags"]
        await place.answer(question, "yes")
        await eventually(lambda: is_in(prefect_api, flow_run_id, "COMPLETED"))
        assert place.log() == ["first", "answer=yes", "last"]
        mirrored = await client.run(flow_run_id)
        assert mirrored.run.twin == run.id
    await prefect_api.deployments.delete(deployment.id)


async def test_a_cancel_by_prefect_reaches_the_run_and_one_here_the_flow_run(
    code: UserCode, prefect_api: PrefectApi, begin: Begin, folder: Path
) -> None:
    place = Place(folder)
    async with place.server():
        order = await order_of(place, "gated")
        flow_run = await begin(code, **order)
        first = await eventually(lambda: only_run(place))
        await place.until(first, "running")
        await prefect_api.flow_runs.set_state(flow_run.id, {"type": "CANCELLING", "name": "Cancelling"})
        assert (await flow_run.wait())["state"]["type"] == "CANCELLED"
        await place.until(first, "cancelled")

        flow_run = await begin(code, **order)
        second = await eventually(lambda: newest_but(place, first))
        await place.until(second, "running")
        await place.client.cancel(second.id, by="ana")
        ended = await flow_run.wait()
        assert ended["state"]["type"] == "CANCELLED"
        assert second.name in ended["state"]["message"]


async def newest_but(place: Place, other: Run) -> Run | None:
    return next((run for run in await place.client.runs() if run.id != other.id), None)


async def test_a_retry_goes_on_with_the_run_that_failed(
    code: UserCode, prefect_api: PrefectApi, begin: Begin, folder: Path
) -> None:
    place = Place(folder)
    async with place.server():
        workflow = await place.register("failing")
        # Runs without a deployment cannot be retried: Prefect does not know where their code is.
        order = workflow_order(workflow, str(place.data / "s"), pool="", given={"folder": str(folder)})
        made = await prefect_api.deployments.create(
            order["name"],
            (await prefect_api.flows.create(CARRIER))["id"],
            entrypoint=order["entrypoint"],
            pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": code.root}}],
            parameters=order["parameters"],
        )
        planned = await prefect_api.deployments.create_run(made["id"], idempotency_key=str(folder))
        flow_run = await begin(code, flow_run_id=planned["id"])
        ended = await flow_run.wait()
        assert ended["state"]["type"] == "FAILED"
        assert ended["state"]["message"].startswith("MHV-426 ")
        place.open("mended")
        await prefect_api.flow_runs.set_state(flow_run.id, {"type": "SCHEDULED", "name": "AwaitingRetry"})
        again = await begin(code, flow_run_id=flow_run.id)
        ended = await again.wait()
        assert ended["state"]["type"] == "COMPLETED", ended
        assert ended["result"]["done"] == ["first", "fails", "last"]
        run = await only_run(place)
        assert run is not None
        assert place.log() == ["first", "last"]
        await prefect_api.deployments.delete(made["id"])


async def test_without_a_server_a_workflow_runs_alone_and_asks_through_prefect(
    code: UserCode, prefect_api: PrefectApi, begin: Begin, folder: Path
) -> None:
    place = Place(folder)
    async with place.server():
        order = await order_of(place, "asking")
    flow_run = await begin(code, **order)
    assert await eventually(lambda: asked(prefect_api, flow_run.id))
    assert (await prefect_api.flow_runs.resume(flow_run.id, {"answer": "yes"})).done
    ended = await asyncio.wait_for(flow_run.wait(), 120)
    assert ended["state"]["type"] == "COMPLETED", ended
    assert ended["result"]["done"] == ["first", "ask:yes", "last"]
    assert place.log() == ["first", "answer=yes", "last"]
