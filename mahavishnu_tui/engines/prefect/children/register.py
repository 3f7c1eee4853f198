"""Create or update a deployment of a flow from its entrypoint."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from .inspect_flow import findings_of, loaded_from, parameters_of
from .parameters import checked
from .reply import DEPLOYMENT, INPUT, POOL, Channel, Refusal
from .schedules import read_schedules, unfillable
from .source import Flow, choose
from .speaking import speaking

STRATEGIES = ("ENQUEUE", "CANCEL_NEW")


def carry_out(request: dict[str, Any], channel: Channel) -> dict[str, Any]:
    """Register `request`; see docs/protocols.md for its fields.

    Raises:
        Refusal: what of it cannot be, by the code of its kind.
    """
    name = str(request.get("name") or "").strip()
    if not name or any(character in name for character in "/%&<>"):
        raise Refusal(INPUT, f"{name!r} is no name for a deployment.", "Use a name without / % & < and >.")
    loaded, wanted = loaded_from(request)
    function, flow = choose(loaded, wanted)
    order = {**request, "name": name, "entrypoint": loaded.entrypoint(function)}
    order["parameters"] = (
        checked(flow, request["parameters"]) if request.get("parameters") is not None else None
    )
    order["schedules"] = (
        read_schedules(request["schedules"]) if request.get("schedules") is not None else None
    )
    strategy = request.get("collision_strategy")
    if strategy is not None and strategy not in STRATEGIES:
        raise Refusal(INPUT, f"{strategy!r} is no collision strategy.", f"Use {' or '.join(STRATEGIES)}.")
    with speaking(f"register the deployment {flow.name}/{name}"):
        done = asyncio.run(_register(flow, order))
    done["findings"] += findings_of(flow, function)
    return done


async def _register(flow: Flow, order: dict[str, Any]) -> dict[str, Any]:
    from prefect.client.orchestration import get_client

    async with get_client() as client:
        existing = await _existing(client, flow.name, order["name"])
        if existing is not None and order.get("update") is False:
            raise Refusal(
                DEPLOYMENT,
                f"There is a deployment {flow.name}/{order['name']} already.",
                "Choose another name, or ask for an update.",
            )
        if existing is None and order.get("update") == "only":
            raise Refusal(
                DEPLOYMENT, f"There is no deployment {flow.name}/{order['name']}.", "Create it first."
            )
        whole = {**order, **_kept(order, existing)}
        await _check_pool(client, whole)
        flow_id = await client.create_flow_from_name(flow.name)
        deployment_id = await _upsert(client, _payload(flow, flow_id, whole))
    return {
        "deployment_id": deployment_id,
        "flow_id": str(flow_id),
        "name": f"{flow.name}/{order['name']}",
        "created": existing is None,
        "entrypoint": order["entrypoint"],
        "path": _directory(order),
        "pool": whole.get("pool") or "",
        "findings": _warnings(flow, whole),
    }


async def _upsert(client: Any, fields: dict[str, Any]) -> str:
    """Not `client.create_deployment`, which takes no labels."""
    from prefect.client.schemas.actions import DeploymentCreate

    # What is not sent stays as it is; a limit is taken away by its null.
    given = {
        name: value for name, value in fields.items() if value is not None or name == "concurrency_limit"
    }
    body = DeploymentCreate(**given).model_dump(mode="json", exclude_unset=True)
    response = await client.request("POST", "/deployments/", json=body)
    return str(response.json()["id"])


async def _existing(client: Any, flow: str, name: str) -> Any:
    """Not `client.read_deployment_by_name`, which writes names into an address as they are."""
    from prefect.client.schemas.filters import (
        DeploymentFilter,
        DeploymentFilterName,
        FlowFilter,
        FlowFilterName,
    )

    found = await client.read_deployments(
        flow_filter=FlowFilter(name=FlowFilterName(any_=[flow])),
        deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=[name])),
    )
    return next(iter(found), None)


def _kept(order: dict[str, Any], existing: Any) -> dict[str, Any]:
    """What the order leaves open. Prefect's own upsert would take it away, schedules included."""
    if existing is None:
        return {}
    from prefect.client.schemas.actions import DeploymentScheduleCreate

    limit, options = existing.global_concurrency_limit, existing.concurrency_options
    has = {
        "schedules": [
            DeploymentScheduleCreate(
                schedule=each.schedule,
                active=each.active,
                parameters=each.parameters or {},
                slug=each.slug,
                max_scheduled_runs=each.max_scheduled_runs,
            )
            for each in existing.schedules
        ],
        "parameters": existing.parameters,
        "tags": existing.tags,
        "labels": existing.labels,
        "description": existing.description,
        "paused": existing.paused,
        "job_variables": existing.job_variables,
        "pool": existing.work_pool_name,
        "queue": existing.work_queue_name,
        "limit": limit.limit if limit else None,
        "collision_strategy": options.collision_strategy.value if options else None,
        "enforce_schema": existing.enforce_parameter_schema,
    }
    kept = {field: value for field, value in has.items() if order.get(field) is None}
    if order.get("pool") and order["pool"] != has["pool"]:
        kept.pop("queue", None)  # a queue of the other pool
    return kept


