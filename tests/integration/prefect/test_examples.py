"""The flows under `examples/prefect` run as they are; those that ask wait for a person."""

from __future__ import annotations

import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.engines.prefect.config import PrefectConnection
from mahavishnu_tui.engines.prefect.local_runs import UserCode, ask_child
from tests.integration.prefect.conftest import Begin, eventually
from tests.integration.prefect.one_child import TOGETHER
from tests.integration.prefect.serving import PrefectServer

pytestmark = pytest.mark.xdist_group("prefect-code")
EXAMPLES = Path(__file__).parents[3] / "examples" / "prefect"


@pytest.fixture
def code(prefect_server: PrefectServer, tmp_path: Path) -> UserCode:
    server = PrefectConnection(prefect_server.url).environment()
    return UserCode(sys.executable, str(EXAMPLES), server, home=str(tmp_path / "home"))


async def test_the_examples_run_to_their_end(code: UserCode, begin: Begin, tmp_path: Path) -> None:
    """As they are, but in one process, which imports Prefect once."""
    (tmp_path / "together.py").write_text(TOGETHER)
    orders: list[dict[str, Any]] = [
        {"entrypoint": "parallel_training.py", "parameters": {"rates": [0.05, 0.1]}},
        {"entrypoint": "etl.py"},
        {"entrypoint": "nightly_batch.py", "parameters": {"items": 20, "tolerated": 0.5}},
        {"entrypoint": "data_validation.py"},
        {"entrypoint": "ci_pipeline.py", "flow": "ci-pipeline"},
        {"entrypoint": "../starter/flow.py"},
    ]
    run = await begin(code, entrypoint=str(tmp_path / "together.py"), parameters={"orders": orders})
    ended = await run.wait()
    assert ended["state"]["type"] == "COMPLETED", ended
    training, etl, batch, validation, pipeline, words = ended["result"].values()
    assert training["slope"] == pytest.approx(3, abs=0.2)
    assert etl == {"Ada": 120.5, "Edsger": 310.25, "Grace": 112.24}
    assert batch["done"] + batch["failed"] == 20
    assert {finding["rule"] for finding in validation} == {"complete", "plausible", "unique"}
    assert pipeline["sha256"]
    assert words == 14, "what `mahavishnu init` writes"


async def asked(api: PrefectApi, run_id: str) -> dict[str, Any] | None:
    """What a paused run wants to know."""
    state = (await api.flow_runs.get(run_id))["state"]
    keys = (state["state_details"] or {}).get("run_input_keyset")
    if state["type"] != "PAUSED" or not keys:
        return None
    found = {entry["key"] for entry in await api.flow_runs.inputs(run_id)}
    if keys["schema"] not in found:
        return None
    schema: dict[str, Any] = await api.flow_runs.input(run_id, keys["schema"])
    return schema


async def test_a_release_waits_for_an_answer_of_the_right_type(
    code: UserCode, prefect_api: PrefectApi, begin: Begin
) -> None:
    run = await begin(code, entrypoint="approval.py")
    schema = await eventually(lambda: asked(prefect_api, run.id))
    assert schema["properties"]["verdict"]["enum"] == ["ship", "hold"]
    assert schema["properties"]["share"]["default"] == 25
    answer = {"verdict": "ship", "share": 30, "reason": ""}
    refused = await prefect_api.flow_runs.resume(run.id, {**answer, "share": 300})
    assert not refused.done
    assert (await prefect_api.flow_runs.resume(run.id, answer)).done
    assert (await run.wait())["result"] == "1.4.0 is out for 30 %"


async def test_a_review_is_taken_up_by_a_worker_without_drafting_twice(
    code: UserCode, prefect_api: PrefectApi, prefect_worker: str
) -> None:
    name = f"desk-{uuid.uuid4().hex[:8]}"
    made = await ask_child(
        code, "register", {"entrypoint": "suspended_review.py", "name": name, "pool": prefect_worker}
    )
    run = await prefect_api.deployments.create_run(made["deployment_id"], idempotency_key=name)
    assert await eventually(lambda: asked(prefect_api, run["id"]), 90)
    answer = {"accepted": True, "title": "Otters!", "remarks": ""}
    assert (await prefect_api.flow_runs.resume(run["id"], answer)).done

    async def over() -> bool:
        return (await prefect_api.flow_runs.get(run["id"]))["state"]["type"] in (
            "COMPLETED",
            "FAILED",
            "CRASHED",
        )

    await eventually(over, 90)
    assert (await prefect_api.flow_runs.get(run["id"]))["state"]["type"] == "COMPLETED"
    await prefect_api.deployments.delete(made["deployment_id"])
