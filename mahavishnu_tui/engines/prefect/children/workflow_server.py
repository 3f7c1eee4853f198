"""A client of our server for code that has only the standard library: HTTP over its Unix socket."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any
from urllib.parse import quote


class RefusedError(Exception):
    """The server answered with an error.

    Args:
        error: `{code, message, hint, …}`.
        status: the HTTP status.
    """

    def __init__(self, error: dict[str, Any], status: int) -> None:
        self.code = str(error.get("code") or "")
        self.status = status
        hint = str(error.get("hint") or "")
        super().__init__(f"{self.code} {error.get('message', '')}{' ' + hint if hint else ''}".strip())


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("mahavishnu", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class WorkflowServer:
    """The calls that a flow needs.

    Args:
        path: the server's socket.
        timeout: seconds for one call.
    """

    def __init__(self, path: str, timeout: float = 30.0) -> None:
        self.path = path
        self._timeout = timeout

    def answers(self) -> bool:
        """Whether somebody is there."""
        try:
            self.call("GET", "/v1/server")
        except (OSError, http.client.HTTPException):
            return False
        except RefusedError:
            return True
        return True

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One request; the decoded answer.

        Raises:
            RefusedError: the server says no.
            OSError: it cannot be reached, or does not answer in time.
        """
        connection = _Connection(self.path, self._timeout)
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, {"content-type": "application/json"})
            response = connection.getresponse()
            found = json.loads(response.read() or b"null")
        except (http.client.HTTPException, ValueError) as error:  # it died while it answered
            raise ConnectionError(str(error) or type(error).__name__) from error
        finally:
            connection.close()
        if response.status >= 400:
            said = found.get("error") if isinstance(found, dict) else None
            raise RefusedError(said if isinstance(said, dict) else {}, response.status)
        return found

    def start(self, order: dict[str, Any]) -> dict[str, Any]:
        """Start a run, or find the one that this order started before: `Run`."""
        run: dict[str, Any] = self.call("POST", "/v1/runs", order)
        return run

    def detail(self, run_id: str) -> dict[str, Any]:
        """The run with its values and questions."""
        found: dict[str, Any] = self.call("GET", f"/v1/runs/{quote(run_id)}")
        return found

    def look(self, run: dict[str, Any]) -> dict[str, Any]:
        """The run as it is now, without its values."""
        thread = quote(str(run["thread_id"]))
        for each in self.call("GET", f"/v1/runs?thread={thread}&limit=50"):
            if each["id"] == run["id"]:
                found: dict[str, Any] = each
                return found
        found = self.detail(run["id"])["run"]
        return found

    def tagged(self, tag: str, search: str) -> list[dict[str, Any]]:
        """The runs with a tag, looked for by a part of it that is a word."""
        return [run for run in self.call("GET", f"/v1/runs?search={quote(search)}") if tag in run["tags"]]

    def resume(self, run_id: str, by: str) -> dict[str, Any]:
        """Go on with a run that failed or was cancelled, from where it stopped."""
        run: dict[str, Any] = self.call("POST", f"/v1/runs/{quote(run_id)}/resume", {"by": by})
        return run

    def cancel(self, run_id: str, by: str) -> None:
        """Cancel a run."""
        self.call("POST", f"/v1/runs/{quote(run_id)}/cancel", {"by": by})
