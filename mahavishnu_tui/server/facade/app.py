"""The application that speaks their API; mounted on our socket, and served at an address of its own."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.facade import assistants, editing, pruning, refusals, runs, thread_stream, threads


async def ok(request: Request) -> Response:
    """`GET /ok`."""
    return json_response({"ok": True})


async def info(request: Request) -> Response:
    """`GET /info`."""
    try:
        ours = version("mahavishnu-tui")
    except PackageNotFoundError:
        ours = "unknown"
    flags = {"assistants": True, "crons": False, "langsmith": False, "strict_resume": True}
    return json_response({"version": ours, "host": {"kind": "mahavishnu"}, "flags": flags})


async def refuse(request: Request) -> Response:
    """The store and the schedules of their API."""
    what = "a store" if "/store/" in request.url.path else "schedules (crons)"
    raise refusals.not_offered(what)


_ANY = ["GET", "POST", "PUT", "PATCH", "DELETE"]
ROUTES = [
    Route("/ok", ok),
    Route("/info", info),
    Route("/store/{rest:path}", refuse, methods=_ANY),
    Route("/runs/crons", refuse, methods=_ANY),
    Route("/runs/crons/{rest:path}", refuse, methods=_ANY),
    Route("/threads/{thread}/runs/crons", refuse, methods=_ANY),
    *assistants.ROUTES,
    *pruning.ROUTES,
    *threads.ROUTES,
    *editing.ROUTES,
    *thread_stream.ROUTES,
    *runs.ROUTES,
]


def agent_application(core: Core) -> Starlette:
    """Their API over our core."""
    app = Starlette(
        routes=ROUTES,
        exception_handlers={
            MahavishnuError: refusals.known,
            HTTPException: refusals.http,
            Exception: refusals.unexpected,
        },
    )
    app.state.core = core
    return app
