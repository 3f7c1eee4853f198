"""Deployments: made from a flow's code, changed, run."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import orjson

from mahavishnu_tui import schemas
from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.engines.prefect.local_runs import ask_child
from mahavishnu_tui.engines.prefect.schedules.rules import scheduled_state
from mahavishnu_tui.engines.prefect.workflow_order import FLOW_FILE, workflow_order
from mahavishnu_tui.models import Deployment, ErrorCode, MahavishnuError, Run, Workflow
from mahavishnu_tui.server.options import ServerOptions
from mahavishnu_tui.server.prefect.acts import Acts
from mahavishnu_tui.server.prefect.catalog import Catalog
from mahavishnu_tui.server.prefect.local_flows import LOAD_SECONDS, UserCodes
from mahavishnu_tui.server.prefect.pooling import Pooling
from mahavishnu_tui.server.prefect.views import Views
from mahavishnu_tui.server.store import Store, acts

log = logging.getLogger(__name__)

_NULL = orjson.Fragment(b"null")
"""Takes a value away; `None` would leave it."""
_CHANGES = {"pool": "work_pool_name", "queue": "work_queue_name", "limit": "concurrency_limit"}


class Deploying:
    """What needs code, or changes what Prefect can start. Raises what Prefect, or the code, says.

    Args:
        api: the server.
        store: has the mirror.
        options: ours.
        catalog: knows the deployments.
        views: the same as records.
        run_acts: takes in the runs that are made.
        pooling: chooses pools.
        codes: finds the user's code.
    """

    def __init__(
        self,
        api: PrefectApi,
        store: Store,
        options: ServerOptions,
        catalog: Catalog,
        views: Views,
        run_acts: Acts,
        pooling: Pooling,
        codes: UserCodes,
    ) -> None:
        self._api = api
        self._store = store
        self._options = options
        self._catalog = catalog
        self._views = views
        self._acts = run_acts
        self._pooling = pooling
        self._codes = codes

    async def register(self, order: Mapping[str, Any], by: str) -> Deployment:
        """Import a flow in a child process and deploy it, or what there is of that name anew."""
        code = self._codes.of(order)
        request = {key: value for key, value in order.items() if key not in ("root", "interpreter")}
        request.setdefault("pool", self._options.prefect.work_pool)
        # Asked first: else the code is blamed for the time that its child waits for Prefect.
        await self._api.system.version()
        await self._pooling.see_to(request["pool"])
        done = await ask_child(code, "register", request, log=self._codes.log, timeout=LOAD_SECONDS)
        deployment_id = str(done["deployment_id"])
        await self._catalog.refresh_deployment(deployment_id)
        found = self._views.deployment(deployment_id)
        await self._note(deployment_id, "start" if done.get("created") else "change", by, name=found.title)
        log.info("deployment %s was registered by %s", found.title, by)
        return found

    async def workflow(self, workflow: Workflow, by: str) -> Deployment:
        """The deployment whose runs start a LangGraph workflow: made, or brought up to date."""
        pool = self._options.prefect.work_pool
        order = workflow_order(workflow, str(self._options.socket), pool=pool)
        return await self.register({**order, "root": str(FLOW_FILE.parent)}, by)

    async def change(self, deployment_id: str, seen: str, changes: Mapping[str, Any], by: str) -> Deployment:
        """Change what is given of a deployment."""
        found = await self._as_seen(deployment_id, seen)
        fields = {_CHANGES.get(key, key): value for key, value in changes.items() if key != "paused"}
        if fields.get("concurrency_limit") == 0:
            fields["concurrency_limit"] = _NULL
        if fields:
            await self._api.deployments.update(found.id, **fields)
        if "paused" in changes:
            await (
                self._api.deployments.pause(found.id)
                if changes["paused"]
                else self._api.deployments.resume(found.id)
            )
        await self._note(found.id, "change", by, fields=sorted(changes))
        await self._catalog.refresh_deployment(found.id)
        return self._views.deployment(found.id)

    async def delete(self, deployment_id: str, seen: str, by: str) -> None:
        """Take a deployment away; its runs stay."""
        found = await self._as_seen(deployment_id, seen)
        await self._api.deployments.delete(found.id)
        await self._note(found.id, "delete", by, name=found.title)
        self._catalog.forget_deployment(found.id)

    async def run(self, wanted: str, order: Mapping[str, Any], by: str) -> Run:
        """Start a run of a deployment; the same `request_id` is the same run.

        Raises:
            MahavishnuError: MHV-401; MHV-429 with `problems` when its schema forbids the parameters.
        """
        found = self._views.deployment(wanted)
        given = dict(order.get("parameters") or {})
        check_parameters(found, given)
        pool, queue, reason = order.get("pool") or "", order.get("queue"), ""
        if order.get("selector"):
            choice = await self._pooling.choose(found.id, order["selector"])
            pool, reason = pool or choice.pool, choice.reason
        at = order.get("at")
        fields: dict[str, Any] = {
            "idempotency_key": order["request_id"],
            "parameters": given,
            "name": order.get("name"),
            "tags": order.get("tags") or None,
            "job_variables": order.get("job_variables") or None,
            "state": scheduled_state(at) if at else {"type": "SCHEDULED"},
        }
        if pool and pool != found.pool:
            fields |= {"parameters": {**found.parameters, **given}, "work_pool_name": pool}
            told = await self._api.flow_runs.create(found.flow_id, deployment_id=found.id, **fields)
        else:
            told = await self._api.deployments.create_run(found.id, work_queue_name=queue, **fields)
        return await self._acts.started(told, by, pool=reason)

    async def _as_seen(self, deployment_id: str, seen: str) -> Deployment:
        """The deployment as it is now; MHV-101 when it is not as its operator saw it."""
        await self._catalog.refresh_deployment(self._views.deployment(deployment_id).id)
        found = self._views.deployment(deployment_id)
        if found.seen != seen:
            raise MahavishnuError(
                ErrorCode.RUN_STATE,
                f"Deployment {found.title} has changed since you looked.",
                "Nothing was done; look again.",
            )
        return found

    async def _note(self, deployment_id: str, what: Any, by: str, **details: Any) -> None:
        await self._store.write(lambda tx: acts.record(tx, deployment_id, what, by, **details))


def check_parameters(found: Deployment, given: Mapping[str, Any]) -> None:
    """Raise MHV-429 for parameters that the schema of a deployment forbids."""
    if found.schema is None or not found.enforce_schema:
        return
    whole = {**found.parameters, **given}
    schema = {**found.schema, "additionalProperties": False}
    problems = schemas.problems(whole, schema)
    if problems:
        raise MahavishnuError(
            ErrorCode.INPUT_INVALID,
            problems[0].sentence("The parameters"),
            "Nothing was started.",
            problems=[{"path": list(item.path), "message": item.message} for item in problems],
        )
