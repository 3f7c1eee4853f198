"""The assistants of a LangGraph server, as workflows that can be launched and drawn."""

from __future__ import annotations

from typing import Any

from mahavishnu_tui.models import GraphShape, MahavishnuError, Workflow
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.remote.api import Api, status_of
from mahavishnu_tui.server.remote.drawing import shape_of
from mahavishnu_tui.server.remote.reading import moment
from mahavishnu_tui.server.remote.taking import workflow_id
from mahavishnu_tui.server.store import elsewhere


class Assistants:
    """Reads what changed; the drawings it has read are in `shapes`, by assistant."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._versions: dict[str, str] = {}
        self.shapes: dict[str, GraphShape] = {}

    async def changed(self) -> list[Workflow]:
        """The assistants that are new or have a new version."""
        found = []
        for assistant in await self._api.assistants():
            key = str(assistant.get("assistant_id") or "")
            version = f"{assistant.get('version')} {assistant.get('updated_at')}"
            if key and self._versions.get(key) != version:
                found.append(await self._read(key, assistant))
                self._versions[key] = version
        return found

    def again(self) -> None:
        """That server was away: it may have come back with other graphs."""
        self._versions.clear()

    async def _read(self, key: str, assistant: dict[str, Any]) -> Workflow:
        server = self._api.server
        shape, schema, error = await self._drawn(key)
        if shape is not None:
            self.shapes[key] = shape
        named = clean_line(assistant.get("name") or "", 60)
        graph = clean_line(assistant.get("graph_id") or key, 60)
        title = graph if named in ("", "Untitled") else named
        told = clean_line(assistant.get("description") or "", 200)
        return Workflow(
            id=workflow_id(server.name, key),
            name=f"{title}@{server.name}",
            spec=key,
            project={"root": server.url, "interpreter": "", "env_file": ""},
            registered_at=moment(assistant.get("created_at")),
            description=told or f"graph {graph} on LangGraph server {server.name}",
            shape=shape.to_json() if shape is not None else None,
            input_schema=schema,
            engine=elsewhere.ENGINE,
            server=server.name,
            error=error,
        )

    async def _drawn(self, key: str) -> tuple[GraphShape | None, Json, dict[str, Any] | None]:
        """Shape, input schema, and why there is no shape."""
        try:
            outer = await self._api.graph(key, unfolded=False)
        except MahavishnuError as error:
            if not status_of(error):
                raise
            return None, None, error.to_json()
        inner = await self._optional(self._api.graph(key, unfolded=True))
        schemas = await self._optional(self._api.schemas(key)) or {}
        schema = schemas.get("input_schema") or schemas.get("state_schema")
        return shape_of(outer, inner), schema if isinstance(schema, dict) else None, None

    async def _optional(self, call: Any) -> dict[str, Any] | None:
        """An answer that not every server can give."""
        try:
            found = await call
        except MahavishnuError as error:
            if not status_of(error):
                raise
            return None
        return found if isinstance(found, dict) else None
