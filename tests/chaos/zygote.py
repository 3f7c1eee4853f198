"""Forks servers and engine hosts from a process that has imported everything, so that dying is cheap.

A real server takes half a second to import its libraries and a real host more than one; hundreds of kills
would take an hour. The children run the same code as ever: `serve()` and the host's `main()`. What is wrapped
around them is only the place where they kill themselves.

One connection, one child: a JSON line asks for it (with the host's socket as an ancillary descriptor), the
answer is its pid, and when it dies its exit status follows.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import selectors
import socket
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import langgraph.checkpoint.sqlite.aio  # noqa: E402  (imported here so that forks have it)
import langgraph.graph  # noqa: E402
import langgraph.types  # noqa: E402, F401

from tests.chaos import children  # noqa: E402


class Zygote:
    """The loop: accept, fork, reap."""

    def __init__(self, path: str) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(path)
        self._listener.listen(16)
        self._callers: dict[int, socket.socket] = {}
        self._armed: list[dict[str, Any] | None] = []

    def run(self) -> None:
        selector = selectors.DefaultSelector()
        selector.register(self._listener, selectors.EVENT_READ)
        while True:
            for _ in selector.select(timeout=0.005):
                connection, _ = self._listener.accept()
                connection.settimeout(5)  # nobody may hold up those who come after him
                with contextlib.suppress(OSError):
                    self._serve(connection)
            self._reap()

    def _serve(self, connection: socket.socket) -> None:
        data, descriptors, _, _ = socket.recv_fds(connection, 1 << 20, 1)
        if not data:  # who connected was killed before it could ask
            connection.close()
            return
        order = json.loads(data)
        if order["op"] == "arm":
            self._armed = list(order["kills"])
            connection.sendall(b"{}\n")
            connection.close()
            return
        if order["op"] == "host":
            order["kill"] = self._armed.pop(0) if self._armed else None
        pid = os.fork()
        if pid == 0:
            self._listener.close()
            connection.close()
            for other in self._callers.values():
                other.close()
            children.run(order, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        self._callers[pid] = connection
        with contextlib.suppress(OSError):  # a caller killed meanwhile: its host sees the end of file
            connection.sendall(json.dumps({"pid": pid}).encode() + b"\n")

    def _reap(self) -> None:
        while self._callers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            caller = self._callers.pop(pid)
            with contextlib.suppress(OSError):  # the server that asked for this host may be dead already
                caller.sendall(json.dumps({"exit": os.waitstatus_to_exitcode(status)}).encode() + b"\n")
            caller.close()


if __name__ == "__main__":
    gc.freeze()  # or each fork would copy all that has been imported to look through it
    Zygote(sys.argv[1]).run()
