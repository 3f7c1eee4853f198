"""One LangGraph server over HTTP: its Agent Server API, as far as we use it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import quote

import httpx

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.options import RemoteServer

LARGEST = 64 * 1024 * 1024
"""Bytes of an answer."""
PAGE = 100
_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 20.0
_SELECT = ["thread_id", "status", "updated_at", "metadata", "interrupts"]


class Api:
    """Calls of one server. Each raises MHV-450 when it cannot be reached and MHV-451 when it refuses.

    The errors' `status` is that of its answer; 0 when there was none.

    Args:
        server: where it is.
        transport: takes the place of the network.
    """

    def __init__(self, server: RemoteServer, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.server = server
        self._narrow = True
        headers = {"user-agent": f"mahavishnu/{_version()}", **server.headers}
        if server.api_key:
            headers["x-api-key"] = server.api_key
        # Neither proxies nor .netrc of the environment: where this goes is the settings' business.
        self._client = httpx.AsyncClient(
            base_url=server.url.rstrip("/"),
            headers=headers,
            timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
            trust_env=False,
            transport=transport,
        )

    async def close(self) -> None:
        """Let go of its connections."""
        await self._client.aclose()

    async def info(self) -> dict[str, Any]:
        """Version and flags."""
        return _object(await self._call("GET", "/info"))

    async def assistants(self) -> list[dict[str, Any]]:
        """Every assistant."""
        found: list[dict[str, Any]] = []
        while True:
            page = _objects(
                await self._call("POST", "/assistants/search", json={"limit": PAGE, "offset": len(found)})
            )
            found += page
            if len(page) < PAGE or len(found) >= 5000:
                return found

    async def graph(self, assistant_id: str, unfolded: bool) -> dict[str, Any]:
        """The drawing of an assistant's graph."""
        params = {"xray": "true"} if unfolded else {}
        return _object(await self._call("GET", f"/assistants/{quote(assistant_id)}/graph", params=params))

    async def schemas(self, assistant_id: str) -> dict[str, Any]:
        """The JSON schemas of an assistant's graph; each may be null."""
        return _object(await self._call("GET", f"/assistants/{quote(assistant_id)}/schemas"))

    async def threads(self, offset: int = 0, limit: int = PAGE, **only: Any) -> list[dict[str, Any]]:
        """A page of threads, the one that changed last first; `only` may hold a `status`."""
        query = {
            "limit": limit,
            "offset": offset,
            "sort_by": "updated_at",
            "sort_order": "desc",
            **({"select": _SELECT} if self._narrow else {}),
            **only,
        }
        try:
            return _objects(await self._call("POST", "/threads/search", json=query))
        except MahavishnuError as error:
            if error.details.get("status") != 422 or not self._narrow:
                raise
            # An older server, which always sends all of a thread.
            self._narrow = False
            return await self.threads(offset, limit, **only)

    async def thread(self, thread_id: str) -> dict[str, Any]:
        """One thread."""
        return _object(await self._call("GET", f"/threads/{quote(thread_id)}"))

    async def runs(self, thread_id: str, limit: int = PAGE) -> list[dict[str, Any]]:
        """The runs of a thread, newest first."""
        return _objects(
            await self._call("GET", f"/threads/{quote(thread_id)}/runs", params={"limit": str(limit)})
        )

    async def state(self, thread_id: str, checkpoint: str = "") -> dict[str, Any]:
        """What a thread holds now, with its subgraphs; or at a checkpoint."""
        if checkpoint:
            return _object(
                await self._call("GET", f"/threads/{quote(thread_id)}/state/{quote(checkpoint, safe='')}")
            )
        return _object(
            await self._call("GET", f"/threads/{quote(thread_id)}/state", params={"subgraphs": "true"})
        )

    async def update_state(self, thread_id: str, order: dict[str, Any]) -> dict[str, Any]:
        """Change the state of a thread."""
        return _object(await self._call("POST", f"/threads/{quote(thread_id)}/state", json=order))

    async def history(
        self, thread_id: str, limit: int, before: str = "", namespace: str = ""
    ) -> list[dict[str, Any]]:
        """Checkpoints, newest first."""
        query: dict[str, Any] = {"limit": limit}
        if before:
            query["before"] = {"configurable": {"checkpoint_id": before}}
        if namespace:
            query["checkpoint"] = {"checkpoint_ns": namespace}
        return _objects(await self._call("POST", f"/threads/{quote(thread_id)}/history", json=query))

    async def create_run(self, thread_id: str, order: dict[str, Any]) -> dict[str, Any]:
        """Start a run on a thread."""
        return _object(await self._call("POST", f"/threads/{quote(thread_id)}/runs", json=order))

    async def cancel(self, thread_id: str, run_id: str) -> None:
        """Ask for the end of a run; 404 when it has ended."""
        path = f"/threads/{quote(thread_id)}/runs/{quote(run_id)}/cancel"
        await self._call("POST", path, params={"wait": "false", "action": "interrupt"})

    async def join(self, thread_id: str, run_id: str) -> AsyncIterator[str]:
        """The kinds of events of a run, as they come, until it ends."""
        path = f"/threads/{quote(thread_id)}/runs/{quote(run_id)}/stream"
        # What it streams is taken as news only: the time between two steps has no bound.
        timeout = httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS, read=None)
        try:
            async with self._client.stream("GET", path, timeout=timeout) as response:
                if response.status_code >= 400:
                    raise self._refused(response.status_code, b"", path)
                left = b""
                async for piece in response.aiter_bytes():
                    *lines, left = (left + piece).split(b"\n")
                    left = left[-100:]
                    for line in lines:
                        if line.startswith(b"event:"):
                            yield line[6:].strip().decode(errors="replace")
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    async def _call(self, method: str, path: str, **rest: Any) -> Any:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS + _CONNECT_SECONDS):
                async with self._client.stream(method, path, **rest) as response:
                    body = await self._body(response, path)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise self._unreachable(error) from error
        if response.status_code >= 400:
            raise self._refused(response.status_code, body, path)
        if not body:
            return None
        try:
            return codec.loads(body)
        except ValueError:
            raise self._odd(path, "is not JSON") from None

    async def _body(self, response: httpx.Response, path: str) -> bytes:
        parts, size = list[bytes](), 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > LARGEST:
                raise self._odd(path, f"is larger than {LARGEST >> 20} MiB")
            parts.append(part)
        return b"".join(parts)

    def _unreachable(self, error: Exception) -> MahavishnuError:
        why = clean_line(str(error) or type(error).__name__, 200)
        if isinstance(error, (TimeoutError, httpx.TimeoutException)):
            why = "it does not answer in time"
        return MahavishnuError(
            ErrorCode.REMOTE_UNREACHABLE,
            f"LangGraph server {self.server.name} ({self.server.url}) cannot be reached: {why}.",
            "It is tried again by itself; `mahavishnu langgraph servers check` tries it now.",
            server=self.server.name,
            status=0,
        )

    def _refused(self, status: int, body: bytes, path: str) -> MahavishnuError:
        said = _detail(body)
        if status >= 500 and status not in (501, 505):
            what, hint = f"fails at {path} ({status}){said}", "Its own log says why."
        elif status in (401, 403):
            what = f"does not let us in ({status}){said}"
            hint = "Set `api_key` or `headers` of this server under `langgraph.servers`."
        elif status in (405, 501):
            what, hint = f"does not offer {path.partition('?')[0]} ({status})", "A newer server may."
        else:
            what, hint = f"refuses {path} ({status}){said}", "Look at its state there, then try again."
        return MahavishnuError(
            ErrorCode.REMOTE_REFUSED,
            f"LangGraph server {self.server.name} {what}.",
            hint,
            server=self.server.name,
            status=status,
        )

    def _odd(self, path: str, what: str) -> MahavishnuError:
        return MahavishnuError(
            ErrorCode.REMOTE_REFUSED,
            f"LangGraph server {self.server.name}: the answer of {path} {what}.",
            f"Is {self.server.url} a LangGraph server?",
            server=self.server.name,
            status=200,
        )


def status_of(error: MahavishnuError) -> int:
    """The HTTP status behind an error of `Api`; 0 when there was no answer."""
    return int(error.details.get("status") or 0)


def is_about_server(error: MahavishnuError) -> bool:
    """Whether an error is about all of a server (or our own disk), and not about the one thing asked for."""
    return error.code is not ErrorCode.REMOTE_REFUSED or status_of(error) in (401, 403, 429)


def _detail(body: bytes) -> str:
    try:
        found = codec.loads(body)
    except ValueError:
        return ""
    text = found.get("detail") if isinstance(found, dict) else None
    return f": {clean_line(text, 200).rstrip('.')}" if isinstance(text, str) and text else ""


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _version() -> str:
    try:
        return version("mahavishnu-tui")
    except PackageNotFoundError:
        return "0"
