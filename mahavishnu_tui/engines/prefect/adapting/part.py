"""What every part of the adapter works with."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.engines.prefect.local_runs import UserCode
from mahavishnu_tui.engines.prefect.schedules import DateHelper
from mahavishnu_tui.models import ErrorCode
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.schemas import problems


class Part:
    """A group of the adapter's methods.

    Args:
        api: the server.
        code: where flows are loaded, and with which interpreter.
        pool: the work pool of deployments that name none.
        dates: who knows the dates of schedules.
    """

    def __init__(self, api: PrefectApi, code: UserCode, pool: str, dates: DateHelper) -> None:
        self.api = api
        self._code = code
        self._pool = pool
        self._dates = dates

    async def get_deployment(self, which: str) -> dict[str, Any]:
        """One deployment, by its id or as `flow/deployment`.

        Raises:
            AdapterError: MHV-401 there is none.
        """
        if is_id(which):
            return await self.api.deployments.get(which)
        flow, _, name = which.partition("/")
        if not flow or not name:
            shown = clean_line(which, 80)
            raise AdapterError(
                ErrorCode.PREFECT_DEPLOYMENT_NOT_FOUND,
                f"{shown!r} names no deployment.",
                "Name it `flow/deployment`, or by its id.",
            )
        return await self.api.deployments.get_by_name(flow, name)


def is_id(text: str) -> bool:
    """Whether a text is one of Prefect's ids."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def check_parameters(deployment: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
    """Say what the schema of a deployment forbids about the parameters of a run, before the server does.

    Values that the server fills in itself (templates, variables) are its business.

    Raises:
        AdapterError: MHV-429, the first problem; all of them are in its detail `problems`.
    """
    schema = deployment.get("parameter_openapi_schema")
    if not isinstance(schema, dict) or deployment.get("enforce_parameter_schema") is False:
        return
    whole = {**(deployment.get("parameters") or {}), **parameters}
    if any(isinstance(value, Mapping) and "__prefect_kind" in value for value in whole.values()):
        return
    # Prefect itself takes what the flow has no name for; its run would fail. A flow without any, or with
    # `**kwargs`, may be one that takes everything.
    known = schema.get("properties") or {}
    closed = {"additionalProperties": False} if known and "kwargs" not in known else {}
    found = problems(whole, {**closed, **schema})
    if found:
        sentences = [problem.sentence("The parameters") for problem in found]
        raise AdapterError(
            ErrorCode.INPUT_INVALID,
            f"Parameter {sentences[0]}" if found[0].where else sentences[0],
            "Nothing was started. Give the parameters that the flow takes.",
            problems=sentences,
        )
