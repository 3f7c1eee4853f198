"""Who may call at the address of its own: the socket is private, a port is not."""

from __future__ import annotations

import hmac
import ipaddress

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.server.errors import json_response

_OPEN = frozenset({"/ok"})


def is_loopback(host: str) -> bool:
    """Whether a name or address reaches this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Guard:
    """Lets requests through that carry the token, or, without one, that come from programs of this machine.

    A web page can make a browser call 127.0.0.1: without a token such calls are known by their `Origin`, and
    by a `Host` that is a name of somebody else's.

    Args:
        app: what is guarded.
        token: the secret; empty for none.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse with 401 or 403."""
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        if self._token:
            refused = (
                None if self._knows(headers) or scope["path"] in _OPEN else (401, "The API token is wrong.")
            )
        else:
            refused = _foreign(headers)
        if refused is None:
            await self._app(scope, receive, send)
            return
        status, message = refused
        wrong = MahavishnuError(ErrorCode.NOT_TRUSTED, message, "See docs/agent-api.md.")
        answer = json_response({"detail": str(wrong), "code": wrong.code.value}, status)
        await answer(scope, receive, send)

    def _knows(self, headers: Headers) -> bool:
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        given = headers.get("x-api-key") or (bearer if scheme.lower() == "bearer" else "")
        return hmac.compare_digest(given.strip().encode(), self._token.encode())


def _foreign(headers: Headers) -> tuple[int, str] | None:
    host = headers.get("host", "")
    name = host[: host.rfind("]") + 1] if host.startswith("[") else host.partition(":")[0]
    if not is_loopback(name):
        return 403, "Without a token only this machine is answered, under its own name."
    if "origin" in headers:
        return 403, "Without a token web pages are not answered."
    return None
