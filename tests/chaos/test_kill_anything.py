"""kill -9 of the server, of a host, of both, at every boundary of ledger, dispatch, resume and checkpoint.

Promises under test: an acknowledged answer is applied exactly once, to the question that was shown; a node
whose writes were committed never runs again; every run ends as if nothing had happened.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chaos.killing import Kill, read_line

HERE = Path(__file__).parent
SEED = int(os.environ.get("MAHAVISHNU_CHAOS_SEED", "20261120"))
BATCHES = 4
SERVER_KILLS_PER_BATCH = 30
FEWEST_KILLS = SERVER_KILLS_PER_BATCH // 2
RUNS = 5
PATIENCE = 60.0
"""Seconds for one answer of a machine that is busy with dying."""
ROUNDS = 5
SERVER_POINTS = [("commit", "before"), ("commit", "after"), ("dispatch", "before"), ("dispatch", "after")]
HOST_POINTS = [
    (point, when) for point in ("checkpoint", "writes", "question") for when in ("before", "after")
]


class Fire:
    """One folder, one server at a time, and a client that never gives up."""

    def __init__(self, folder: Path, dice: random.Random, zygote: str) -> None:
        self.folder = folder
        self.dice = dice
        self.kills = 0
        self.passed = False  # otherwise the folder is kept, to be looked at
        self.sent: dict[str, dict[str, str]] = defaultdict(dict)
        self.acknowledged: set[tuple[str, str]] = set()
        shutil.copytree(HERE / "project", folder / "project", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "data").mkdir()
        self._path = zygote
        self.arm_hosts([])
        self.client = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(folder / "s")), base_url="http://mahavishnu", timeout=10
        )

    def order(self, body: dict[str, Any]) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(PATIENCE)
        connection.connect(self._path)
        connection.sendall(json.dumps(body).encode())
        return connection

    def arm_hosts(self, kills: list[Kill | None]) -> None:
        with self.order({"op": "arm", "kills": [kill and kill.to_json() for kill in kills]}) as connection:
            connection.recv(16)

    def start_server(self, kill: Kill | None) -> None:
        options = {
            "data": str(self.folder / "data"),
            "socket": str(self.folder / "s"),
            "log": str(self.folder / "server.log"),
            "max_concurrent_workflows": RUNS,
            "host_deaths": 1000,
        }
        self._server = self.order(
            {
                "op": "server",
                "options": options,
                "zygote": self._path,
                "pids": str(self.folder),
                "log": str(self.folder / "out.log"),
                "kill": kill and kill.to_json(),
            }
        )
        self.pid = json.loads(read_line(self._server))["pid"]

    def server_dead(self) -> bool:
        """The zygote writes another line when its child has ended."""
        return bool(select.select([self._server], [], [], 0)[0])

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request; None when nobody answered. A refusal (4xx) comes back as it is."""
        with contextlib.suppress(httpx.TransportError):
            reply = self.client.request(method, path, json=body)
            if reply.status_code < 500:
                return reply.json()
        return None

    def close(self) -> None:
        self.client.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def zygote() -> Iterator[str]:
    """Where the one answers that all batches have their servers and hosts from."""
    with tempfile.TemporaryDirectory(prefix="mhv-") as folder:
        path = f"{folder}/zygote"
        process = subprocess.Popen([sys.executable, str(HERE / "zygote.py"), path])
        try:
            end = time.monotonic() + PATIENCE
            while not os.path.exists(path):
                assert process.poll() is None, "the zygote did not start"
                assert time.monotonic() < end
                time.sleep(0.01)
            yield path
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def fire(request: pytest.FixtureRequest, zygote: str) -> Iterator[Fire]:
    folder = Path(tempfile.mkdtemp(prefix="mhv-"))
    burning = Fire(folder, random.Random(request.param), zygote)
    try:
        yield burning
    finally:
        burning.close()
        if burning.passed:
            shutil.rmtree(folder, ignore_errors=True)


def register(fire: Fire) -> str:
    project = {"root": str(fire.folder / "project"), "interpreter": sys.executable}
    body = {"spec": f"{fire.folder / 'project' / 'flow.py'}:graph", "project": project}
    workflow = until(fire, lambda: fire.ask("POST", "/v1/workflows", body))
    return str(workflow["id"])


def start_runs(fire: Fire, workflow: str, first: int = 0) -> list[str]:
    names = []
    for number in range(first, first + RUNS):
        thread = f"thread-{number}"
        state = {"log": str(fire.folder / "marks"), "thread": thread, "rounds": ROUNDS}
        body = {
            "workflow_id": workflow,
            "input": state,
            "thread_id": thread,
            "request_id": f"request-{number}",
            "by": "chaos",
        }
        names.append(until(fire, lambda body=body: fire.ask("POST", "/v1/runs", body))["id"])
    return names


def until(fire: Fire, question: Any, kill: Kill | None = None) -> Any:
    """Ask until there is an answer, raising the server from the dead as often as it takes."""
    end = time.monotonic() + PATIENCE
    while (answer := question()) is None:
        assert time.monotonic() < end, "nobody answers"
        if fire.server_dead():
            fire.kills += 1
            fire.start_server(kill)
        time.sleep(0.005)
    return answer


