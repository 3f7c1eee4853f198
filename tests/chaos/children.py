"""What a forked child does: it is the server, or a host, with its death arranged."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import runpy
import signal
import socket
import sqlite3
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, NoReturn

from mahavishnu_tui.engines.langgraph.savers import LeasedSaver
from mahavishnu_tui.server.hosts.channel import Channel
from mahavishnu_tui.server.main import serve
from mahavishnu_tui.server.options import ServerOptions
from mahavishnu_tui.server.store.writer import Writer
from tests.chaos.killing import Armed, Kill, read_line

NULL_TASK = "00000000-0000-0000-0000-000000000000"
SPECIAL = {"__interrupt__", "__error__", "__resume__", "__scheduled__", "__error_source_node__"}


def run(order: dict[str, Any], descriptors: list[int]) -> NoReturn:
    """Become what the order says; ends the process."""
    code = 70
    try:
        log = os.open(order["log"], os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.setsid()
        kill = Kill(**order["kill"]) if order.get("kill") else None
        code = _server(order, kill) if order["op"] == "server" else _host(order, descriptors[0], kill)
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _server(order: dict[str, Any], kill: Kill | None) -> int:
    spawner = ZygoteSpawner(order["zygote"], Path(order["pids"]))
    armed = Armed(kill, spawner.living)
    commit = Writer._commit

    def committing(self: Writer, batch: Any) -> Any:
        armed.pass_by("commit", "before")
        lines = commit(self, batch)
        armed.pass_by("commit", "after")
        return lines

    Writer._commit = committing  # type: ignore[method-assign]
    armed.wrap(Channel, "request", "dispatch", lambda _self, op, *_a, **_k: op == "run")
    options = {
        **order["options"],
        **{name: Path(order["options"][name]) for name in ("data", "socket", "log")},
    }
    return asyncio.run(serve(ServerOptions(**options), spawner=spawner))


def _host(order: dict[str, Any], descriptor: int, kill: Kill | None) -> int:
    os.chdir(order["cwd"])
    os.environ.update(order["env"])
    witness = Witness(Path(order["witness"]))
    witness.read_checkpoints(Path(order["checkpoints"]))
    server = order["server"]
    armed = Armed(kill, lambda: [server])
    armed.wrap(LeasedSaver, "aput", "checkpoint")
    put_writes = LeasedSaver.aput_writes

    async def witnessed(self: Any, config: Any, writes: Any, task_id: str, task_path: str = "") -> None:
        kind = "question" if any(channel == "__interrupt__" for channel, _ in writes) else "writes"
        armed.pass_by(kind, "before")
        await put_writes(self, config, writes, task_id, task_path)
        if task_id != NULL_TASK and any(channel not in SPECIAL for channel, _ in writes):
            witness.committed(config["configurable"]["thread_id"], task_id)
        armed.pass_by(kind, "after")

    LeasedSaver.aput_writes = witnessed  # type: ignore[method-assign]
    entry = order["argv"][1]
    sys.argv = [entry, "--fd", str(descriptor)]
    runpy.run_path(entry, run_name="__main__")
    return 0


class Witness:
    """Adds `committed <thread> <task>` to the file into which the nodes write `ran <thread> <task>`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def committed(self, thread: str, task: str) -> None:
        descriptor = os.open(self._path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
        os.write(descriptor, f"committed {thread} {task} -\n".encode())
        os.close(descriptor)

    def read_checkpoints(self, folder: Path) -> None:
        """What the last host committed and had no time to say."""
        for file in folder.glob("*.db"):
            with (
                contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as database,
                contextlib.suppress(sqlite3.OperationalError),
            ):  # the tables are not there yet
                query = "SELECT DISTINCT thread_id, task_id, channel FROM writes"
                for thread, task, channel in database.execute(query):
                    if task != NULL_TASK and channel not in SPECIAL:
                        self.committed(thread, task)


class ZygoteProcess:
    """A host that the zygote forked for this server."""

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self.pid = pid
        self._exit: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        loop = asyncio.get_running_loop()

        def wait() -> None:
            data = connection.makefile("rb").readline()
            code = json.loads(data)["exit"] if data else -9
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(lambda: self._exit.done() or self._exit.set_result(code))

        threading.Thread(target=wait, daemon=True).start()

    async def wait(self) -> int:
        return await asyncio.shield(self._exit)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def terminate(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)


class ZygoteSpawner:
    """The server's way to start hosts, by forking instead of executing."""

    def __init__(self, zygote: str, pids: Path) -> None:
        self._zygote = zygote
        self._pids = pids
        self._started: list[int] = []

    def living(self) -> list[int]:
        return self._started

    async def spawn(self, argv: Any, cwd: Any, env: Any, log_path: Any, fd: int) -> ZygoteProcess:
        Path(log_path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        order = {
            "op": "host",
            "argv": [str(word) for word in argv],
            "cwd": str(cwd),
            "env": dict(env),
            "log": str(log_path),
            "server": os.getpid(),
            "witness": str(self._pids / "marks"),
            "checkpoints": str(self._pids / "data" / "checkpoints"),
        }
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(self._zygote)
        socket.send_fds(connection, [json.dumps(order).encode()], [fd])
        pid = json.loads(read_line(connection))["pid"]
        self._started.append(pid)
        return ZygoteProcess(connection, pid)
