import json
import math

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.server import codec

numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
plain = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(plain)
def test_what_is_written_is_read(value: object) -> None:
    assert codec.loads(codec.dumps(value)) == value


@given(plain, plain)
def test_stored_json_is_put_in_as_it_is(stored: object, beside: object) -> None:
    whole = codec.dumps({"stored": codec.Raw(codec.dumps(stored)), "beside": beside})
    assert json.loads(whole) == {"stored": stored, "beside": beside}


@given(st.text(alphabet=st.characters(categories=["Cs", "L"]), max_size=20))
def test_lone_surrogates_never_stop_us(text: str) -> None:
    line = json.dumps({"a": text, text: [text]})
    assert b"\n" not in codec.dumps(codec.loads(line))
    codec.loads(codec.dumps({"a": text}))


def test_large_integers_stay_exact_both_ways() -> None:
    for number in (2**63, 2**64, 10**40, -(10**25)):
        assert codec.loads(codec.dumps({"n": number})) == {"n": number}


def test_a_number_larger_than_any_float_does_not_make_a_line_unreadable() -> None:
    line = codec.dumps({"n": 10**400, "deep": [-(10**400)]})
    assert orjson.loads(line) == {"n": "1" + "0" * 400, "deep": ["-1" + "0" * 400]}


def test_what_python_writes_and_json_has_not_becomes_null() -> None:
    assert codec.loads(b'{"a": NaN, "b": [Infinity, -Infinity]}') == {"a": None, "b": [None, None]}
    assert codec.loads(codec.dumps({"a": math.inf, "big": 2**70})) == {"a": None, "big": 2**70}
    assert codec.loads(b"[1e999]") == [None]


@pytest.mark.parametrize("line", [b"", b"{", b"nope", b'{"a":}', b"\xff", b"[" * 100_000])
def test_what_is_not_json_is_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any of its kinds
        codec.loads(line)


def test_what_is_no_json_value_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        codec.dumps({"a": object()})
