"""JSON lines over the socket to the server: one thread reads, one writes, nothing blocks the event loop."""

from __future__ import annotations

import json
import os
import queue
import socket
import threading
from collections.abc import Callable
from typing import Any

MAX_BATCH = 256
"""Lines written with one system call."""


class Channel:
    """The host's end of the socket.

    End-of-file means that the server is gone: the process ends at once, also while the event loop is blocked
    or synchronous nodes run, so that nothing works on without anybody to record it.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._out: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="channel-write", daemon=True)
        self._writer.start()

    def listen(self, take: Callable[[dict[str, Any]], None]) -> None:
        """Start reading; `take` is called in the reading thread."""
        threading.Thread(target=self._read, args=(take,), name="channel-read", daemon=True).start()

    def send(self, message: dict[str, Any]) -> None:
        """Queue one line; never waits."""
        self._out.put(json.dumps(message, ensure_ascii=False, default=str).encode("utf-8", "replace") + b"\n")

    def close(self) -> None:
        """Write what is queued, then stop."""
        self._out.put(None)
        self._writer.join(5)

    def _read(self, take: Callable[[dict[str, Any]], None]) -> None:
        with self._socket.makefile("rb") as stream:
            try:
                for line in stream:
                    message = json.loads(line)
                    if isinstance(message, dict):
                        take(message)
            except (OSError, ValueError):
                os._exit(1)
        os._exit(0)

    def _write(self) -> None:
        while (line := self._out.get()) is not None:
            batch = [line]
            last = False
            while len(batch) < MAX_BATCH and not self._out.empty():
                item = self._out.get()
                if item is None:
                    last = True
                    break
                batch.append(item)
            try:
                self._socket.sendall(b"".join(batch))
            except OSError:
                os._exit(0)
            if last:
                return
