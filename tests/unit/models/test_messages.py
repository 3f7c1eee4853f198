"""Chat messages are read from any state, whatever it holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.models.messages import ToolCall, Usage, conversations, cost_of
from mahavishnu_tui.screens.conversation import conversation_lines
from tests.snapshots.scenes import CHAT

json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
fields = ("content", "tool_calls", "usage_metadata", "response_metadata", "id", "tool_call_id", "status")
message = st.builds(
    lambda kind, rest: {"type": kind, "content": "x", **rest},
    st.sampled_from(["ai", "human", "tool", "nonsense"]),
    st.dictionaries(st.sampled_from(fields), json),
)


def one(message_: dict[str, Any]) -> Any:
    (found,) = conversations({"messages": [message_]})
    return found.messages[0]


def test_calls_results_usage_and_parts() -> None:
    (found,) = conversations({"other": [1], "messages": CHAT})
    assert found.older == 12
    roles = [item.role for item in found.messages]
    assert roles == ["system", "human", "ai", "tool", "human", "tool", "ai"]
    ai = found.messages[2]
    assert ai.calls == (ToolCall("run_tests", {"suite": "all", "fail_fast": True}, "call_1"),)
    assert ai.usage == Usage(1840, 96)
    assert found.usage == Usage(1840, 96)
    assert found.messages[4].text == "And this error?\n[image image/png 24 KB]"
    assert found.messages[5].failed


def test_the_usual_key_comes_first_and_others_follow() -> None:
    chat = [{"role": "user", "content": "hi"}]
    found = conversations({"plan": chat, "messages": chat, "n": 1, "words": ["a"]})
    assert [item.key for item in found] == ["messages", "plan"]
    assert conversations(["no", "state"]) == []


def test_openais_own_form() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at": 1}'}}
    found = one({"role": "assistant", "content": None, "tool_calls": [call]})
    assert (found.role, found.calls) == ("ai", (ToolCall("look", '{"at": 1}', "c1"),))


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("just text", "just text"),
        ({"type": "text", "text": "hello"}, "hello"),
        ({"type": "image_url", "mime_type": "image/png", "bytes": 2048}, "[image image/png 2 KB]"),
        ({"type": "image_url", "image_url": {"url": "https://x/y.png"}}, "[image]"),
        ({"type": "file", "url": "https://x/y.pdf"}, "[file https://x/y.pdf]"),
        ({"type": "thinking", "thinking": "hm"}, "[thinking] hm"),
        ({"type": "tool_use", "name": "x"}, ""),
        (3, ""),
    ],
)
def test_parts_are_named(part: Any, text: str) -> None:
    assert one({"type": "human", "content": [part]}).text == text


def test_costs_are_reported_or_reckoned_or_unknown() -> None:
    prices = {"m": {"input": 2.0, "output": 10.0}}
    usage = {"input_tokens": 1_000_000, "output_tokens": 100_000}
    priced = one(
        {"type": "ai", "content": "", "usage_metadata": usage, "response_metadata": {"model_name": "m"}}
    )
    assert cost_of(priced, prices) == pytest.approx(3.0)
    assert cost_of(priced, {}) is None
    assert cost_of(one({"type": "ai", "content": "", "response_metadata": {"cost": 0.5}}), prices) == 0.5
    assert cost_of(one({"type": "ai", "content": "", "response_metadata": {"model": "m"}}), prices) is None
    older = one({"type": "ai", "content": "", "response_metadata": {"token_usage": {"prompt_tokens": 3}}})
    assert older.usage == Usage(3, 0)


@given(st.lists(message, max_size=5))
def test_any_state_can_be_read_and_shown(items: list[dict[str, Any]]) -> None:
    found = conversations({"messages": items})
    lines = conversation_lines(found, {}, folded=True, ascii_only=True)
    assert all(isinstance(text, str) and "\x1b" not in text for text, _ in lines)
