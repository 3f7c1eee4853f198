"""Any Python value as bounded, deterministic, JSON-plain data."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import enum
import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import PurePath
from typing import Any
from uuid import UUID

from mahavishnu_tui.engines.langgraph.chat import is_message, shown_content

MAX_BYTES = 256 * 1024
"""Default budget of one value: what a screen or a notice can use."""
MAX_DEPTH = 40
_LEAST_SHARE = 64
"""Bytes of the budget that a key of a mapping may always use."""
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_INT64 = 2**63
_ABOUT = ("model_name", "model", "token_usage", "usage", "cost")
"""What of a model's answer about itself is worth its place."""


def to_json(value: Any, max_bytes: int = MAX_BYTES) -> tuple[Any, bool]:
    """Turn a value into what `json.dumps` accepts; the flag says whether something was cut off.

    The same value gives the same result in any process: no memory addresses, sets sorted.
    """
    writer = _Writer(max_bytes)
    return writer.plain(value, 0), writer.truncated


def canonical(value: Any) -> str:
    """One text for one value, for hashing: whole, keys sorted, no spaces."""
    plain, _ = to_json(value, max_bytes=1 << 40)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class _Writer:
    """Walks a value once, counting what it has written."""

    def __init__(self, budget: int) -> None:
        self.left = budget
        self.truncated = False
        self.above: set[int] = set()

    def plain(self, value: Any, depth: int) -> Any:
        self.left -= 8
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, enum.Enum):
            return self.plain(value.value, depth + 1)
        if isinstance(value, int):
            return int(value) if -_INT64 <= value < _INT64 else str(value)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else str(value)
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return self.binary(bytes(value))
        if depth >= MAX_DEPTH or self.left <= 0:
            self.truncated = True
            return "…"
        if id(value) in self.above:
            return "<cycle>"
        self.above.add(id(value))
        try:
            return self.composite(value, depth + 1)
        finally:
            self.above.discard(id(value))

    def text(self, value: str) -> str:
        if len(value) > self.left:
            self.truncated = True
            value = value[: max(0, self.left)] + "…"
        self.left -= len(value)
        return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", str(value))

    def binary(self, value: bytes) -> str:
        head = base64.b64encode(value[:48]).decode("ascii")
        if len(value) <= 48:
            return self.text(f"<{len(value)} bytes: {head}>")
        self.truncated = True
        # The digest stands for the rest: a question whose bytes changed is another question.
        return self.text(f"<{len(value)} bytes: {head}… sha256 {hashlib.sha256(value).hexdigest()}>")

    def composite(self, value: Any, depth: int) -> Any:
        if isinstance(value, Mapping):
            return self.mapping(value.items(), depth)
        if isinstance(value, tuple) and hasattr(value, "_asdict"):
            return self.mapping(value._asdict().items(), depth)
        if isinstance(value, Set):
            items = [self.plain(item, depth) for item in value]
            return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
        if isinstance(value, (list, tuple)) or type(value).__name__ == "deque":
            return self.sequence(value, depth)
        if isinstance(value, BaseException):
            return self.text(f"{type(value).__name__}: {words_of(value)}")
        if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
            return value.isoformat()
        if isinstance(value, (UUID, PurePath, datetime.timedelta)):
            return self.text(str(value))
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = ((field.name, getattr(value, field.name, None)) for field in dataclasses.fields(value))
            return self.mapping(fields, depth)
        return self.model(value, depth)

    def mapping(self, items: Iterable[tuple[Any, Any]], depth: int) -> dict[str, Any]:
        """Each key has its share, and what those before it left: a large one does not hide the others."""
        result: dict[str, Any] = {}
        entries = list(items)
        for index, (key, item) in enumerate(entries):
            if self.left <= 0:
                self.truncated = True
                result["…"] = "cut off here"
                break
            name = self.text(key if isinstance(key, str) else _repr(key))
            share = max(self.left // (len(entries) - index), _LEAST_SHARE)
            others, self.left = self.left - share, share
            result[name] = self.plain(item, depth)
            self.left += others
        return result

    def sequence(self, items: Sequence[Any], depth: int) -> list[Any]:
        if items and is_message(items[-1]):
            return self.messages(items, depth)
        result: list[Any] = []
        for item in items:
            if self.left <= 0:
                self.truncated = True
                result.append("…")
                break
            result.append(self.plain(item, depth))
        return result

    def messages(self, items: Sequence[Any], depth: int) -> list[Any]:
        """A conversation: where it is too long the newest messages stay, and no single one takes it all."""
        result: list[Any] = []
        for item in reversed(items):
            if self.left < _LEAST_SHARE:
                self.truncated = True
                result.append({"type": "…", "older": len(items) - len(result)})
                break
            share = self.left - self.left // 3
            others, self.left = self.left - share, share
            result.append(self.plain(item, depth))
            self.left += others
        return result[::-1]

    def model(self, value: Any, depth: int) -> Any:
        """Pydantic models and chat messages by their fields, anything else by its repr."""
        fields = getattr(type(value), "model_fields", None)
        if isinstance(fields, Mapping):
            names = list(fields)
            if is_message(value):  # say first what it says
                return self.message(value, depth)
            return self.mapping(((name, getattr(value, name, None)) for name in names), depth)
        return self.text(_repr(value))

    def message(self, value: Any, depth: int) -> dict[str, Any]:
        shown = {"type": value.type, "content": shown_content(value.content)}
        for name in ("name", "id", "tool_calls", "tool_call_id", "status", "usage_metadata"):
            extra = getattr(value, name, None)
            if extra and extra != "success":
                shown[name] = extra
        about = getattr(value, "response_metadata", None)
        told = {key: about[key] for key in _ABOUT if about.get(key)} if isinstance(about, Mapping) else {}
        if told:
            shown["response_metadata"] = told
        return self.mapping(shown.items(), depth)


def words_of(error: BaseException) -> str:
    """What an exception says; nothing when saying it fails."""
    try:
        return str(error)
    except Exception:
        return ""


def _repr(value: Any) -> str:
    try:
        return _ADDRESS.sub("", repr(value))
    except Exception:
        return f"<{type(value).__name__}>"
