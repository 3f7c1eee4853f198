"""Failures as HTTP answers: `{"error": {code, message, hint, …}}` and a status."""

from __future__ import annotations

import logging

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.server import codec

log = logging.getLogger(__name__)

_STATUS = {
    ErrorCode.RUN_UNKNOWN: 404,
    ErrorCode.APPROVAL_UNKNOWN: 404,
    ErrorCode.CHECKPOINT_UNKNOWN: 404,
    ErrorCode.WORKFLOW_UNKNOWN: 404,
    ErrorCode.HOST_UNKNOWN: 404,
    ErrorCode.RUN_STATE: 409,
    ErrorCode.THREAD_BUSY: 409,
    ErrorCode.QUESTION_CHANGED: 409,
    ErrorCode.CHECKPOINT_MOVED: 409,
    ErrorCode.THREAD_KEPT: 409,
    ErrorCode.ALREADY_ANSWERED: 409,
    ErrorCode.CLAIMED: 409,
    ErrorCode.DISK_FULL: 507,
    ErrorCode.DATABASE_LOCKED: 503,
    ErrorCode.DATABASE_CORRUPT: 503,
    ErrorCode.SERVER_UNREACHABLE: 503,
    ErrorCode.HOST_DIED: 503,
    ErrorCode.REMOTE_UNREACHABLE: 503,
    ErrorCode.REMOTE_REFUSED: 502,
    ErrorCode.REMOTE_NOT_OFFERED: 409,
    ErrorCode.NOTIFY_TARGET: 404,
    ErrorCode.TIMEOUT: 504,
    ErrorCode.INTERNAL: 500,
}


def json_response(value: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(codec.dumps(value), status_code=status, media_type="application/json")


def status_of(error: MahavishnuError) -> int:
    """The HTTP status of an error: whatever is not listed is the caller's input (422)."""
    return _STATUS.get(error.code, 422)


async def known_error(request: Request, error: Exception) -> Response:
    """Answer for a `MahavishnuError`."""
    assert isinstance(error, MahavishnuError)
    log.info("%s %s: %s", request.method, request.url.path, error)
    if error.code is ErrorCode.DATABASE_CORRUPT:
        request.app.state.core.damaged(error)
    return json_response({"error": error.to_json()}, status_of(error))


async def http_error(request: Request, error: Exception) -> Response:
    """Answer for a path or method that does not exist."""
    assert isinstance(error, HTTPException)
    wrong = MahavishnuError(
        ErrorCode.BAD_INPUT, f"{request.method} {request.url.path}: {error.detail}.", "See docs/protocols.md."
    )
    return json_response({"error": wrong.to_json()}, error.status_code)


async def unexpected_error(request: Request, error: Exception) -> Response:
    """Answer for our own mistakes; the log gets the traceback."""
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    wrong = MahavishnuError(
        ErrorCode.INTERNAL,
        f"{request.method} {request.url.path} failed in the server.",
        "Its log has the details.",
    )
    return json_response({"error": wrong.to_json()}, 500)
