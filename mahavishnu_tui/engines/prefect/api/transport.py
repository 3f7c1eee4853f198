"""Calls of one Prefect server over HTTP: patience, order of writes, tokens, and errors in sentences."""

from __future__ import annotations

import asyncio
import base64
import random
import time
import uuid
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import httpx

from mahavishnu_tui.engines.prefect import errors
from mahavishnu_tui.engines.prefect.api.wire import decode, encode, given, retry_after
from mahavishnu_tui.engines.prefect.config import PrefectConnection
from mahavishnu_tui.engines.prefect.errors import About, PrefectError
from mahavishnu_tui.engines.prefect.tls import tls_context
from mahavishnu_tui.models.text import clean_line

LARGEST = 64 * 1024 * 1024
"""Bytes of an answer, unpacked."""
PATIENCE = 5.0
"""Seconds that a call waits by itself when the server asks for it; beyond that the caller is told."""
_CONNECT_SECONDS = 5.0
_KEEP_SECONDS = 3.0
"""Prefect closes a connection after 5 s without a call; ours must be the first to let go."""
_LONGEST_DELAY = 5.0
_SAME_CLOCK = 3.0


class Repeat(Enum):
    """When a call may be sent again after it failed."""

    SAFE = "safe"
    """It reads, or what it does twice is the same as once: also after a connection that broke."""
    REFUSED = "refused"
    """Only when the server says itself that it did nothing (503 of its database, 429)."""


