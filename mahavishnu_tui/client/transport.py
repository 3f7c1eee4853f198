"""HTTP over the server's Unix socket: JSON in, JSON out, `MahavishnuError` and nothing else when it fails."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError

if TYPE_CHECKING:
    import httpx

START_HINT = "Start it with `mahavishnu server start`; `mahavishnu info` shows the paths."
SILENCE = 6.0
"""Seconds without a line (three missed beats) after which a stream counts as lost."""


class Transport:
    """One httpx client, made when first used.

    Every request has a connection of its own: on a Unix socket that costs next to nothing, and no
    write can meet a kept connection that a restarted server has just closed.
    """

    def __init__(self, socket: str, timeout: float) -> None:
        self.socket = socket
        self.timeout = timeout
        self._http: httpx.AsyncClient | None = None

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            import ssl

            import httpx

            # A Unix socket carries no TLS; httpx would read all certificate authorities all the same.
            no_authorities = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            limits = httpx.Limits(max_connections=64, max_keepalive_connections=0)
            self._http = httpx.AsyncClient(
                transport=httpx.AsyncHTTPTransport(uds=self.socket, limits=limits, verify=no_authorities),
                base_url="http://mahavishnu",
                timeout=self.timeout,
                trust_env=False,
            )
        return self._http

    async def aclose(self) -> None:
        """Close the client; it may be used again afterwards."""
        if self._http is not None:
            http, self._http = self._http, None
            await http.aclose()

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """One request; the decoded JSON of its answer.

        Raises:
            MahavishnuError: MHV-002 when nobody answers, MHV-109 when it takes longer than
                `timeout` seconds, else what the server says.
        """
        import orjson

        content = None if body is None else _encode(body)
        headers = {"content-type": "application/json"} if content is not None else None
        seconds = self.timeout if timeout is None else timeout
        with self._translated(seconds):
            response = await self._client().request(
                method, path, params=params, content=content, headers=headers, timeout=seconds
            )
        _raise_for_status(response.status_code, response.content)
        if not response.content:
            return None
        try:
            return orjson.loads(response.content)
        except ValueError as error:
            raise _not_ours(self.socket) from error

    async def pieces(self, path: str, params: dict[str, Any], timeout: float) -> AsyncIterator[bytes]:
        """The body of a long answer as it comes; raises like `call`, and MHV-002 when it breaks off."""
        with self._translated(timeout):
            async with self._client().stream("GET", path, params=params, timeout=timeout) as response:
                if response.status_code >= 400:
                    _raise_for_status(response.status_code, await response.aread())
                async for piece in response.aiter_raw():
                    yield piece

    async def chunks(self, path: str, params: dict[str, Any]) -> AsyncIterator[list[dict[str, Any]]]:
        """The lines of an NDJSON stream, those that arrived together in one list.

        The first list is empty and says that the server has accepted. Lines are split at `\\n` alone:
        JSON text may hold U+2028, at which httpx's own line reader would cut it.
        """
        import httpx
        import orjson

        timeout = httpx.Timeout(self.timeout, read=SILENCE)
        with self._translated(SILENCE):
            async with self._client().stream("GET", path, params=params, timeout=timeout) as response:
                if response.status_code >= 400:
                    _raise_for_status(response.status_code, await response.aread())
                yield []
                rest = bytearray()
                async for chunk in response.aiter_raw():
                    rest += chunk
                    end = rest.rfind(b"\n")
                    if end < 0:
                        continue
                    lines = bytes(rest[:end]).split(b"\n")
                    del rest[: end + 1]
                    try:
                        yield [orjson.loads(line) for line in lines if line]
                    except ValueError as error:
                        raise _not_ours(self.socket) from error

    @contextlib.contextmanager
    def _translated(self, seconds: float) -> Iterator[None]:
        """Turn what httpx raises into sentences."""
        import httpx

        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise MahavishnuError(
                ErrorCode.SERVER_UNREACHABLE, f"No server answers at {self.socket}.", START_HINT
            ) from error
        except httpx.TimeoutException as error:
            raise MahavishnuError(
                ErrorCode.TIMEOUT,
                f"The server did not answer within {seconds:g} s.",
                "It may be busy or stuck: `mahavishnu server logs` says more.",
            ) from error
        except httpx.HTTPError as error:
            raise MahavishnuError(
                ErrorCode.SERVER_UNREACHABLE,
                "The server went away before it had answered.",
                "Look whether the act was done before you repeat it.",
            ) from error


def _encode(body: dict[str, Any]) -> bytes:
    import orjson

    try:
        return orjson.dumps(body)
    except TypeError as error:
        # orjson has no integers beyond 64 bits and no lone surrogates; the standard library has both.
        import json

        try:
            return json.dumps(body).encode()
        except (TypeError, ValueError):
            raise MahavishnuError(
                ErrorCode.BAD_INPUT, f"The input is not JSON: {error}.", "Use plain JSON values."
            ) from error


def _raise_for_status(status: int, content: bytes) -> None:
    if status < 400:
        return
    import orjson

    try:
        told = orjson.loads(content)["error"]
        error = MahavishnuError.from_json(told)
    except (ValueError, KeyError, TypeError, AttributeError):
        error = MahavishnuError(
            ErrorCode.INTERNAL,
            f"The server answered with HTTP status {status}.",
            "`mahavishnu server logs` says more.",
        )
    raise error


def _not_ours(socket: str) -> MahavishnuError:
    return MahavishnuError(
        ErrorCode.INTERNAL,
        f"What answers at {socket} does not speak our protocol.",
        "Is another program, or another version, listening there? Try `mahavishnu server stop`.",
    )
