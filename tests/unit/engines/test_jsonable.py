from __future__ import annotations

import dataclasses
import datetime
import enum
import json
from collections import deque, namedtuple
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from pydantic import BaseModel

from mahavishnu_tui.engines.langgraph.jsonable import canonical, to_json

Point = namedtuple("Point", "x y")


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Order:
    item: str
    count: int = 1


class Model(BaseModel):
    name: str
    inner: dict[str, int] = {}


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (2**70, str(2**70)),
        (1.5, 1.5),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        ("a\ud800b", "a\N{REPLACEMENT CHARACTER}b"),
        (b"ab", "<2 bytes: YWI=>"),
        (Colour.RED, "red"),
        ({3: 1, (1, 2): 2}, {"3": 1, "(1, 2)": 2}),
        ({"b", "a"}, ["a", "b"]),
        ((1, [2]), [1, [2]]),
        (deque([1]), [1]),
        (Point(1, 2), {"x": 1, "y": 2}),
        (Order("x"), {"item": "x", "count": 1}),
        (Model(name="n", inner={"k": 1}), {"name": "n", "inner": {"k": 1}}),
        (ValueError("bad"), "ValueError: bad"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.timedelta(seconds=5), "0:00:05"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (PurePosixPath("/a"), "/a"),
        (HumanMessage("hi"), {"type": "human", "content": "hi"}),
        (ToolMessage("ok", tool_call_id="1"), {"type": "tool", "content": "ok", "tool_call_id": "1"}),
        (Order, repr(Order)),
        (Hostile(), "<Hostile>"),
    ],
)
def test_every_kind_of_value(value: Any, plain: Any) -> None:
    assert to_json(value) == (plain, False)


def test_a_message_shows_its_tool_calls() -> None:
    call = {"name": "rm", "args": {"path": "/"}, "id": "1", "type": "tool_call"}
    plain, _ = to_json(AIMessage("", tool_calls=[call]))
    assert plain["tool_calls"][0]["args"] == {"path": "/"}


def test_no_memory_addresses() -> None:
    assert "0x" not in to_json(object())[0]
    assert "0x" not in canonical([lambda: 1, object()])


def test_cycles_end() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    assert to_json(loop) == ([1, "<cycle>"], False)


def test_the_same_object_twice_is_no_cycle() -> None:
    twice = {"a": 1}
    assert to_json([twice, twice])[0] == [{"a": 1}, {"a": 1}]


def test_depth_is_bounded() -> None:
    deep: Any = 1
    for _ in range(500):
        deep = [deep]
    assert to_json(deep)[1] is True


def test_binary_is_cut() -> None:
    plain, truncated = to_json(b"x" * 1000)
    assert plain.startswith("<1000 bytes: ")
    assert truncated


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=100),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner)
    ),
    max_leaves=30,
)


@given(values, st.integers(min_value=10, max_value=3000))
def test_always_json_and_never_much_over_budget(value: Any, budget: int) -> None:
    plain, truncated = to_json(value, budget)
    text = json.dumps(plain, allow_nan=False)
    text.encode()
    assert len(json.dumps(plain, ensure_ascii=False)) <= 8 * budget + 400
    if not truncated:
        assert to_json(plain)[0] == plain or any(c in repr(value) for c in ("nan", "inf", "b'", 'b"'))


@given(st.dictionaries(st.text(), st.integers()))
def test_canonical_does_not_depend_on_order(value: dict[str, int]) -> None:
    assert canonical(value) == canonical(dict(reversed(list(value.items()))))


def test_a_large_key_does_not_hide_the_others() -> None:
    plain, truncated = to_json({"big": "x" * 10_000, "small": 1, "list": [1, 2]}, max_bytes=1000)

    assert truncated
    assert plain["big"].endswith("…")
    assert (plain["small"], plain["list"]) == (1, [1, 2])


def test_what_a_key_does_not_use_the_next_one_may() -> None:
    plain, truncated = to_json({"small": 1, "big": "x" * 700}, max_bytes=1000)

    assert not truncated
    assert plain["big"] == "x" * 700


def test_long_bytes_that_differ_at_their_end_are_different_questions() -> None:
    assert canonical(b"a" * 100 + b"1") != canonical(b"a" * 100 + b"2")


def test_a_conversation_that_is_too_long_keeps_its_newest_messages() -> None:
    chat = [HumanMessage(f"{n} " + "x" * 500) for n in range(100)]
    plain, truncated = to_json({"messages": chat}, 20_000)
    assert truncated
    older, *kept = plain["messages"]
    assert older == {"type": "…", "older": 100 - len(kept)}
    assert kept[-1]["content"].startswith("99 ")
    assert len(kept) > 5
    (one,), cut = to_json([HumanMessage("y" * 100_000)], 20_000)
    assert cut
    assert len(one["content"]) > 10_000


def test_a_message_says_what_it_used_and_names_its_images() -> None:
    data = "iVBORw0KGgo" * 1000
    parts: list[Any] = [
        {"type": "text", "text": "look"},
        {"type": "image", "base64": data, "mime_type": "image/png"},
        {"type": "image_url", "image_url": {"url": "data:image/gif;base64,AAAA"}},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/webp", "data": data}},
    ]
    usage = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
    about = {"model_name": "m", "finish_reason": "stop", "logprobs": {"x": 1}}
    plain, truncated = to_json(AIMessage(parts, usage_metadata=usage, response_metadata=about))
    assert not truncated
    assert plain["usage_metadata"] == usage
    assert plain["response_metadata"] == {"model_name": "m"}
    text, image, gif, link, nested = plain["content"]
    assert text == parts[0]
    assert (image["mime_type"], image["bytes"]) == ("image/png", 8250)
    assert (gif["mime_type"], gif["bytes"]) == ("image/gif", 3)
    assert link == parts[3]
    assert nested["mime_type"] == "image/webp"
    other = AIMessage([{"type": "image", "base64": data + "A", "mime_type": "image/png"}])
    assert canonical(other) != canonical(AIMessage([parts[1]]))
