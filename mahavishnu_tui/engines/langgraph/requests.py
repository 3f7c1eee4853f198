"""What is asked of the adapter for one dispatch, and what comes back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Literal

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.edit import StateEdit

Mode = Literal["start", "continue", "fork", "edit"]
FinalStatus = Literal["success", "error", "interrupted", "paused", "cancelled"]
DURABILITIES = ("sync", "async", "exit")
Notify = Callable[[dict[str, Any]], None]
"""Takes the notices of docs/protocols.md, `ev` and all."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """A human's answer, with the hash of the question that was shown."""

    interrupt_id: str
    hash: str
    value: Any


@dataclasses.dataclass(frozen=True)
class RunRequest:
    """One dispatch of a run; the fields are those of `run` in docs/protocols.md."""

    run_id: str
    thread_id: str
    spec: str
    lease: int
    mode: Mode = "start"
    input: Any = None
    answers: tuple[Answer, ...] = ()
    checkpoint_id: str = ""
    next_visit: int = 1
    config: dict[str, Any] = dataclasses.field(default_factory=dict)
    intent: str = ""
    """Names one order to start or fork: repeated after a crash, it is carried out once."""
    edit: StateEdit = dataclasses.field(default_factory=StateEdit)
    """With mode `edit`: the change to store; nothing is run."""
    timeout: float = 0.0
    """Seconds that this dispatch may take; 0: no limit."""
    timeout_seconds: float = 0.0
    """The limit of the whole run, of which earlier dispatches may have used a part."""
    node_timeout: float = 0.0
    """Seconds for one attempt at a node; 0: no limit."""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> RunRequest:
        """Read a `run` request.

        Raises:
            MahavishnuError: MHV-010 when a field is missing or of the wrong kind.
        """
        try:
            mode: Any = data.get("mode") or "start"
            if mode not in ("start", "continue", "fork", "edit"):
                raise ValueError(f"mode is {mode!r}")
            return cls(
                run_id=str(data["run_id"]),
                thread_id=str(data["thread_id"]),
                spec=str(data["spec"]),
                lease=int(data["lease"]),
                mode=mode,
                input=data.get("input"),
                answers=tuple(
                    Answer(str(answer["interrupt_id"]), str(answer["hash"]), answer.get("value"))
                    for answer in data.get("answers") or ()
                ),
                checkpoint_id=str(data.get("checkpoint_id") or ""),
                next_visit=int(data.get("next_visit") or 1),
                config=dict(data.get("config") or {}),
                intent=str(data.get("intent") or ""),
                edit=StateEdit.from_json(data.get("edit") or {}),
                **{name: float(value or 0.0) for name, value in _limits(data)},
            )
        except (KeyError, TypeError, ValueError) as error:
            raise MahavishnuError(
                ErrorCode.BAD_INPUT,
                f"The run request is not well formed: {type(error).__name__} {error}.",
                "See docs/protocols.md.",
            ) from error


def _limits(data: dict[str, Any]) -> list[tuple[str, Any]]:
    given = dict(data.get("limits") or {})
    return [(name, given.get(name)) for name in ("timeout", "timeout_seconds", "node_timeout")]


@dataclasses.dataclass(frozen=True)
class EngineSettings:
    """How the engine runs graphs; the defaults are those of settings/mahavishnu.yaml."""

    recursion_limit: int = 2000
    durability: Literal["sync", "async", "exit"] = "sync"
    synchronous: str = "NORMAL"
    sync_threads: int = 64
    """Threads for synchronous nodes: with asyncio's default of a few, ten of them would block each other."""
    warn_bytes: int = 50 * 2**20
    """A thread whose checkpoints take more than this is warned of."""

    @classmethod
    def from_json(cls, data: dict[str, Any] | None) -> EngineSettings:
        """Read the `settings` of `hello`; unknown keys are ignored."""
        known = {key: value for key, value in (data or {}).items() if key in cls.__dataclass_fields__}
        return cls(**{key: value for key, value in known.items() if value is not None})


def durability(request: RunRequest, settings: EngineSettings) -> Literal["sync", "async", "exit"]:
    """When the checkpoints of a run are stored: as it says itself, else as the settings say."""
    wanted: Any = request.config.get("durability")
    chosen: Literal["sync", "async", "exit"] = wanted if wanted in DURABILITIES else settings.durability
    return chosen
