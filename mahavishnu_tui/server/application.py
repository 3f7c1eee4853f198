"""The HTTP application: routes, and failures as answers."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import http_error, known_error, unexpected_error
from mahavishnu_tui.server.facade.app import agent_application
from mahavishnu_tui.server.routes import (
    approvals,
    checkpoints,
    deployments,
    flow_runs,
    inbox,
    ledger,
    needs,
    notifications,
    pools,
    prefect,
    room,
    runs,
    said,
    schedules,
    search,
    stream,
    system,
    workflows,
)


def application(core: Core) -> ASGIApp:
    """What uvicorn serves."""
    app = Starlette(
        routes=[
            *system.ROUTES,
            *runs.ROUTES,
            *checkpoints.ROUTES,
            *room.ROUTES,
            *approvals.ROUTES,
            *inbox.ROUTES,
            *needs.ROUTES,
            *ledger.ROUTES,
            *notifications.ROUTES,
            *said.ROUTES,
            *workflows.ROUTES,
            *flow_runs.ROUTES,
            *prefect.ROUTES,
            *deployments.ROUTES,
            *schedules.ROUTES,
            *search.ROUTES,
            *pools.ROUTES,
            *stream.ROUTES,
            Mount("/agent", app=agent_application(core)),
        ],
        exception_handlers={
            MahavishnuError: known_error,
            HTTPException: http_error,
            Exception: unexpected_error,
        },
    )
    app.state.core = core

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        core.seen_client()
        await app(scope, receive, send)

    return counted
