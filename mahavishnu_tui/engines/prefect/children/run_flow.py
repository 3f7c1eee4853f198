"""Run a flow in this process: one from a file, or a flow run that exists already."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import socket
import sys
import threading
from typing import Any
from uuid import UUID

from .inspect_flow import loaded_from, plain_calls
from .outcome import ended
from .parameters import checked
from .reply import DEPLOYMENT, INPUT, Channel, Refusal
from .source import Flow, choose
from .speaking import speaking
from .task_runners import runner_of
from .telling import told_by_logs
from .watch import watched

LINGER = 10.0
"""Seconds that threads of the flow have to end after its end was reported."""


def carry_out(request: dict[str, Any], channel: Channel) -> dict[str, Any]:
    """Run what `request` names; see docs/protocols.md for its fields and for the lines in between.

    Raises:
        Refusal: it cannot be run. A flow that was run and failed is no refusal.
    """
    from prefect.client.orchestration import get_client

    with speaking("begin the run"), get_client(sync_client=True) as client:
        if request.get("flow_run_id"):
            flow, run = _existing(client, request)
        else:
            flow, run = _new(client, request)
        _announce(client, channel, flow, run)
    with told_by_logs(channel), watched(str(run.id), channel):
        state = _run(flow, run)
    done = ended(str(run.id), state)
    threading.Thread(target=_leave, daemon=True).start()
    return done


def _new(client: Any, request: dict[str, Any]) -> tuple[Flow, Any]:
    loaded, wanted = loaded_from(request)
    _, flow = choose(loaded, wanted)
    flow = _with_runner(flow, request)
    parameters = checked(flow, request.get("parameters") or {}, whole=True)
    whole = {**_defaults(flow), **parameters}
    run = client.create_flow_run(
        flow,
        name=request.get("name") or None,
        parameters=flow.serialize_parameters(whole),
        tags=[str(tag) for tag in request.get("tags") or []],
    )
    return flow, run


def _defaults(flow: Flow) -> dict[str, Any]:
    found = inspect.signature(flow.fn).parameters
    return {name: each.default for name, each in found.items() if each.default is not each.empty}


def _existing(client: Any, request: dict[str, Any]) -> tuple[Flow, Any]:
    try:
        run = client.read_flow_run(UUID(str(request["flow_run_id"])))
    except ValueError as error:
        raise Refusal(
            INPUT, f"{request['flow_run_id']!r} is no id of a flow run.", "Give its UUID."
        ) from error
    if not (run.state and (run.state.is_scheduled() or run.state.is_pending())):
        state = run.state.name if run.state else "unknown"
        raise Refusal(
            INPUT,
            f"The flow run {run.name} is {state}; only one that is scheduled or pending can be run.",
            "Retry it, which schedules it again, or start a new run.",
        )
    if request.get("entrypoint"):
        loaded, wanted = loaded_from(request)
        return _with_runner(choose(loaded, wanted)[1], request), run
    if run.deployment_id is None:
        raise Refusal(
            DEPLOYMENT,
            f"The flow run {run.name} has no deployment to tell where its code is.",
            "Name its file.",
        )
    return _with_runner(_from_deployment(run), request), run


def _from_deployment(run: Any) -> Flow:
    from prefect.flows import load_flow_from_flow_run

    return asyncio.run(load_flow_from_flow_run(run, use_placeholder_flow=False))


def _with_runner(flow: Flow, request: dict[str, Any]) -> Flow:
    name = request.get("task_runner")
    if not name:
        return flow
    return flow.with_options(task_runner=runner_of(str(name), request.get("runner_options") or {}))


def _announce(client: Any, channel: Channel, flow: Flow, run: Any) -> None:
    """From here on the run can be seen, and found dead, by others."""
    from prefect.logging.loggers import flow_run_logger

    client.update_flow_run(run.id, infrastructure_pid=f"{socket.gethostname()}:{os.getpid()}")
    line = {
        "ev": "created",
        "flow_run_id": str(run.id),
        "name": run.name,
        "flow": flow.name,
        "pid": os.getpid(),
    }
    findings = plain_calls(flow, flow.fn.__name__)
    for finding in findings:
        flow_run_logger(run).warning("%s %s", finding["message"], finding["hint"])
    channel.say({**line, "findings": findings})


def _run(flow: Flow, run: Any) -> Any:
    """The state that the engine ended with; None when it was stopped: the server knows the state then."""
    from prefect.flow_engine import run_flow
    from prefect.logging.loggers import flow_run_logger

    # The engine sends itself the signal a second time once it has reported the crash: for those before it.
    signal.signal(signal.SIGTERM, _terminate)
    logger: Any = flow_run_logger(run)
    try:
        return _driven(run_flow(flow, flow_run=run, return_type="state", error_logger=logger))
    except BaseException as error:  # suspended, aborted, terminated, `sys.exit()`: the log has it
        sys.stderr.write(f"The flow was ended by {type(error).__name__}.\n")
        return None
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # its end is being told, and then it ends


def _terminate(number: int, frame: Any) -> None:
    from prefect.exceptions import TerminationSignal

    raise TerminationSignal(signal=number)


def _driven(begun: Any) -> Any:
    if inspect.iscoroutine(begun):
        return asyncio.run(begun)
    if inspect.isasyncgen(begun):

        async def exhaust() -> None:
            async for _ in begun:
                pass

        return asyncio.run(exhaust())
    if inspect.isgenerator(begun):
        for _ in begun:
            pass
        return None
    return begun


def _leave() -> None:
    """A flow that was cancelled may leave threads that never end; its process ends all the same."""
    threading.Event().wait(LINGER)
    os._exit(0)