class Transport:
    """Reads go out at once, writes one after the other: SQLite refuses a second writer at once.

    Reads share kept connections. Each write has one of its own, so that a connection that the server has just
    closed never leaves it open whether a change was made.

    Args:
        connection: where the server is and how we get in.
        transport: takes the place of the network.
    """

    def __init__(
        self, connection: PrefectConnection, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.connection = connection
        self._client_id = str(uuid.uuid4())
        self._tokens: dict[str, str] = {}
        self._token_turn = asyncio.Lock()
        self._write_turn = asyncio.Lock()
        self._closed_until = 0.0
        self.ahead = 0.0
        """Seconds by which the server's clock is ahead of ours."""
        self.took = 0.0
        """Seconds that it has taken to begin its newest answer."""
        self._reader = self._client(transport, httpx.Limits(keepalive_expiry=_KEEP_SECONDS))
        self._writer = self._client(transport, httpx.Limits(max_keepalive_connections=0))

    @property
    def waits_until(self) -> float:
        """When the server takes calls again, in seconds since the epoch; 0 when it takes them now."""
        left = self._closed_until - time.monotonic()
        return time.time() + left if left > 0 else 0.0

    async def close(self) -> None:
        """Let go of all connections."""
        await self._reader.aclose()
        await self._writer.aclose()

    async def get(self, path: str, about: About, **params: Any) -> Any:
        """Read by GET, with the parameters that are not None.

        Raises:
            PrefectError: it failed.
        """
        given = {key: value for key, value in params.items() if value is not None}
        return await self._call(self._reader, "GET", path, about, Repeat.SAFE, params=given)

    async def read(self, path: str, about: About, body: Mapping[str, Any]) -> Any:
        """Read by POST, as Prefect's filters want it, with the values that are not None.

        Raises:
            PrefectError: it failed.
        """
        return await self._call(self._reader, "POST", path, about, Repeat.SAFE, body=given(body))

    async def write(
        self, method: str, path: str, about: About, body: Any = None, *, repeat: Repeat = Repeat.REFUSED
    ) -> Any:
        """Change something, once those that were asked for before have been done.

        Args:
            method: POST, PATCH, PUT or DELETE.
            path: below the API's address.
            about: what it is about.
            body: JSON; of an object, the values that are not None.
            repeat: when it may be sent again.

        Raises:
            PrefectError: it failed; `uncertain` says whether the change may have been made all the same.
        """
        sent = given(body) if isinstance(body, Mapping) else body
        async with self._write_turn:
            return await self._call(self._writer, method, path, about, repeat, body=sent, changing=True)

    async def _call(
        self,
        client: httpx.AsyncClient,
        method: str,
        path: str,
        about: About,
        repeat: Repeat,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        changing: bool = False,
    ) -> Any:
        content = None if body is None else encode(body, about)
        delay, broke, left = self.connection.retry_delay, False, 2 * self.connection.retries
        while True:
            try:
                await self._wait_for_leave()
                return await self._once(client, method, path, about, params or {}, content, changing)
            except PrefectError as error:
                if broke and method == "DELETE" and error.kind == "missing":
                    return None  # the attempt whose answer was lost has done it
                broke = broke or error.uncertain
                # A database that is busy is asked twice as often: half of two writers' calls find it so.
                left -= 1 if error.kind == "busy" else 2
                if left < 0 or not _may_repeat(error, repeat):
                    raise
            if not self.waits_until:
                await asyncio.sleep(delay * random.uniform(0.8, 1.2))  # noqa: S311  # nosec B311
                delay = min(delay * 1.5, _LONGEST_DELAY)

    async def _wait_for_leave(self) -> None:
        until = self.waits_until
        if until and until - time.time() > PATIENCE:
            raise errors.rate_limited(self.connection.api_url, until)
        if until:
            await asyncio.sleep(max(0.0, until - time.time()))

    async def _once(
        self,
        client: httpx.AsyncClient,
        method: str,
        path: str,
        about: About,
        params: Mapping[str, Any],
        content: bytes | None,
        changing: bool,
    ) -> Any:
        sent = dict(self._tokens)
        status, headers, answer = await self._exchange(client, method, path, about, params, content, changing)
        if status == 403 and self.connection.csrf and (b"CSRF" in answer or b"client identifier" in answer):
            await self._fetch_tokens(sent)
            status, headers, answer = await self._exchange(
                client, method, path, about, params, content, changing
            )
        if status == 429:
            self._closed_until = max(self._closed_until, time.monotonic() + retry_after(headers))
            raise errors.rate_limited(self.connection.api_url, self.waits_until or time.time())
        return self._read_answer(status, headers, answer, about, changing)

    async def _exchange(
        self,
        client: httpx.AsyncClient,
        method: str,
        path: str,
        about: About,
        params: Mapping[str, Any],
        content: bytes | None,
        changing: bool,
    ) -> tuple[int, httpx.Headers, bytes]:
        """One request and its whole answer."""
        url = self.connection.api_url
        headers = {**self._tokens, **({} if content is None else {"content-type": "application/json"})}
        seconds, began = self.connection.timeout, time.monotonic()
        try:
            async with asyncio.timeout(seconds + _CONNECT_SECONDS):
                async with client.stream(
                    method, f"{url}{path}", params=params, content=content, headers=headers
                ) as response:
                    self.took = time.monotonic() - began
                    self._note_clock(response.headers)
                    return response.status_code, response.headers, await self._body(response, about)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise errors.unreachable(url, error) from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise errors.timed_out(url, about, seconds, changing) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise errors.lost(url, about, error, changing) from error

    def _note_clock(self, headers: Mapping[str, str]) -> None:
        """Learn by how much its clock differs from ours, as far as whole seconds tell."""
        try:
            ahead = parsedate_to_datetime(headers["date"]).timestamp() - time.time()
        except (KeyError, TypeError, ValueError, OverflowError):
            return
        self.ahead = ahead if abs(ahead) > _SAME_CLOCK else 0.0

    async def _body(self, response: httpx.Response, about: About) -> bytes:
        parts, size = list[bytes](), 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > LARGEST:
                raise errors.odd(
                    self.connection.api_url,
                    about,
                    f"is larger than {LARGEST >> 20} MiB",
                    response.status_code,
                )
            parts.append(part)
        return b"".join(parts)

    def _read_answer(
        self, status: int, headers: httpx.Headers, answer: bytes, about: About, changing: bool
    ) -> Any:
        url = self.connection.api_url
        if 300 <= status < 400:
            where = clean_line(headers.get("location", "elsewhere"), 200)
            raise errors.odd(url, about, f"sends us to {where}", status)
        if not answer and status < 400:
            return None
        try:
            found = decode(answer)
        except ValueError:
            found = None
            if status < 400:
                page = headers.get("content-type", "").startswith("text/html")
                what = "is a web page, not JSON" if page else "is not JSON"
                raise errors.odd(url, about, what, status) from None
        if status >= 400:
            raise errors.refused(url, about, status, answer, found, changing)
        return found

    async def _fetch_tokens(self, stale: Mapping[str, str]) -> None:
        """Get a CSRF token, unless another call has got a newer one meanwhile."""
        async with self._token_turn:
            if self._tokens != stale:
                return
            about = About("a CSRF token")
            status, headers, answer = await self._exchange(
                self._reader, "GET", "/csrf-token", about, {"client": self._client_id}, None, False
            )
            found = self._read_answer(status, headers, answer, about, False)
            token = found.get("token") if isinstance(found, dict) else None
            if not isinstance(token, str) or not token.isascii() or not token.isprintable():
                raise errors.odd(self.connection.api_url, about, "holds no token")
            self._tokens = {"Prefect-Csrf-Token": token, "Prefect-Csrf-Client": self._client_id}

    def _client(self, transport: httpx.AsyncBaseTransport | None, limits: httpx.Limits) -> httpx.AsyncClient:
        about = self.connection
        headers = {"user-agent": f"mahavishnu/{_version()}", "accept": "application/json", **about.headers}
        if about.auth_string:
            headers["authorization"] = "Basic " + base64.b64encode(about.auth_string.encode()).decode()
        elif about.api_key:
            headers["authorization"] = f"Bearer {about.api_key}"
        return httpx.AsyncClient(
            headers=headers,
            limits=limits,
            timeout=httpx.Timeout(about.timeout, connect=_CONNECT_SECONDS),
            # A company's proxy is for what is not on this machine.
            trust_env=not about.is_loopback,
            verify=tls_context(about) if about.api_url.startswith("https") else False,
            transport=transport,
        )


def _may_repeat(error: PrefectError, repeat: Repeat) -> bool:
    if error.kind == "rate_limit":
        return error.until - time.time() <= PATIENCE
    if error.kind == "busy":
        return True
    if repeat is Repeat.SAFE:
        return error.kind == "lost" or (error.kind == "server" and error.status in (408, 502, 504))
    return False


def _version() -> str:
    try:
        return version("mahavishnu-tui")
    except PackageNotFoundError:
        return "0"
