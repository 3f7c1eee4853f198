"""What a Prefect server tells by itself: its event socket, read one small event at a time."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any

import orjson
from websockets import Subprotocol
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException

from mahavishnu_tui.engines.prefect import errors
from mahavishnu_tui.engines.prefect.config import PrefectConnection
from mahavishnu_tui.engines.prefect.errors import About, PrefectError
from mahavishnu_tui.engines.prefect.states import moment
from mahavishnu_tui.engines.prefect.tls import tls_context
from mahavishnu_tui.models import ErrorCode
from mahavishnu_tui.models.text import clean_line

PREFIXES = (
    "prefect.flow-run.",
    "prefect.task-run.",
    "prefect.deployment.",
    "prefect.work-pool.",
    "prefect.work-queue.",
    "prefect.worker.",
)
"""How the events begin that change what a dashboard shows."""
_OPEN_SECONDS = 10.0
_LARGEST = 4 * 1024 * 1024
"""Bytes of one event; Prefect's own are about one KiB."""
_ALWAYS = {"since": "2000-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}
"""The filter wants a window; a narrow one would drop everything where two clocks disagree."""
_ABOUT = About("its events")
_BAD_TOKEN = 1008


@dataclasses.dataclass(frozen=True)
class PrefectEvent:
    """That something happened to something. What it is like now is asked for, not read from here."""

    id: str
    name: str
    """`prefect.flow-run.Completed`; for runs it ends in the *name* of the state, which flows may choose."""
    at: float
    noun: str
    """What it happened to: `flow-run`, `task-run`, `deployment`, `work-pool` …"""
    subject: str
    """The id of that."""
    title: str = ""
    """The name of that."""
    state_type: str = ""
    state_name: str = ""
    related: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Ids of what else it has to do with, by noun: a task run's `flow-run`, its `flow`, `deployment` …"""

    @property
    def flow_run_id(self) -> str:
        """The flow run that it is about, itself or by one of its tasks; empty for other events."""
        return self.subject if self.noun == "flow-run" else self.related.get("flow-run", "")

    @classmethod
    def read(cls, event: Any) -> PrefectEvent | None:
        """Read Prefect's JSON; None when it is not an event, or about nothing of Prefect's."""
        if not isinstance(event, dict) or not isinstance(event.get("resource"), dict):
            return None
        about = event["resource"]
        noun, subject = _resource(about)
        if not noun or not isinstance(event.get("event"), str):
            return None
        found: dict[str, str] = {}
        others = event.get("related")
        for other in others if isinstance(others, list) else ():
            kind, its_id = _resource(other) if isinstance(other, dict) else ("", "")
            if kind and kind != "tag":
                found.setdefault(kind, its_id)
        return cls(
            id=str(event.get("id") or ""),
            name=event["event"],
            at=moment(event.get("occurred")) or time.time(),
            noun=noun,
            subject=subject,
            title=str(about.get("prefect.resource.name") or ""),
            state_type=str(about.get("prefect.state-type") or ""),
            state_name=str(about.get("prefect.state-name") or ""),
            related=found,
        )


class EventStream:
    """One connection to the event socket. When it breaks it is over: reconnecting is the caller's business::

        async with EventStream(connection) as stream:
            async for event in stream:
                ...

    Entering raises `PrefectError`: kind `not_offered` where the server has no such socket, `auth` where the
    token is wrong, `unreachable` or `timeout` otherwise. Reading raises `lost` when the connection breaks,
    also when nothing comes back to our pings (a half-open socket).

    Args:
        connection: the server.
        prefixes: how the events begin that are wanted.
        ping_seconds: between two pings, and how long their answer may take.
    """

    def __init__(
        self, connection: PrefectConnection, prefixes: Sequence[str] = PREFIXES, ping_seconds: float = 15.0
    ) -> None:
        self._connection = connection
        self._prefixes = list(prefixes)
        self._ping_seconds = ping_seconds
        self._socket: ClientConnection | None = None
        self.heard_at = 0.0
        """When the last event came; 0 before the first. A gateway may answer pings for a server that is gone:
        a caller that finds changes of which no event told should connect anew."""

    async def __aenter__(self) -> EventStream:
        """Connect, say who we are, say what we want to hear."""
        url = self._connection.api_url
        try:
            async with asyncio.timeout(_OPEN_SECONDS):
                self._socket = await self._open()
                await self._introduce(self._socket)
        except PrefectError:
            await self.close()
            raise
        except InvalidStatus as error:
            raise self._not_opened(error.response.status_code) from error
        except TimeoutError as error:
            await self.close()
            raise errors.timed_out(url, _ABOUT, _OPEN_SECONDS, False) from error
        except ConnectionClosed as error:
            raise self._closed(error) from error
        except InvalidHandshake as error:
            raise self._not_opened(0) from error
        except (OSError, WebSocketException) as error:
            raise errors.unreachable(url, error) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        await self.close()

    async def close(self) -> None:
        """Close the connection; whoever reads gets to an end."""
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()

    async def __aiter__(self) -> AsyncIterator[PrefectEvent]:
        """The events, as they come."""
        socket = self._socket
        if socket is None:
            raise RuntimeError("the stream is not open")
        try:
            async for message in socket:
                event = _event(message)
                if event is not None:
                    self.heard_at = time.time()
                    yield event
        except ConnectionClosed as error:
            raise self._closed(error) from error
        if self._socket is not None:
            raise errors.lost(self._connection.api_url, _ABOUT, EOFError("the server closed it"), False)

    async def _open(self) -> ClientConnection:
        about = self._connection
        secure = about.events_url.startswith("wss")
        return await connect(
            about.events_url,
            subprotocols=[Subprotocol("prefect")],
            additional_headers=dict(about.headers),
            user_agent_header="mahavishnu",
            open_timeout=_OPEN_SECONDS,
            ping_interval=self._ping_seconds,
            ping_timeout=self._ping_seconds,
            close_timeout=1,
            max_size=_LARGEST,
            proxy=None if about.is_loopback else True,
            ssl=tls_context(about) if secure else None,
        )

    async def _introduce(self, socket: ClientConnection) -> None:
        if socket.subprotocol != "prefect":
            raise self._not_opened(0)
        await socket.send(orjson.dumps({"type": "auth", "token": self._connection.token}).decode())
        answer = _json(await socket.recv())
        if not isinstance(answer, dict) or answer.get("type") != "auth_success":
            raise self._not_opened(0)
        wanted = {"occurred": _ALWAYS, "event": {"prefix": self._prefixes}}
        await socket.send(orjson.dumps({"type": "filter", "backfill": False, "filter": wanted}).decode())

    def _not_opened(self, status: int) -> PrefectError:
        url = self._connection.api_url
        if status == 401:
            return errors.refused(url, _ABOUT, status, b"", None, False)
        if status >= 500 and status != 501:
            return errors.refused(url, _ABOUT, status, b"", None, False)
        return errors.refused(url, _ABOUT, 501, b"", None, False)

    def _closed(self, error: ConnectionClosed) -> PrefectError:
        url = self._connection.api_url
        if error.rcvd is not None and error.rcvd.code == _BAD_TOKEN:
            said = clean_line(error.rcvd.reason, 100).rstrip(".")
            return PrefectError(
                ErrorCode.PREFECT_AUTH,
                f"Prefect at {url} does not let us hear its events: {said or 'bad token'}.",
                errors.KEYS_HINT,
                kind="auth",
                status=401,
            )
        return errors.lost(url, _ABOUT, error, False)


def _event(message: str | bytes) -> PrefectEvent | None:
    found = _json(message)
    return PrefectEvent.read(found.get("event")) if isinstance(found, dict) else None


def _json(message: str | bytes) -> Any:
    try:
        return orjson.loads(message)
    except orjson.JSONDecodeError:
        return None


def _resource(resource: Mapping[str, Any]) -> tuple[str, str]:
    """Noun and id of `prefect.flow-run.UUID`; two empty texts for anything else."""
    name = resource.get("prefect.resource.id")
    parts = name.split(".", 2) if isinstance(name, str) else []
    return (parts[1], parts[2]) if len(parts) == 3 and parts[0] == "prefect" else ("", "")
