"""Tasks of `execute`: a deployment's run, or a flow from a file."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.engines.prefect.adapting.deployments import DeploymentMethods
from mahavishnu_tui.engines.prefect.adapting.runs import RunMethods
from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.engines.prefect.local_runs import LocalRun, UserCode
from mahavishnu_tui.engines.prefect.records import FlowRunStatus
from mahavishnu_tui.engines.prefect.schedules import DateHelper
from mahavishnu_tui.models import ErrorCode
from mahavishnu_tui.models.text import clean_line

_RUN_KEYS = ("flow", "task_runner", "runner_options", "name", "tags")
_TASK_KEYS = {
    "deployment",
    "entrypoint",
    "parameters",
    "idempotency_key",
    "job_variables",
    "queue",
    "at",
    "timeout",
    "wait",
    *_RUN_KEYS,
}


class ExecuteMethods(RunMethods, DeploymentMethods):
    """What `OrchestratorAdapter.execute` is here, and its kin.

    Args:
        api: as in `Part`, like the next three.
        code: …
        pool: …
        dates: …
        logs: gets what flows print that are run from a file; None: a new folder.
    """

    def __init__(
        self, api: PrefectApi, code: UserCode, pool: str, dates: DateHelper, logs: Path | None
    ) -> None:
        super().__init__(api, code, pool, dates)
        self._logs = logs
        self._local: set[asyncio.Future[dict[str, Any]]] = set()

    @property
    def running(self) -> int:
        """How many flows run from a file now, those among them for which nobody waits any more."""
        return len(self._local)

    def let_go(self) -> None:
        """Wait for none of them any more; they go on."""
        for waiting in self._local:
            waiting.cancel()

    async def execute(self, task: Mapping[str, Any], repos: Sequence[str] = ()) -> dict[str, Any]:
        """Run a deployment, or a flow from a file, to its end or to its next question.

        Args:
            task: `deployment` (`flow/name` or an id) or `entrypoint` (`file.py:function`), `parameters`,
                if wanted `name`, `tags`, `timeout` (seconds; the run goes on after them); for a deployment
                `idempotency_key`, `job_variables`, `queue`, `at`, and `wait: false` to return at once; for a
                file `flow`, `task_runner`, `runner_options`.
            repos: handed to the flow as its parameter `repos`.

        Returns:
            The fields of `FlowRunStatus`, `repos_processed`; `result` of a flow from a file; and `error`
            (MHV-403) when it failed or crashed.

        Raises:
            AdapterError: it cannot be started, or MHV-407 it takes too long.
        """
        unknown = sorted(set(task) - _TASK_KEYS)
        if unknown or bool(task.get("deployment")) == bool(task.get("entrypoint")):
            what = (
                f"A task has no {clean_line(', '.join(unknown), 100)}." if unknown else "A task is one thing."
            )
            raise AdapterError(ErrorCode.BAD_INPUT, what, "Give `deployment` or `entrypoint`; `parameters`.")
        parameters = dict(task.get("parameters") or {})
        if repos:
            parameters["repos"] = list(repos)
        if task.get("entrypoint"):
            run_id, more = await self._run_file(task, parameters)
        else:
            run_id, more = await self._run_deployment(task, parameters), {}
        status = await self.get_flow_status(run_id)
        return {**status.to_json(), **more, "repos_processed": len(repos), **_failure(status)}

    async def execute_on_pool(
        self, pool: str, task: Mapping[str, Any], repos: Sequence[str] = ()
    ) -> dict[str, Any]:
        """`execute` of a deployment, in its work pool, which must have a worker that lives.

        Raises:
            AdapterError: MHV-405 the pool takes no runs, or the deployment is of another one.
        """
        await self.check_pool(pool)
        found = await self.get_deployment(str(task.get("deployment") or ""))
        if found.get("work_pool_name") != pool:
            raise AdapterError(
                ErrorCode.PREFECT_WORK_POOL,
                f"Deployment {clean_line(task.get('deployment'), 80)} is of the work pool "
                f"{clean_line(found.get('work_pool_name') or 'none', 60)}, not {clean_line(pool, 60)}.",
                "In Prefect a run goes to its deployment's pool; deploy the flow to this one too.",
            )
        return await self.execute(task, repos)

    async def execute_batch(
        self, tasks: Sequence[Mapping[str, Any]], repos: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """Run many at the same time; one that cannot be run has `status: error` and `error`."""

        async def one(task: Mapping[str, Any]) -> dict[str, Any]:
            try:
                return await self.execute(task, repos)
            except AdapterError as error:
                return {"status": "error", "error": error.to_json()}

        return list(await asyncio.gather(*map(one, tasks)))

    async def _run_deployment(self, task: Mapping[str, Any], parameters: dict[str, Any]) -> str:
        run = await self.trigger_flow_run(
            str(task["deployment"]),
            parameters,
            name=task.get("name"),
            tags=task.get("tags"),
            idempotency_key=str(task.get("idempotency_key") or ""),
            job_variables=task.get("job_variables"),
            queue=task.get("queue"),
            at=task.get("at"),
        )
        if task.get("wait", True):
            await self.wait_for_flow_run(run.run_id, task.get("timeout"))
        return run.run_id

    async def _run_file(
        self, task: Mapping[str, Any], parameters: dict[str, Any]
    ) -> tuple[str, dict[str, Any]]:
        if self._logs is None:
            self._logs = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="mahavishnu-flows-"))
        request = {
            "entrypoint": task["entrypoint"],
            "parameters": parameters,
            **{key: task[key] for key in _RUN_KEYS if task.get(key)},
        }
        log = self._logs / f"{time.time_ns():x}.log"
        run = await LocalRun.start(self._code, request, runs=self.api.flow_runs, log=log)
        # Kept beyond our patience: if its process dies, somebody has to tell the server.
        waiting = asyncio.ensure_future(run.wait())
        self._local.add(waiting)
        waiting.add_done_callback(self._ended)
        done, _ = await asyncio.wait([waiting], timeout=task.get("timeout"))
        if not done:
            raise AdapterError(
                ErrorCode.PREFECT_TIMEOUT,
                f"Flow run {run.id} had not ended after {task['timeout']:g} s.",
                "It goes on; cancel it if that is not wanted.",
                run=run.id,
            )
        ended = waiting.result()
        return run.id, {key: ended[key] for key in ("result", "result_note") if key in ended}

    def _ended(self, waiting: asyncio.Future[dict[str, Any]]) -> None:
        self._local.discard(waiting)
        if not waiting.cancelled():
            waiting.exception()  # told to whoever still waits


def _failure(status: FlowRunStatus) -> dict[str, Any]:
    if status.state not in ("FAILED", "CRASHED"):
        return {}
    error = AdapterError(
        ErrorCode.PREFECT_RUN_FAILED,
        f"Flow run {clean_line(status.name, 60)} {status.state.lower()}: "
        f"{clean_line(status.error_message or 'Prefect does not say why', 300).rstrip('.')}.",
        "Its log and its tasks say where.",
        run=status.run_id,
    )
    return {"error": error.to_json()}
