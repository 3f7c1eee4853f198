"""Claims, and many answers at once."""

from __future__ import annotations

import asyncio
import functools
import logging
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.models import LedgerEntry, MahavishnuError
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.routes.approvals import read_comment
from mahavishnu_tui.server.routes.body import Body, bad
from mahavishnu_tui.server.transitions import claims, questions

log = logging.getLogger(__name__)

MOST = 1000
"""Questions that one call answers."""


async def claim(request: Request) -> Response:
    """`POST /v1/approvals/{id}/claim`."""
    return await _claimed(request, claims.claim)


async def release(request: Request) -> Response:
    """`POST /v1/approvals/{id}/release`."""
    return await _claimed(request, claims.release)


async def answer_many(request: Request) -> Response:
    """`POST /v1/approvals/answers`: one answer to many questions, each on its own; a result for each."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    wanted = [_named(item) for item in body.objects("answers")]
    if len(wanted) > MOST:
        raise bad(f"More than {MOST} questions in one call.", "Answer them in several.")
    if int(body.number("count", -1)) != len(wanted):
        raise bad(f"The count is not {len(wanted)}, the number of questions named.", "Nothing was answered.")
    if len({identity for identity, _ in wanted}) != len(wanted):
        raise bad("A question is named twice.", "Nothing was answered.")
    give = functools.partial(
        questions.answer, value=body.any("value"), by=body.person(), comment=read_comment(body)
    )
    outcomes = await asyncio.gather(
        *(
            core.store.write(functools.partial(give, approval_id=identity, seen=seen))
            for identity, seen in wanted
        ),
        return_exceptions=True,
    )
    core.dispatcher.wake()
    results = [_result(identity, outcome) for (identity, _), outcome in zip(wanted, outcomes, strict=True)]
    answered = sum("entry" in result for result in results)
    log.info("%s answered %d of %d questions at once", body.person(), answered, len(wanted))
    return json_response({"answered": answered, "results": results})


async def _claimed(request: Request, change: Any) -> Response:
    core: Core = request.app.state.core
    body = await Body.of(request)
    approval = await core.store.write(
        functools.partial(
            change,
            approval_id=request.path_params["approval"],
            seen=body.text("hash"),
            by=body.person(),
            holder=body.text("holder", ""),
        )
    )
    return json_response(approval.to_json())


def _named(item: Body) -> tuple[str, str]:
    return item.text("id"), item.text("hash")


def _result(identity: str, outcome: LedgerEntry | BaseException) -> dict[str, Any]:
    if isinstance(outcome, LedgerEntry):
        return {"id": identity, "entry": outcome.to_json()}
    if isinstance(outcome, MahavishnuError):
        return {"id": identity, "error": outcome.to_json()}
    raise outcome


ROUTES = [
    Route("/v1/approvals/answers", answer_many, methods=["POST"]),
    Route("/v1/approvals/{approval}/claim", claim, methods=["POST"]),
    Route("/v1/approvals/{approval}/release", release, methods=["POST"]),
]
