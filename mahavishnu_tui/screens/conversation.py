"""What a conversation looks like: lines with a tone each. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from mahavishnu_tui.models.messages import ChatMessage, Conversation, Role, ToolCall, cost_of
from mahavishnu_tui.models.text import clean, clean_line, counted
from mahavishnu_tui.widgets.status import Tone

FOLD = 12
"""Lines of a message that are shown while it is folded."""
_GLYPHS: Final[Mapping[Role, tuple[str, str, Tone]]] = {
    "human": ("●", "@", "accent"),
    "ai": ("◆", "*", "success"),
    "system": ("▪", "#", "muted"),
    "tool": ("↳", ">", "warning"),
    "other": ("·", "'", "muted"),
}
Prices = Mapping[str, Mapping[str, float]]
Line = tuple[str, Tone]


def conversation_lines(
    found: list[Conversation], prices: Prices, *, folded: bool, ascii_only: bool
) -> list[Line]:
    """The messages of every key, each with its role, its calls and what it used; the totals last."""
    lines: list[Line] = []
    for conversation in found:
        if len(found) > 1:
            lines.append((f"── {clean_line(conversation.key, 60)} ──", "bold"))
        if conversation.older:
            lines.append((f"… {conversation.older:,} older messages do not fit in one view", "muted"))
        names = {call.id: call.name for message in conversation.messages for call in message.calls if call.id}
        for message in conversation.messages:
            lines += _message(message, names, prices, folded, ascii_only)
        lines += [(_total(conversation, prices), "muted"), ("", "")]
    return lines[:-1]


def _message(
    message: ChatMessage, names: Mapping[str, str], prices: Prices, folded: bool, ascii_only: bool
) -> Iterator[Line]:
    glyph, plain, tone = _GLYPHS[message.role]
    words = [plain if ascii_only else glyph, clean_line(message.kind, 20)]
    if message.call_id:
        asked = names.get(message.call_id)
        words.append(clean_line(message.name or asked or "", 40))
        words.append(f"answers {clean_line(message.call_id, 40)}")
        words.append("" if asked else "(its call is not shown)")
        words.append("FAILED" if message.failed else "")
    else:
        words.append(clean_line(message.name, 40))
    words.append(_used(message, prices))
    yield " ".join(word for word in words if word), "error" if message.failed else tone
    yield from _body(message.text, folded)
    for call in message.calls:
        yield from _call(call, ascii_only)
    yield "", ""


def _body(text: str, folded: bool) -> Iterator[Line]:
    lines = clean(text).split("\n") if text else []
    shown = lines[:FOLD] if folded and len(lines) > FOLD + 1 else lines
    for line in shown:
        yield f"  {line}", ""
    if len(shown) < len(lines):
        yield f"  … {len(lines) - len(shown):,} more lines (z unfolds)", "muted"


def _call(call: ToolCall, ascii_only: bool) -> Iterator[Line]:
    arrow = "->" if ascii_only else "→"
    identity = f"  {clean_line(call.id, 40)}" if call.id else ""
    yield f"  {arrow} {clean_line(call.name, 60)}({_arguments(call.args)}){identity}", "accent"


def _arguments(args: Any) -> str:
    if isinstance(args, Mapping):
        return clean_line(
            ", ".join(
                f"{name}={json.dumps(value, ensure_ascii=False, default=str)}" for name, value in args.items()
            ),
            400,
        )
    return clean_line(args if isinstance(args, str) else json.dumps(args, default=str), 400)


def _used(message: ChatMessage, prices: Prices) -> str:
    """Of a model's message: tokens and cost, or that they are not reported."""
    if message.role != "ai":
        return ""
    if message.usage is None:
        return "· tokens not reported"
    cost = cost_of(message, prices)
    model = f"{clean_line(message.model, 40)} " if message.model else ""
    tokens = f"{message.usage.input:,} in {message.usage.output:,} out"
    return f"· {model}{tokens}" + (f" {_money(cost)}" if cost is not None else "")


def _total(conversation: Conversation, prices: Prices) -> str:
    count = counted(len(conversation.messages), "message")
    usage = conversation.usage
    if usage is None:
        return f"{count} · tokens not reported"
    models = [message for message in conversation.messages if message.role == "ai"]
    silent = sum(message.usage is None for message in models)
    costs = [cost_of(message, prices) for message in models]
    known = [cost for cost in costs if cost is not None]
    parts = [count, f"{usage.total:,} tokens ({usage.input:,} in {usage.output:,} out)"]
    parts.append(f"{silent} of {len(models)} report none" if silent else "")
    if not known:
        parts.append("cost not reported")
    else:
        parts.append(_money(sum(known)) + ("" if len(known) == len(models) else " for those with a price"))
    return " · ".join(part for part in parts if part)


def _money(amount: float) -> str:
    return f"${amount:,.2f}" if amount >= 1 else f"${amount:.4f}"