async def _check_pool(client: Any, order: dict[str, Any]) -> None:
    from prefect.exceptions import ObjectNotFound

    pool = order.get("pool")
    if not pool:
        for field in ("queue", "job_variables"):
            if order.get(field):
                raise Refusal(INPUT, f"`{field}` was given without a work pool.", "Name the work pool.")
        return
    try:
        await client.read_work_pool(pool)
    except ObjectNotFound as error:
        raise Refusal(
            POOL, f"There is no work pool {pool!r}.", "Create it, or name one of `mahavishnu pool list`."
        ) from error


def _payload(flow: Flow, flow_id: Any, order: dict[str, Any]) -> dict[str, Any]:
    from prefect.client.schemas.objects import ConcurrencyLimitStrategy, ConcurrencyOptions

    directory = _directory(order)
    steps = order.get("pull_steps")
    if steps is None:
        steps = [{"prefect.deployments.steps.set_working_directory": {"directory": directory}}]
    strategy = order.get("collision_strategy")
    enforce = order.get("enforce_schema")
    fields = {
        "flow_id": flow_id,
        "name": order["name"],
        "entrypoint": order["entrypoint"],
        "path": directory,
        "pull_steps": steps,
        "version": order.get("version") or flow.version,
        "description": order.get("description") or flow.description,
        "tags": order.get("tags") or [],
        "labels": order.get("labels") or {},
        "parameters": order.get("parameters") or {},
        "parameter_openapi_schema": parameters_of(flow),
        "enforce_parameter_schema": True if enforce is None else bool(enforce),
        "schedules": order.get("schedules") or [],
        "paused": bool(order.get("paused")),
        "work_queue_name": order.get("queue") or None,
        "job_variables": order.get("job_variables") or {},
        "concurrency_limit": order.get("limit") or None,
        "concurrency_options": ConcurrencyOptions(collision_strategy=ConcurrencyLimitStrategy(strategy))
        if strategy
        else None,
    }
    if order.get("pool"):
        fields["work_pool_name"] = order["pool"]
    return fields


def _directory(order: dict[str, Any]) -> str:
    """Where a worker finds the code: the project's folder, unless another is named (in an image, say)."""
    return str(order.get("directory") or os.getcwd())


def _warnings(flow: Flow, order: dict[str, Any]) -> list[dict[str, str]]:
    missing = unfillable(parameters_of(flow), order.get("parameters") or {}, order.get("schedules") or [])
    return [
        {
            "rule": "schedule-parameters",
            "severity": "error",
            "where": where,
            "message": f"Its runs will fail: no value for {', '.join(f'`{name}`' for name in names)}.",
            "hint": "Give the deployment or the schedule a value, or the flow a default.",
        }
        for where, names in missing
    ]
