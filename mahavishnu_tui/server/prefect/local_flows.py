"""Flows that are run from a file, without a deployment, in child processes of ours."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import sqlite3
import sys
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.engines.prefect.local_runs import LocalRun, UserCode
from mahavishnu_tui.models import ErrorCode, MahavishnuError, Run
from mahavishnu_tui.server.options import ServerOptions
from mahavishnu_tui.server.prefect.acts import Acts
from mahavishnu_tui.server.prefect.mapping import mapping
from mahavishnu_tui.server.store import Store, acts, flow_runs

log = logging.getLogger(__name__)

LOAD_SECONDS = 80.0
"""How long the import of somebody's code may take; clients wait a little longer."""
_REMEMBERED = ("entrypoint", "root", "interpreter", "task_runner")


class UserCodes:
    """Where the user's flows are, and what runs them.

    Args:
        api: the server that they are to reach.
        options: ours.
        home: `PREFECT_HOME` for children; empty: theirs.
    """

    def __init__(self, api: PrefectApi, options: ServerOptions, home: str) -> None:
        self._api = api
        self._options = options
        self._home = home

    def of(self, order: Mapping[str, Any]) -> UserCode:
        """What an order with `entrypoint`, and perhaps `root` and `interpreter`, names; raises MHV-010."""
        root = str(order.get("root") or "") or _folder_of(str(order["entrypoint"]))
        return UserCode(
            python=str(order.get("interpreter") or "") or self._interpreter(root),
            root=root,
            server=self._api.connection.environment(),
            home=self._home,
            environment={**os.environ, **({"PREFECT_HOME": self._home} if self._home else {})},
        )

    @property
    def log(self) -> Path:
        """Gets what flows print that we load or run."""
        path = self._options.prefect_flows_log
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path

    def _interpreter(self, root: str) -> str:
        own = Path(root) / ".venv" / "bin" / "python"
        return str(own) if own.exists() else self._options.prefect.python or sys.executable


class LocalFlows:
    """Raises what Prefect, or the flow's code, says.

    Args:
        api: the server.
        store: has the mirror, and who started what.
        codes: finds the user's code.
        run_acts: takes in the runs that are made.
        in_background: does something that nobody waits for.
    """

    def __init__(
        self,
        api: PrefectApi,
        store: Store,
        codes: UserCodes,
        run_acts: Acts,
        in_background: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._api = api
        self._store = store
        self._codes = codes
        self._acts = run_acts
        self._in_background = in_background
        self._starting: dict[str, asyncio.Task[Run]] = {}
        self.at_work = set[str]()
        """The flow runs whose processes are children of ours."""

    async def run(self, order: Mapping[str, Any], by: str) -> Run:
        """Run a flow from a file; the same `request_id` is the same run."""
        request_id = str(order["request_id"])
        known = await self._store.read(functools.partial(_run_of_request, request_id=request_id))
        if known is not None:
            return known
        task = self._starting.get(request_id)
        if task is None:
            task = asyncio.create_task(self._start(order, by), name=f"start flow {request_id}")
            self._starting[request_id] = task
            task.add_done_callback(lambda _: self._starting.pop(request_id, None))
        return await asyncio.shield(task)

    async def again(self, run: Run, by: str, request_id: str, parameters: dict[str, Any] | None) -> Run:
        """A new run like this one: of its deployment, or of the file that we have run it from."""
        started = await self._store.read(functools.partial(acts.of_run, run_id=run.id, after=0, limit=20))
        file = next((act.details for act in started if act.details.get("entrypoint")), None)
        if run.deployment_id or file is None:
            return await self._acts.again(run, by, request_id, parameters)
        if parameters is None:
            parameters = mapping((await self._api.flow_runs.get(run.id)).get("parameters"))
        order = {name: file[name] for name in _REMEMBERED if name in file}
        return await self.run({**order, "request_id": request_id, "parameters": parameters}, by)

    async def _start(self, order: Mapping[str, Any], by: str) -> Run:
        left_out = ("root", "interpreter", "request_id")
        request = {key: value for key, value in order.items() if key not in left_out}
        code = self._codes.of(order)
        # Asked first: else the code is blamed for the time that its child waits for Prefect.
        await self._api.system.version()
        local = await LocalRun.start(
            code, request, runs=self._api.flow_runs, log=self._codes.log, timeout=LOAD_SECONDS
        )
        self._in_background(self._see_to_its_end(local))
        told = await self._api.flow_runs.get(local.id)
        remembered = {name: order[name] for name in _REMEMBERED if order.get(name)}
        return await self._acts.started(
            told, by, request=order["request_id"], pid=local.pid, **{**remembered, "root": code.root}
        )

    async def _see_to_its_end(self, local: LocalRun) -> None:
        """A child that dies without a word is reported, or else its run would be at work for ever."""
        self.at_work.add(local.id)
        try:
            await local.wait()
        except asyncio.CancelledError:
            local.let_go()
            raise
        except MahavishnuError as error:
            log.warning("flow run %s (%s): %s", local.name, local.id, error)
        except Exception:
            log.exception("the end of flow run %s", local.id)
        finally:
            self.at_work.discard(local.id)


def _folder_of(entrypoint: str) -> str:
    path = Path(entrypoint.partition(":")[0])
    if not path.is_absolute():
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            "The field 'root' is missing: the entrypoint is no absolute path.",
            "Name the project's folder.",
        )
    return str(path.parent)


def _run_of_request(conn: sqlite3.Connection, request_id: str) -> Run | None:
    row = conn.execute(
        "SELECT run_id FROM acts WHERE what = 'start' AND json_extract(details, '$.request') = ?",
        (request_id,),
    ).fetchone()
    found = flow_runs.by_id(conn, row[0]) if row else None
    return found.run if found else None
