"""Answers the server's requests: a thin shell around the adapter."""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mahavishnu_tui.engines.langgraph.host.beat import Heart
from mahavishnu_tui.engines.langgraph.host.channel import Channel
from mahavishnu_tui.engines.langgraph.host.checkpoints import CheckpointOps
from mahavishnu_tui.models import ErrorCode, MahavishnuError

if TYPE_CHECKING:
    from mahavishnu_tui.engines.langgraph.adapter import LangGraphAdapter
    from mahavishnu_tui.engines.langgraph.host.capture import Capture
    from mahavishnu_tui.engines.langgraph.voices import Voices

PROTOCOL = 1
PACKAGES = "langgraph langgraph-checkpoint-sqlite"
Handler = Callable[[dict[str, Any]], Awaitable[Any]]


class Service:
    """One connection to the server. LangGraph is imported with `hello`, so that its absence can be told."""

    def __init__(self, loop: asyncio.AbstractEventLoop, channel: Channel) -> None:
        self.stopped = False
        self._loop = loop
        self._channel = channel
        self._adapter: LangGraphAdapter | None = None
        self._capture: Capture | None = None
        self._heart = Heart(loop, self._work, channel.send, self._linger)
        self._pending: set[asyncio.Task[None]] = set()
        self._handlers: dict[str, Handler] = {
            "hello": self._hello,
            "load": self._load,
            "validate": self._validate,
            "run": self._start,
            "cancel": self._cancel,
            "at_work": self._at_work,
            "drain": self._drain,
            "checkpoints": self._checkpoints,
            "state": self._state,
            "history": self._history,
            "questions": self._questions,
            "stop": self._stop,
            **CheckpointOps(lambda: self._engine.curator).handlers,
        }

    def _linger(self) -> None:
        if self._capture is not None:
            self._capture.linger()

    def _work(self) -> dict[str, Any]:
        """What each beat says of the work at hand."""
        adapter = self._adapter
        return {
            "running": adapter.running if adapter else 0,
            "importing": adapter.importing if adapter else "",
            "code": adapter.code if adapter else "",
        }

    def take(self, message: dict[str, Any]) -> None:
        """Take in one line, from the reading thread."""
        self._loop.call_soon_threadsafe(self._dispatch, message)

    def _dispatch(self, message: dict[str, Any]) -> None:
        task = self._loop.create_task(self._reply(message))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def _reply(self, message: dict[str, Any]) -> None:
        reply: dict[str, Any] = {"id": message.get("id")}
        try:
            reply["ok"] = await self._handle(message)
        except MahavishnuError as error:
            reply["error"] = error.to_json()
        except BaseException as error:
            traceback.print_exc()  # to the host's log
            reply["error"] = MahavishnuError(
                ErrorCode.INTERNAL,
                f"The engine host failed at {request_name(message)!r}: {type(error).__name__}: {error}.",
                "Its log has the details.",
            ).to_json()
        self._channel.send(reply)
        if self.stopped:
            self._loop.stop()

    async def _handle(self, message: dict[str, Any]) -> Any:
        handler = self._handlers.get(request_name(message))
        if handler is None:
            raise MahavishnuError(
                ErrorCode.BAD_INPUT,
                f"The engine host does not know {request_name(message)!r}.",
                "Server and host are of different versions: restart the server.",
            )
        try:
            return await handler(message)
        except KeyError as error:
            raise MahavishnuError(
                ErrorCode.BAD_INPUT, f"{request_name(message)!r} needs {error}.", "See docs/protocols.md."
            ) from error

    async def _hello(self, message: dict[str, Any]) -> dict[str, Any]:
        if message.get("protocol", PROTOCOL) != PROTOCOL:
            raise MahavishnuError(
                ErrorCode.HOST_START,
                f"The engine host speaks protocol {PROTOCOL}, the server {message.get('protocol')}.",
                "Restart the server.",
            )
        self._heart.start()
        try:
            from mahavishnu_tui.engines.langgraph.adapter import LangGraphAdapter, versions
            from mahavishnu_tui.engines.langgraph.requests import EngineSettings
        except ImportError as error:
            raise engine_missing(error) from error
        voices = self._listen(message.get("logs") or {})
        root = Path(message.get("project", {}).get("root") or os.getcwd())
        adapter = LangGraphAdapter(
            root,
            message["checkpoints"],
            EngineSettings.from_json(message.get("settings")),
            self._channel.send,
            voices,
        )
        self._adapter = await adapter.__aenter__()
        return {"pid": os.getpid(), "versions": versions()}

    def _listen(self, wanted: dict[str, Any]) -> Voices | None:
        """Take down what runs say, where the server wants it: before any code of the project is imported."""
        if not wanted.get("folder"):
            return None
        from mahavishnu_tui.engines.langgraph.host.capture import Capture
        from mahavishnu_tui.engines.langgraph.host.inherit import inherit_voices
        from mahavishnu_tui.engines.langgraph.runlog import RunLogs
        from mahavishnu_tui.engines.langgraph.voices import Voices

        voices = Voices(RunLogs(Path(wanted["folder"]), int(wanted.get("bytes") or 10 * 2**20)))
        self._capture = Capture(voices)
        self._capture.install(wanted.get("level") or "info")
        inherit_voices()
        return voices

    async def _load(self, message: dict[str, Any]) -> dict[str, Any]:
        return (await self._engine.load(message["spec"])).to_json()

    async def _validate(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        return [finding.to_json() for finding in await self._engine.validate(message["spec"])]

    async def _start(self, message: dict[str, Any]) -> dict[str, Any]:
        from mahavishnu_tui.engines.langgraph.requests import RunRequest

        await self._engine.start(RunRequest.from_json(message))
        return {}

    async def _cancel(self, message: dict[str, Any]) -> dict[str, Any]:
        if await self._engine.cancel(message["run_id"]):
            return {"cancelled": True}
        return {"cancelled": False, "reason": "sync"}

    async def _at_work(self, message: dict[str, Any]) -> dict[str, Any]:
        return dict(self._engine.at_work(message["run_id"]))

    async def _drain(self, message: dict[str, Any]) -> dict[str, Any]:
        self._engine.drain(message.get("run_id") or "")
        return {}

    async def _checkpoints(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        listed = await self._engine.checkpoints(
            message["thread_id"], int(message.get("limit") or 100), message.get("before") or ""
        )
        return [checkpoint.to_json() for checkpoint in listed]

    async def _state(self, message: dict[str, Any]) -> dict[str, Any]:
        view = await self._engine.state(
            message["thread_id"], message["spec"], message.get("checkpoint_id") or ""
        )
        return view.to_json()

    async def _history(self, message: dict[str, Any]) -> dict[str, Any]:
        from mahavishnu_tui.engines.langgraph.history import HistoryQuery

        return await self._engine.history(HistoryQuery.from_json(message), message["spec"])

    async def _questions(self, message: dict[str, Any]) -> dict[str, Any]:
        return await self._engine.questions(message["thread_id"], message["spec"])

    async def _stop(self, message: dict[str, Any]) -> dict[str, Any]:
        self._heart.stop()
        if self._adapter is not None:
            await self._adapter.__aexit__(None, None, None)
        self.stopped = True
        return {}

    @property
    def _engine(self) -> LangGraphAdapter:
        if self._adapter is None:
            raise MahavishnuError(ErrorCode.BAD_INPUT, "The engine host has had no hello yet.")
        return self._adapter


def request_name(message: dict[str, Any]) -> str:
    """What a request asks for: its `op`."""
    return str(message.get("op", ""))


def engine_missing(error: ImportError) -> MahavishnuError:
    """MHV-423: this interpreter lacks LangGraph or its saver, or has too old ones."""
    missing = (
        f"has no {error.name!r}"
        if isinstance(error, ModuleNotFoundError)
        else f"has an old LangGraph ({error})"
    )
    return MahavishnuError(
        ErrorCode.ENGINE_MISSING,
        f"The interpreter {sys.executable} {missing}.",
        f"Run: {sys.executable} -m pip install -U {PACKAGES}",
        interpreter=sys.executable,
    )
