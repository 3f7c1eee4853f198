"""Every error an operator can meet: a code, one sentence, and what to do about it."""

from __future__ import annotations

from enum import Enum
from typing import Any


class ErrorCode(str, Enum):
    """The MHV codes. 0xx system, 1xx what was asked for, 40x-41x Prefect, 42x-43x LangGraph, 45x other
    people's LangGraph servers, 46x notifications."""

    CONFIG_INVALID = "MHV-001"
    SERVER_UNREACHABLE = "MHV-002"
    SERVER_RUNNING = "MHV-003"
    DATABASE_LOCKED = "MHV-004"
    DATABASE_CORRUPT = "MHV-005"
    DISK_FULL = "MHV-006"
    SOCKET_PATH = "MHV-007"
    NOT_TRUSTED = "MHV-008"
    TERMINAL = "MHV-009"
    BAD_INPUT = "MHV-010"
    INTERNAL = "MHV-011"
    READ_ONLY = "MHV-012"
    PROGRAM_CHANGED = "MHV-013"

    RUN_UNKNOWN = "MHV-100"
    RUN_STATE = "MHV-101"
    THREAD_BUSY = "MHV-102"
    APPROVAL_UNKNOWN = "MHV-103"
    QUESTION_CHANGED = "MHV-104"
    ALREADY_ANSWERED = "MHV-105"
    ANSWER_INVALID = "MHV-106"
    CHECKPOINT_UNKNOWN = "MHV-107"
    WORKFLOW_UNKNOWN = "MHV-108"
    TIMEOUT = "MHV-109"
    HOST_UNKNOWN = "MHV-110"
    HUMAN_TIMEOUT = "MHV-115"
    CLAIMED = "MHV-116"
    NEED_UNKNOWN = "MHV-117"
    CHECKPOINT_MOVED = "MHV-121"
    EDIT_INVALID = "MHV-122"
    THREAD_KEPT = "MHV-123"

    PREFECT_CONNECTION = "MHV-400"
    PREFECT_DEPLOYMENT_NOT_FOUND = "MHV-401"
    PREFECT_FLOW_NOT_FOUND = "MHV-402"
    PREFECT_RUN_FAILED = "MHV-403"
    PREFECT_SCHEDULE_INVALID = "MHV-404"
    PREFECT_WORK_POOL = "MHV-405"
    PREFECT_API = "MHV-406"
    PREFECT_TIMEOUT = "MHV-407"
    PREFECT_AUTH = "MHV-408"
    PREFECT_RATE_LIMIT = "MHV-409"
    PREFECT_STATE_SYNC = "MHV-410"
    PREFECT_START = "MHV-411"

    LOAD_FAILED = "MHV-420"
    GRAPH_INVALID = "MHV-421"
    NOT_A_GRAPH = "MHV-422"
    ENGINE_MISSING = "MHV-423"
    HOST_DIED = "MHV-424"
    ROUTE_UNKNOWN = "MHV-425"
    NODE_FAILED = "MHV-426"
    NODE_EXITED = "MHV-427"
    RECURSION_LIMIT = "MHV-428"
    INPUT_INVALID = "MHV-429"
    CHECKPOINT_STORE = "MHV-430"
    LEASE_LOST = "MHV-431"
    STATE_UNSERIALISABLE = "MHV-432"
    HOST_START = "MHV-433"
    RUN_TIMEOUT = "MHV-434"
    NODE_TIMEOUT = "MHV-435"

    REMOTE_UNREACHABLE = "MHV-450"
    REMOTE_REFUSED = "MHV-451"
    REMOTE_NOT_OFFERED = "MHV-452"

    NOTIFY_TARGET = "MHV-460"
    NOTIFY_FAILED = "MHV-461"


class MahavishnuError(Exception):
    """An error with its MHV code: what is wrong, where, and what to do.

    Args:
        code: the MHV code.
        message: one sentence, without a full traceback, naming the thing at fault.
        hint: what the operator can do now.
        details: JSON-plain extras (`node`, `path`, `detail` for a traceback …).
    """

    def __init__(
        self,
        code: ErrorCode | str,
        message: str,
        hint: str = "",
        **details: Any,
    ) -> None:
        super().__init__(message)
        self.code = ErrorCode(code) if code in ErrorCode._value2member_map_ else ErrorCode.INTERNAL
        self.message = message
        self.hint = hint
        self.details = details

    def __str__(self) -> str:
        tail = f" {self.hint}" if self.hint else ""
        return f"{self.code.value} {self.message}{tail}"

    def to_json(self) -> dict[str, Any]:
        """`{code, message, hint, …details}`."""
        return {**self.details, "code": self.code.value, "message": self.message, "hint": self.hint}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> MahavishnuError:
        """Read what `to_json` wrote (from the server or from a host)."""
        rest = {k: v for k, v in data.items() if k not in ("code", "message", "hint")}
        return cls(
            str(data.get("code", "")),
            str(data.get("message", "unknown error")),
            str(data.get("hint", "")),
            **rest,
        )
