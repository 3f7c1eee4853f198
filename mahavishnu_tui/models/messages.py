"""Chat messages as they stand in a state: LangChain's, or OpenAI's plain dictionaries."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from mahavishnu_tui.models.record import Record

Role = Literal["human", "ai", "system", "tool", "other"]

_ROLES: dict[str, Role] = {
    "human": "human",
    "user": "human",
    "ai": "ai",
    "assistant": "ai",
    "AIMessageChunk": "ai",
    "system": "system",
    "developer": "system",
    "tool": "tool",
    "function": "tool",
}
_NAMES = ("messages", "chat_history", "history")
"""Keys that come first, in this order."""


@dataclasses.dataclass(frozen=True)
class ToolCall(Record):
    """A call that a model asks for."""

    name: str
    args: Any
    id: str = ""


@dataclasses.dataclass(frozen=True)
class Usage(Record):
    """Tokens of one message."""

    input: int
    output: int

    @property
    def total(self) -> int:
        """Both."""
        return self.input + self.output

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.input + other.input, self.output + other.output)


@dataclasses.dataclass(frozen=True)
class ChatMessage:
    """One message, ready to be shown; text as it was sent."""

    role: Role
    kind: str
    """The role in the message's own words."""
    text: str
    name: str = ""
    id: str = ""
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""
    """Of a tool's result: the call that it answers."""
    failed: bool = False
    """A tool's result says that it failed."""
    usage: Usage | None = None
    """None when it is not reported."""
    model: str = ""
    cost: float | None = None
    """In US dollars, when the message itself reports it."""


@dataclasses.dataclass(frozen=True)
class Conversation:
    """The messages under one key of a state."""

    key: str
    messages: tuple[ChatMessage, ...]
    older: int = 0
    """Messages before the first one that did not fit."""

    @property
    def usage(self) -> Usage | None:
        """All tokens that are reported."""
        reported = [message.usage for message in self.messages if message.usage is not None]
        return sum(reported[1:], reported[0]) if reported else None


def conversations(values: Any) -> list[Conversation]:
    """Every key of a state that holds messages; the usual names first."""
    if not isinstance(values, Mapping):
        return []
    found = [
        _conversation(str(key), value)
        for key, value in values.items()
        if isinstance(value, Sequence) and not isinstance(value, str) and any(map(_is_message, value))
    ]
    return sorted(found, key=lambda item: _NAMES.index(item.key) if item.key in _NAMES else len(_NAMES))


def cost_of(message: ChatMessage, prices: Mapping[str, Mapping[str, float]]) -> float | None:
    """US dollars of a message: its own word, else by the price of its model per million tokens."""
    if message.cost is not None:
        return message.cost
    price = prices.get(message.model)
    if price is None or message.usage is None:
        return None
    used = message.usage.input * price.get("input", 0.0) + message.usage.output * price.get("output", 0.0)
    return used / 1_000_000


def _is_message(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    return (value.get("type") in _ROLES and "content" in value) or (
        value.get("role") in _ROLES and ("content" in value or "tool_calls" in value)
    )


def _conversation(key: str, items: Sequence[Any]) -> Conversation:
    first = items[0] if items else None
    older = first.get("older") if isinstance(first, Mapping) and first.get("type") == "…" else 0
    messages = tuple(_message(item) for item in items if _is_message(item))
    return Conversation(key, messages, older if isinstance(older, int) else 0)


def _message(item: Mapping[str, Any]) -> ChatMessage:
    kind = str(item.get("type") if item.get("type") in _ROLES else item.get("role"))
    meta = item.get("response_metadata")
    meta = meta if isinstance(meta, Mapping) else {}
    return ChatMessage(
        role=_ROLES.get(kind, "other"),
        kind=kind,
        text="\n".join(_parts(item.get("content"))),
        name=_word(item.get("name")),
        id=_word(item.get("id")),
        calls=tuple(_calls(item.get("tool_calls"))),
        call_id=_word(item.get("tool_call_id")),
        failed=item.get("status") == "error",
        usage=_usage(item.get("usage_metadata")) or _usage(meta.get("token_usage") or meta.get("usage")),
        model=_word(meta.get("model_name") or meta.get("model")),
        cost=_amount(meta.get("cost") or item.get("cost")),
    )


def _parts(content: Any) -> Iterator[str]:
    """Text as it is; what else a model may be given by its kind and size."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, Sequence):
        for part in content:
            if isinstance(part, str):
                yield part
            elif isinstance(part, Mapping):
                yield from _part(part)
    elif content is not None:
        yield str(content)


def _part(part: Mapping[str, Any]) -> Iterator[str]:
    kind = str(part.get("type", "part"))
    if kind in ("text", "output_text", "input_text"):
        yield str(part.get("text", ""))
    elif kind in ("thinking", "reasoning"):
        text = str(part.get("thinking") or part.get("reasoning") or "")
        yield f"[{kind}] {text}".rstrip()
    elif kind not in ("tool_use", "tool_call", "function_call", "tool_call_chunk"):  # these are in tool_calls
        size = part.get("bytes")
        source = part.get("url") or part.get("file_id")
        if isinstance(source, Mapping):
            source = source.get("url")
        words = [kind.removesuffix("_url"), _word(part.get("mime_type"))]
        words.append(f"{size / 1024:.0f} KB" if isinstance(size, int) else "")
        words.append(str(source)[:200] if source else "")
        yield f"[{' '.join(word for word in words if word)}]"


def _calls(given: Any) -> Iterator[ToolCall]:
    for call in given if isinstance(given, Sequence) and not isinstance(given, str) else ():
        if not isinstance(call, Mapping):
            continue
        function = call.get("function")
        if isinstance(function, Mapping):  # OpenAI's own form
            yield ToolCall(_word(function.get("name")), function.get("arguments"), _word(call.get("id")))
        else:
            yield ToolCall(_word(call.get("name")), call.get("args"), _word(call.get("id")))


def _usage(given: Any) -> Usage | None:
    if not isinstance(given, Mapping):
        return None
    used = given.get("input_tokens", given.get("prompt_tokens"))
    made = given.get("output_tokens", given.get("completion_tokens"))
    if not isinstance(used, int) and not isinstance(made, int):
        return None
    return Usage(used if isinstance(used, int) else 0, made if isinstance(made, int) else 0)


def _amount(given: Any) -> float | None:
    usable = isinstance(given, (int, float)) and not isinstance(given, bool) and given >= 0
    return float(given) if usable else None


def _word(given: Any) -> str:
    return given if isinstance(given, str) else ""
