"""Refusals in the shape of their API: a status and `{"detail": one sentence with our code}`."""

from __future__ import annotations

import logging

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.server.errors import json_response, status_of

log = logging.getLogger(__name__)


class RefusalError(MahavishnuError):
    """A `MahavishnuError` that knows its HTTP status."""

    def __init__(self, status: int, code: ErrorCode, message: str, hint: str = "") -> None:
        super().__init__(code, message, hint)
        self.status = status


def unprocessable(message: str, hint: str = "") -> RefusalError:
    """422: the request cannot be understood."""
    return RefusalError(422, ErrorCode.BAD_INPUT, message, hint)


def not_offered(what: str, instead: str = "") -> RefusalError:
    """501: their API has it, and we do not."""
    return RefusalError(
        501, ErrorCode.BAD_INPUT, f"This server does not offer {what}.", instead or "See docs/agent-api.md."
    )


def missing(message: str, code: ErrorCode = ErrorCode.RUN_UNKNOWN) -> RefusalError:
    """404: there is no such thing."""
    return RefusalError(404, code, message)


def conflict(code: ErrorCode, message: str, hint: str = "") -> RefusalError:
    """409: the thing is not in a state for it."""
    return RefusalError(409, code, message, hint)


async def known(request: Request, error: Exception) -> Response:
    """Answer for a `MahavishnuError`."""
    assert isinstance(error, MahavishnuError)
    log.info("%s %s: %s", request.method, request.url.path, error)
    if error.code is ErrorCode.DATABASE_CORRUPT:
        request.app.state.core.damaged(error)
    status = error.status if isinstance(error, RefusalError) else status_of(error)
    return json_response({"detail": str(error), "code": error.code.value}, status)


async def http(request: Request, error: Exception) -> Response:
    """Answer for a path or method that does not exist."""
    assert isinstance(error, HTTPException)
    return json_response({"detail": error.detail}, error.status_code)


async def unexpected(request: Request, error: Exception) -> Response:
    """Answer for our own mistakes; the log gets the traceback."""
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    wrong = MahavishnuError(
        ErrorCode.INTERNAL, "The request failed in the server.", "Its log has the details."
    )
    return json_response({"detail": str(wrong), "code": wrong.code.value}, 500)
