"""HTTP over the server's Unix socket: JSON in, JSON out, `MahavishnuError` and nothing else when it fails."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError

if TYPE_CHECKING:
    from mahavishnu_tui.client.exchange import Answer

START_HINT = "Start it with `mahavishnu server start`; `mahavishnu info` shows the paths."
SILENCE = 6.0
"""Seconds without a line (three missed beats) after which a stream counts as lost."""


class Transport:
    """The way to one server.

    Every request has a connection of its own: on a Unix socket that costs next to nothing, and no
    write can meet a kept connection that a restarted server has just closed.

    Args:
        socket: path of the server's socket.
        timeout: seconds for an ordinary call.
        before_write: called before anything is sent that is more than a question; raises to forbid it.
    """

    def __init__(self, socket: str, timeout: float, before_write: Callable[[], None] | None = None) -> None:
        self.socket = socket
        self.timeout = timeout
        self._before_write = before_write
        self._under_way: set[Answer] = set()

    async def aclose(self) -> None:
        """End what is under way; it may be used again afterwards."""
        for answer in self._under_way:
            answer.close()

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
        timeout: float | None = None,
        asks: bool = False,
    ) -> Any:
        """One request; the decoded JSON of its answer.

        Args:
            method: of HTTP.
            path: below the server's root.
            params: what follows the question mark.
            body: sent as JSON.
            timeout: seconds; the ordinary ones by default.
            asks: a POST that leaves nothing changed.

        Raises:
            MahavishnuError: MHV-002 when nobody answers, MHV-109 when it takes longer than
                `timeout` seconds, else what the server says.
        """
        if method != "GET" and not asks and self._before_write is not None:
            self._before_write()
        return await self.exchange(method, path, params=params, body=body, timeout=timeout)

    async def exchange(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """Send one request, whoever may; see `call`."""
        import orjson

        content = None if body is None else _encode(body)
        seconds = self.timeout if timeout is None else timeout
        async with self._asked(method, path, params, seconds, content) as answer:
            status, found = answer.status, await answer.body()
        _raise_for_status(status, found)
        if not found:
            return None
        try:
            return orjson.loads(found)
        except ValueError as error:
            raise _not_ours(self.socket) from error

    async def pieces(self, path: str, params: dict[str, Any], timeout: float) -> AsyncGenerator[bytes, None]:
        """The body of a long answer as it comes; raises like `call`, and MHV-002 when it breaks off."""
        async with self._asked("GET", path, params, timeout) as answer:
            if answer.status >= 400:
                _raise_for_status(answer.status, await answer.body())
            async for piece in answer.pieces():
                yield piece

    async def chunks(self, path: str, params: dict[str, Any]) -> AsyncIterator[list[dict[str, Any]]]:
        """The lines of an NDJSON stream, those that arrived together in one list.

        The first list is empty and says that the server has accepted. Lines are split at `\\n` alone:
        JSON text may hold U+2028, at which others would cut it.
        """
        import orjson

        async with self._asked("GET", path, params, SILENCE) as answer:
            if answer.status >= 400:
                _raise_for_status(answer.status, await answer.body())
            yield []
            rest = bytearray()
            async for chunk in answer.pieces():
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

    @contextlib.asynccontextmanager
    async def _asked(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        seconds: float,
        content: bytes | None = None,
    ) -> AsyncIterator[Answer]:
        """The answer to a request; what goes wrong with it is told in sentences."""
        from mahavishnu_tui.client.exchange import BrokenOffError, NobodyThereError, exchange

        target = f"{path}?{urlencode(params, doseq=True, errors='replace')}" if params else path
        try:
            async with exchange(self.socket, method, target, content, seconds) as answer:
                self._under_way.add(answer)
                try:
                    yield answer
                finally:
                    self._under_way.discard(answer)
        except NobodyThereError as error:
            raise MahavishnuError(
                ErrorCode.SERVER_UNREACHABLE, f"No server answers at {self.socket}.", START_HINT
            ) from error
        except TimeoutError as error:
            hint = (
                "It may be busy or stuck"
                if method == "GET"
                else "Look whether it was done before you repeat it"
            )
            raise MahavishnuError(
                ErrorCode.TIMEOUT,
                f"The server did not answer within {seconds:g} s.",
                f"{hint}: `mahavishnu server logs` says more.",
            ) from error
        except BrokenOffError as error:
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