def answer_what_is_asked(fire: Fire) -> None:
    """Answer each open question once, with a value nobody else uses; a lost reply is asked for again."""
    for approval in fire.ask("GET", "/v1/approvals?status=pending") or []:
        question = approval["value"]["question"]
        value = f"{approval['interrupt_id'][:8]}-{question.replace(' ', '_')}"
        body = {"hash": approval["hash"], "value": value, "by": "chaos", "comment": ""}
        name, _, number = question.partition(" of round ")
        sent = fire.sent[approval["thread_id"]].setdefault(f"{name}.{number}", value)
        assert sent == value, "one question was asked under two ids"
        if send_answer(fire, approval["id"], body):
            fire.acknowledged.add((approval["thread_id"], f"{name}.{number}={value}"))


def send_answer(fire: Fire, approval_id: str, body: dict[str, Any]) -> bool:
    """Alone, or as a batch; whether it was acknowledged."""
    if fire.dice.random() < 0.5:
        reply = fire.ask("POST", f"/v1/approvals/{approval_id}/answer", body)
        return bool(reply) and "error" not in reply
    one = {"id": approval_id, "hash": body["hash"]}
    batch = {**body, "answers": [one], "count": 1}
    reply = fire.ask("POST", "/v1/approvals/answers", batch)
    return bool(reply) and reply.get("answered") == 1


def meddle(fire: Fire) -> None:
    """Now and then an operator drains a host, holds a run, or changes its priority."""
    what = fire.dice.randrange(40)
    if what == 0:
        for host in fire.ask("GET", "/v1/hosts") or []:
            fire.ask("POST", f"/v1/hosts/{host['id']}/drain", {"limit": 1, "by": "chaos"})
    elif what in (1, 2):
        for run in (fire.ask("GET", "/v1/runs") or [])[:2]:
            if what == 1:
                fire.ask("POST", f"/v1/runs/{run['id']}/priority", {"priority": "urgent", "by": "chaos"})
            else:
                fire.ask("POST", f"/v1/runs/{run['id']}/pause", {"by": "chaos"})


def wake_the_paused(fire: Fire) -> None:
    for run in fire.ask("GET", "/v1/runs?status=paused") or []:
        fire.ask("POST", f"/v1/runs/{run['id']}/resume", {"by": "chaos"})


def unfinished(fire: Fire) -> int | None:
    runs = fire.ask("GET", "/v1/runs")
    return (
        None if runs is None else sum(run["status"] not in ("success", "error", "cancelled") for run in runs)
    )


def random_kill(fire: Fire, points: list[tuple[str, str]], most: int) -> Kill:
    point, when = fire.dice.choice(points)
    return Kill(point, when, fire.dice.randint(1, most), fire.dice.choice(["", "", "peer"]))


def burn(fire: Fire, workflow: str, runs: list[str]) -> None:
    """Kill until the budget is spent, then let everything end; runs that end too early have successors."""
    armed_until = time.monotonic() + 60
    while True:
        if fire.server_dead():
            fire.kills += 1
            again = fire.kills < SERVER_KILLS_PER_BATCH and time.monotonic() < armed_until
            fire.arm_hosts([random_kill(fire, HOST_POINTS, 6), None] if again else [])
            fire.start_server(random_kill(fire, SERVER_POINTS, 12) if again else None)
        answer_what_is_asked(fire)
        meddle(fire)
        wake_the_paused(fire)
        if unfinished(fire) == 0:
            if fire.kills >= FEWEST_KILLS:
                return
            runs += start_runs(fire, workflow, len(runs))
        assert time.monotonic() < armed_until + 60, "the runs do not come to an end"
        time.sleep(0.02)


def check(fire: Fire, runs: list[str]) -> None:
    for run in runs:
        detail = fire.ask("GET", f"/v1/runs/{run}")
        thread = detail["run"]["thread_id"]
        assert detail["run"]["status"] == "success", detail["run"]
        answers = detail["values"]["answers"]
        assert sorted(answers) == sorted(f"{key}={value}" for key, value in fire.sent[thread].items())
        assert len(answers) == 2 * ROUNDS
        assert {answer for where, answer in fire.acknowledged if where == thread} <= set(answers)
        visits = fire.ask("GET", f"/v1/runs/{run}/visits")
        done = [visit["task_id"] for visit in visits if visit["outcome"] == "success"]
        assert len(done) == len(set(done)), "a task succeeded twice in the path record"
        assert not [visit for visit in visits if visit["outcome"] == "running"]
    ledger = fire.ask("GET", "/v1/ledger?limit=1000")
    assert len(ledger) == len(runs) * 2 * ROUNDS
    assert all(entry["applied_at"] for entry in ledger)
    committed: set[tuple[str, str]] = set()
    for line in (fire.folder / "marks").read_text().splitlines():
        word, thread, task, _node = line.split()
        if word == "committed":
            committed.add((thread, task))
        else:
            assert (thread, task) not in committed, f"ran again although its writes were committed: {line}"
    for database in [
        fire.folder / "data" / "engine.db",
        *(fire.folder / "data" / "checkpoints").glob("*.db"),
    ]:
        with contextlib.closing(sqlite3.connect(database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.chaos
@pytest.mark.xdist_group("chaos")
@pytest.mark.parametrize("fire", [SEED + batch for batch in range(BATCHES)], indirect=True)
def test_nothing_is_lost_and_nothing_is_done_twice(fire: Fire) -> None:
    fire.start_server(None)
    workflow = register(fire)
    runs = start_runs(fire, workflow)
    os.kill(fire.pid, signal.SIGKILL)

    burn(fire, workflow, runs)

    check(fire, runs)
    assert fire.kills >= FEWEST_KILLS, "too few deaths to show anything"
    print(f"{fire.kills} servers died")
    fire.passed = True
