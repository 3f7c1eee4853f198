"""Death at a chosen boundary: a process that kills itself with SIGKILL before or after the n-th call."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Kill:
    """Where a process dies: `before` or `after` the `nth` time that it passes `point`."""

    point: str
    when: str
    nth: int
    also: str = ""
    """`"peer"`: the process at the other end of the channel dies in the same instant."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Armed:
    """Wraps methods of one process so that it dies where its plan says."""

    def __init__(self, kill: Kill | None, peers: Callable[[], list[int]]) -> None:
        self._kill = kill
        self._peers = peers
        self._seen: Counter[tuple[str, str]] = Counter()

    def pass_by(self, point: str, when: str) -> None:
        """Die here, if this is the place."""
        self._seen[(point, when)] += 1
        kill = self._kill
        if kill and (kill.point, kill.when, kill.nth) == (point, when, self._seen[(point, when)]):
            if kill.also:
                for pid in self._peers():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)

    def wrap(self, owner: Any, name: str, point: str, applies: Callable[..., bool] | None = None) -> None:
        """Put both sides of the coroutine function `owner.name` under fire."""
        original = getattr(owner, name)

        @functools.wraps(original)
        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            relevant = applies is None or applies(*args, **kwargs)
            if relevant:
                self.pass_by(point, "before")
            result = await original(*args, **kwargs)
            if relevant:
                self.pass_by(point, "after")
            return result

        setattr(owner, name, wrapped)


def read_line(connection: socket.socket) -> bytes:
    """One line, and not a byte more: what follows is somebody else's to wait for."""
    data = b""
    while not data.endswith(b"\n"):
        chunk = connection.recv(1)
        if not chunk:
            raise ConnectionError("the zygote is gone")
        data += chunk
    return data
