"""One act on many flow runs, with what became of each."""

from __future__ import annotations

from collections.abc import Sequence

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.engines.prefect.api import BULK, PrefectApi, Select
from mahavishnu_tui.engines.prefect.control import PLANS, Act, RunControl, done, no_retry
from mahavishnu_tui.engines.prefect.errors import PrefectError
from mahavishnu_tui.engines.prefect.states import Orchestrated
from mahavishnu_tui.models import ErrorCode
from mahavishnu_tui.models.prefect import BulkResult
from mahavishnu_tui.models.text import clean_line


async def act_on_all(api: PrefectApi, act: Act, run_ids: Sequence[str]) -> list[BulkResult]:
    """Do one thing to many runs; it never raises.

    Runs are taken fifty at a time. When a call fails, the runs of that call are told as not done, or as not
    known to be done, and the next fifty are tried all the same.

    Args:
        api: the server.
        act: what to do.
        run_ids: to which runs; one that is named twice is taken once.

    Returns:
        What became of each, in the order given.
    """
    ids = list(dict.fromkeys(run_ids))
    results: dict[str, BulkResult] = {}
    for start in range(0, len(ids), BULK):
        chunk = ids[start : start + BULK]
        try:
            results.update(await _chunk(api, act, chunk))
        except PrefectError as error:
            results.update((run_id, _failed(run_id, error)) for run_id in chunk)
    return [results[run_id] for run_id in ids]


async def _chunk(api: PrefectApi, act: Act, ids: list[str]) -> dict[str, BulkResult]:
    if act == "resume":
        return {run_id: await _resumed(api, run_id) for run_id in ids}
    if act == "delete":
        gone = await api.flow_runs.bulk_delete(ids)
        return {run_id: BulkResult(run_id, True) if run_id in gone else _unknown(run_id) for run_id in ids}
    results = await _not_retried(api, ids) if act == "retry" else {}
    plan, left = PLANS[act], [run_id for run_id in ids if run_id not in results]
    answers = await api.flow_runs.bulk_set_state(left, plan.state(api.clock()), force=plan.force)
    for run_id in left:
        results[run_id] = _told(answers[run_id], plan.note) if run_id in answers else _unknown(run_id)
    return results


async def _resumed(api: PrefectApi, run_id: str) -> BulkResult:
    """Each by itself: a suspended run goes on only when its process is gone."""
    try:
        return _told(await RunControl(api).resume(run_id), "")
    except AdapterError as error:
        return _failed(run_id, error)


async def _not_retried(api: PrefectApi, ids: list[str]) -> dict[str, BulkResult]:
    found = await api.flow_runs.filter(Select(flow_runs={"id": {"any_": ids}}))
    refused = ((str(run["id"]), no_retry(run)) for run in found)
    return {run_id: _failed(run_id, why) for run_id, why in refused if why is not None}


def _told(found: Orchestrated, note: str) -> BulkResult:
    try:
        done(found)
    except AdapterError as error:
        return _failed(found.run_id, error)
    return BulkResult(found.run_id, True, note)


def _failed(run_id: str, error: AdapterError) -> BulkResult:
    return BulkResult(run_id, False, error.message, error.to_json())


def _unknown(run_id: str) -> BulkResult:
    what = f"Prefect has no flow run {clean_line(run_id, 60)}."
    return _failed(run_id, AdapterError(ErrorCode.RUN_UNKNOWN, what))
