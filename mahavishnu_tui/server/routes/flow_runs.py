"""What only flow runs have, and acts on many runs at once."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Run
from mahavishnu_tui.models.prefect import BulkResult
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.routes.acting import act_on
from mahavishnu_tui.server.routes.body import Body, bad
from mahavishnu_tui.server.routes.runs import find_run
from mahavishnu_tui.server.store import runs

if TYPE_CHECKING:
    from mahavishnu_tui.server.prefect.details import Details

MOST = 1000
"""Runs that one call acts on."""
_ACTS = ("cancel", "retry", "resume", "suspend", "delete", "crash", "force-cancel", "reschedule", "skip")


async def states(request: Request) -> Response:
    """`GET /v1/runs/{id}/states`, oldest first."""
    details, run = await _details(request, "history of states")
    return json_response([state.to_json() for state in await details.states(run)])


async def artifacts(request: Request) -> Response:
    """`GET /v1/runs/{id}/artifacts`, newest first."""
    details, run = await _details(request, "artifacts")
    return json_response([artifact.to_json() for artifact in await details.artifacts(run)])


async def metrics(request: Request) -> Response:
    """`GET /v1/runs/{id}/metrics`."""
    details, run = await _details(request, "such metrics")
    return json_response((await details.metrics(run)).to_json())


async def _details(request: Request, what: str) -> tuple[Details, Run]:
    """What only flow runs have is asked of Prefect; MHV-452 for other runs."""
    core: Core = request.app.state.core
    run = await find_run(request)
    if not core.prefect.owns(run):
        raise MahavishnuError(
            ErrorCode.REMOTE_NOT_OFFERED, f"Run {run.name} has no {what}: it is no flow run.", run_id=run.id
        )
    return (await core.prefect.reach()).details, run


async def delete(request: Request) -> Response:
    """`POST /v1/runs/{id}/delete`."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    run = await find_run(request)
    await act_on(core, run, "delete", body.person(), int(body.number("version", 0)))
    return json_response({})


async def bulk(request: Request) -> Response:
    """`POST /v1/runs/bulk`: one act on many runs, each on its own, in that order; a result for each."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    body = await Body.of(request)
    act, by = body.text("act"), body.person()
    if act not in _ACTS:
        raise bad(f"There is no act {clean_line(act, 40)!r}.", f"There are {', '.join(_ACTS)}.")
    wanted = [(item.text("id"), int(item.number("version", 0))) for item in body.objects("runs")]
    if len(wanted) > MOST:
        raise bad(f"More than {MOST} runs in one call.", "Do it in several.")
    if int(body.number("count", -1)) != len(wanted):
        raise bad(f"The count is not {len(wanted)}, the number of runs named.", "Nothing was done.")
    if len({run_id for run_id, _ in wanted}) != len(wanted):
        raise bad("A run is named twice.", "Nothing was done.")
    results = [await _one(core, act, run_id, version, by) for run_id, version in wanted]
    return json_response(
        {"done": sum(result.ok for result in results), "results": [result.to_json() for result in results]}
    )


async def _one(core: Core, act: str, run_id: str, version: int, by: str) -> BulkResult:
    try:
        row = await core.store.read(functools.partial(runs.require, run_id=run_id))
        changed = await act_on(core, row.run, act, by, version)
    except MahavishnuError as error:
        return BulkResult(run_id, False, error.message, error.to_json())
    return BulkResult(run_id, True, changed.note)


async def troubles(request: Request) -> Response:
    """`GET /v1/troubles`, the oldest first."""
    core: Core = request.app.state.core
    await core.prefect.listed()
    found = await (await core.prefect.reach()).troubles.all() if core.prefect.watched else []
    return json_response([trouble.to_json() for trouble in found])


ROUTES = [
    Route("/v1/troubles", troubles),
    Route("/v1/runs/bulk", bulk, methods=["POST"]),
    Route("/v1/runs/{run}/delete", delete, methods=["POST"]),
    Route("/v1/runs/{run}/states", states),
    Route("/v1/runs/{run}/artifacts", artifacts),
    Route("/v1/runs/{run}/metrics", metrics),
]
