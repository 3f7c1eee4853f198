"""Chat messages on their way to a screen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

_DATA = ("base64", "data", "url", "file_data")
"""Where the known forms of multimodal parts hold their bytes."""
_LONG = 256


def is_message(value: Any) -> bool:
    """Whether a value is one of LangChain's messages: it has content, a type, and fields of a model."""
    fields = getattr(type(value), "model_fields", None)
    return isinstance(fields, Mapping) and "content" in fields and "type" in fields


def shown_content(content: Any) -> Any:
    """The content of a message, with its images and files named by kind, size and digest."""
    if not isinstance(content, list):
        return content
    return [_part(part) if isinstance(part, Mapping) else part for part in content]


def _part(part: Mapping[str, Any]) -> Any:
    if part.get("type") in ("text", "output_text", "input_text"):
        return part
    held = _held(part)
    if held is None:
        return part
    kind = part.get("mime_type") or part.get("media_type") or held[0]
    data = held[1]
    shown = {"type": part.get("type"), "mime_type": kind, "bytes": len(data) * 3 // 4}
    # The digest stands for the bytes: a question about another image is another question.
    return {**shown, "sha256": hashlib.sha256(data.encode("utf-8", "replace")).hexdigest()}


def _held(part: Mapping[str, Any]) -> tuple[str, str] | None:
    """Kind and base64 of what a part holds; None when it only refers to something."""
    for key, value in part.items():
        if isinstance(value, Mapping):
            found = _held(value)
            if found is not None:
                return str(value.get("mime_type") or value.get("media_type") or found[0]), found[1]
        elif key in _DATA and isinstance(value, str):
            if value.startswith("data:"):
                head, _, data = value.partition(",")
                return head[5:].partition(";")[0], data
            if len(value) > _LONG and not value.startswith(("http:", "https:")):
                return "", value
    return None
