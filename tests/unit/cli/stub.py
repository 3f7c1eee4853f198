"""A server at the wire: what commands ask of it is kept, what it answers is given."""

from __future__ import annotations

import contextlib
import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.__main__ import main
from mahavishnu_tui.models.deployment import Deployment
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.filtering import parse_filter
from mahavishnu_tui.models.pool import Pool, Worker, WorkQueue
from mahavishnu_tui.models.prefect import PrefectInfo
from mahavishnu_tui.models.run import Run
from mahavishnu_tui.models.run_search import RUN_ATTRIBUTES, run_attributes
from mahavishnu_tui.models.schedule import Schedule, ScheduleRule

NIGHTLY = Deployment(
    "d1000000-0000",
    "nightly",
    "etl",
    "f1",
    pool="local",
    entrypoint="etl.py:etl",
    seen="s1",
    parameters={"day": "monday", "rows": 5},
    job_variables={"image": "a"},
    tags=["prod"],
    schedules=2,
    active_schedules=1,
    schema={
        "required": ["day", "url"],
        "properties": {
            "day": {"type": "string"},
            "rows": {"type": "integer", "default": 5},
            "url": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
    },
)
HOURLY = Deployment("d2000000-0000", "hourly", "sync", "f2", pool="docker", paused=True, seen="s2")
RULE = ScheduleRule("cron", cron="0 2 * * *", timezone="Europe/Paris")


def run(number: int, name: str, state: str = "Completed", status: str = "success", **fields: Any) -> Run:
    """A flow run; its id begins with its number."""
    given = {
        "thread_id": "",
        "workflow_id": "f1",
        "workflow": "etl",
        "created_at": time.time() - 60,
        "engine": "prefect",
        "deployment": "nightly",
        "version": 3,
        "started_at": time.time() - 60,
        **fields,
    }
    return Run(id=f"{number:08d}-aaaa", name=name, state=state, status=status, **given)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class StubServer:
    """The server's answers, and what it was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.runs = [
            run(11, "amber-otter"),
            run(
                12,
                "amber-owl",
                "Failed",
                "error",
                error={"code": "MHV-403", "message": "boom\x1b[2J"},
                attempts=3,
            ),
            run(13, "brisk-heron", "Running", "running"),
            run(14, "brisk-heron", "Crashed", "error"),
            run(15, "calm, quiet", "Late", "queued", deployment="", workflow="sync"),
        ]
        self.schedules = [
            Schedule(
                "d1000000-0000.s1",
                "etl/nightly",
                RULE.text,
                time.time() + 3600,
                spec=RULE.to_json(),
                late=3,
                deployment_id=NIGHTLY.id,
                schedule_id="s1",
                timezone="Europe/Paris",
                slug="night",
                parameters={"day": "friday"},
                seen="seen-1",
                coming=[time.time() + 3600],
            ),
            Schedule(
                "d1000000-0000.s2",
                "etl/nightly",
                "every 10m",
                active=False,
                deployment_id=NIGHTLY.id,
                schedule_id="s2",
                spec=ScheduleRule("interval", interval=600).to_json(),
                seen="seen-2",
            ),
        ]
        self.pools = [
            Pool("langgraph", "engine hosts", "healthy", 10, 2, 0),
            Pool(
                "local",
                "process",
                "degraded",
                0,
                1,
                4,
                "no worker",
                engine="prefect",
                late=4,
                seen="p1",
                queues=[WorkQueue("q1", "default", 1, late=4)],
                workers=[Worker("w\x1b1", False, time.time() - 300, ours=True)],
            ),
            Pool("docker", "docker", "healthy", 3, 0, 0, engine="prefect", seen="p2"),
        ]
        self.info = PrefectInfo(
            "auto",
            "ready",
            True,
            "http://127.0.0.1:4201/api",
            "3.8.8",
            time.time() - 2,
            runs=5,
            hours=24,
            live=True,
        )
        self.answers: dict[tuple[str, str], Any] = {}
        """Over what is answered otherwise: (method, path) → value, error, or function of the body."""

    def asked(self, method: str, path: str) -> dict[str, Any]:
        """The body or parameters of the last such call."""
        found = [given for did, where, given in self.calls if (did, where) == (method, path)]
        assert found, self.calls
        return found[-1]

    def acts(self) -> list[str]:
        """The paths that were posted to."""
        return [path for method, path, _ in self.calls if method == "POST"]

    async def call(self, method: str, path: str, given: dict[str, Any]) -> Any:
        """Answer as the real one would."""
        self.calls.append((method, path, given))
        if (method, path) in self.answers:
            answer = self.answers[method, path]
            if isinstance(answer, MahavishnuError):
                raise answer
            return answer(given) if callable(answer) else answer
        usual: dict[str, Callable[[], Any]] = {
            "/v1/runs": lambda: [item.to_json() for item in self._found(given)],
            "/v1/deployments": lambda: [NIGHTLY.to_json(), HOURLY.to_json()],
            "/v1/schedules": lambda: [item.to_json() for item in self.schedules],
            "/v1/pools": lambda: [item.to_json() for item in self.pools],
            "/v1/prefect": self.info.to_json,
        }
        if method == "GET" and path in usual:
            return usual[path]()
        if path == "/v1/runs/bulk":
            results = [{"id": item["id"], "ok": True, "note": "done"} for item in given["runs"]]
            return {"done": len(results), "results": results}
        for item in self.runs:
            if method == "GET" and path == f"/v1/runs/{item.id}":
                return {"run": item.to_json(), "input": {"day": "monday"}}
        if method == "GET" and path.startswith("/v1/runs/") and path.count("/") == 3:
            raise MahavishnuError(ErrorCode.RUN_UNKNOWN, "There is no such run.")
        raise AssertionError(f"nobody answers {method} {path}")

    def _found(self, given: dict[str, Any]) -> list[Run]:
        wanted = parse_filter(given.get("search", ""), RUN_ATTRIBUTES)
        statuses = [word for word in given.get("status", "").split(",") if word]
        return [
            item
            for item in self.runs
            if wanted.matches(run_attributes(item, time.time()))
            and (not statuses or item.status in statuses)
            and given.get("workflow", item.workflow) == item.workflow
        ][: int(given.get("limit", 200))]


class Operator:
    """Types commands at the stub."""

    def __init__(self, home: Path, server: StubServer) -> None:
        self.home = home
        self.server = server

    def __call__(self, *words: str, code: int = 0, typed: str = "") -> Done:
        out, err = io.StringIO(), io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            patch.setattr("sys.stdin", io.StringIO(typed))
            status = main(list(words))
        done = Done(status, out.getvalue(), err.getvalue())
        assert done.code == code, done
        assert "\x1b" not in done.out + done.err, done
        assert "Traceback" not in done.out + done.err, done
        return done


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operator:
    """An operator in an empty home, whose server is a stub."""
    from mahavishnu_tui.cli import waiting
    from mahavishnu_tui.client import launcher
    from mahavishnu_tui.client.transport import Transport

    server = StubServer()

    async def call(_: Transport, method: str, path: str, **rest: Any) -> Any:
        given = rest.get("body") if rest.get("body") is not None else rest.get("params")
        # As it would arrive.
        return await server.call(method, path, json.loads(json.dumps(given or {})))

    async def there(_: object) -> None:
        return None

    monkeypatch.setattr(Transport, "exchange", call)
    monkeypatch.setattr(launcher, "ensure_server", there)
    monkeypatch.setattr(waiting, "ensure_server", there)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.chdir(tmp_path)
    return Operator(tmp_path, server)
