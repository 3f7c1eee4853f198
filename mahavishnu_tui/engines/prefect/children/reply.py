"""The child's side of its channel: one JSON object in, JSON lines out, and nothing else on stdout."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from typing import Any

CONNECTION, DEPLOYMENT, FLOW, SCHEDULE, POOL = "MHV-400", "MHV-401", "MHV-402", "MHV-404", "MHV-405"
API, TIMEOUT, AUTH, RATE, SDK, INPUT = "MHV-406", "MHV-407", "MHV-408", "MHV-409", "MHV-411", "MHV-010"

_LONGEST_MESSAGE, _LONGEST_DETAIL = 2000, 200_000
"""Characters: an exception of the user's may say anything, and a parent reads lines of some length."""


class Refusal(Exception):
    """What the operator is told instead of a result.

    Args:
        code: the MHV code.
        message: one sentence, naming the thing at fault.
        hint: what to do now.
        detail: a traceback, or the server's own words.
    """

    def __init__(self, code: str, message: str, hint: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message[:_LONGEST_MESSAGE], hint
        self.detail = detail[-_LONGEST_DETAIL:]

    def to_json(self) -> dict[str, str]:
        """`{code, message, hint, detail}`."""
        return {"code": self.code, "message": self.message, "hint": self.hint, "detail": self.detail}


class Channel:
    """Stdin and stdout, taken away from the user's code: what that prints goes to stderr.

    Lines are written whole, from any thread. A parent that is gone is no reason to stop a flow.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._out = os.dup(1)
        os.dup2(2, 1)
        self._in = os.dup(0)
        with open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(AttributeError, ValueError):
                stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]

    def read(self) -> dict[str, Any]:
        """The request.

        Raises:
            Refusal: MHV-010 it is no JSON object.
        """
        with os.fdopen(self._in, "rb") as stdin:
            text = stdin.read()
        try:
            request = json.loads(text)
        except ValueError as error:
            raise Refusal(INPUT, f"The request is not JSON ({error}).") from error
        if not isinstance(request, dict):
            raise Refusal(INPUT, "The request is not a JSON object.")
        return request

    def say(self, line: dict[str, Any]) -> None:
        """Write one line."""
        data = json.dumps(line, default=str).encode() + b"\n"
        with self._lock, contextlib.suppress(OSError):
            while data:
                data = data[os.write(self._out, data) :]
