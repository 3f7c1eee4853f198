"""A line on which everything takes a while, in the order in which it was sent."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Iterator


@contextlib.contextmanager
def slow_line(port: int, seconds: float) -> Iterator[int]:
    """A port that leads to `port`, `seconds` later in each direction."""
    listener = socket.create_server(("127.0.0.1", 0))
    begun: list[socket.socket] = [listener]

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", port))
                begun.extend((near, far))
                for source, sink in ((near, far), (far, near)):
                    _start(source, sink, seconds)

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        for one in begun:
            # Not only closed: who waits in accept or recv is to be woken.
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def _start(source: socket.socket, sink: socket.socket, seconds: float) -> None:
    waiting: queue.Queue[tuple[float, bytes]] = queue.Queue()

    def read() -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                waiting.put((time.monotonic() + seconds, data))
        waiting.put((time.monotonic() + seconds, b""))

    def write() -> None:
        with contextlib.suppress(OSError):
            while True:
                due, data = waiting.get()
                time.sleep(max(0.0, due - time.monotonic()))
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    return
                sink.sendall(data)

    for work in (read, write):
        threading.Thread(target=work, daemon=True).start()
