"""What a schema forbids, in sentences, whatever the schema is."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.schemas import MOST, fits, problems

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
WORDS = st.sampled_from(
    [
        "type",
        "properties",
        "required",
        "items",
        "enum",
        "anyOf",
        "oneOf",
        "$ref",
        "pattern",
        "minimum",
        "format",
    ]
)
BROKEN = st.dictionaries(WORDS, JSON | st.sampled_from(["object", "string", "#", "#/$defs/x", "(", "(a+)+$"]))

ORDER: dict[str, Any] = {
    "$defs": {"Line": {"type": "object", "properties": {"price": {"type": "number"}}, "required": ["price"]}},
    "type": "object",
    "properties": {
        "amount": {"type": "integer", "minimum": 2},
        "currency": {"enum": ["EUR", "USD"]},
        "when": {"type": "string", "format": "date-time"},
        "day": {"type": "string", "format": "date"},
        "pace": {"anyOf": [{"type": "integer", "minimum": 5}, {"type": "null"}]},
        "name": {"type": "string", "minLength": 1, "maxLength": 3},
        "code": {"type": "string", "pattern": "^[A-Z]+$"},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}, "maxItems": 2, "uniqueItems": True},
        "flag": {"const": 1},
        "id": {"type": "string", "format": "uuid"},
    },
    "required": ["amount"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"amount": 1}, "amount must be at least 2."),
        ({"amount": True}, "amount must be a whole number."),
        ({"currency": "GBP"}, "currency must be one of EUR, USD."),
        ({"when": "tomorrow"}, "when must be a date and time such as 2026-03-31T14:00:00Z."),
        ({"when": "2026-03-31"}, "when must be a date and time such as 2026-03-31T14:00:00Z."),
        ({"day": "31.3."}, "day must be a date such as 2026-03-31."),
        ({"pace": 3}, "pace must be at least 5."),
        ({"pace": "x"}, "pace fits none of the forms that are allowed."),
        ({"name": ""}, "name must not be empty."),
        ({"name": "long"}, "name may have at most 3 characters."),
        ({"code": "abc"}, "code must match ^[A-Z]+$."),
        ({"lines": [{"price": 1}, {}]}, "lines[1].price is required."),
        ({"lines": [{"price": 1}, {"price": 1}]}, "lines must not have the same entry twice."),
        ({"lines": [{"price": n} for n in range(3)]}, "lines may have at most 2 entries."),
        ({"flag": 2}, "flag must be 1."),
        ({"id": "x"}, "id must be a UUID."),
        ({"other": 1}, "other is not known."),
        ({"amount": None}, "amount must be a whole number."),
    ],
)
def test_each_fault_is_a_sentence(change: dict[str, Any], said: str) -> None:
    assert [problem.sentence() for problem in problems({"amount": 5, **change}, ORDER)] == [said]


def test_what_fits_has_no_problem() -> None:
    good = {
        "amount": 2,
        "when": "2026-03-31T14:00:00Z",
        "pace": None,
        "lines": [{"price": 1.5}],
        "code": "AB",
    }
    assert fits(good, ORDER)
    assert [problem.sentence() for problem in problems([], ORDER)] == ["The answer must be an object."]
    assert [problem.sentence("The input") for problem in problems({}, ORDER)] == ["amount is required."]


def test_the_fault_is_told_of_the_alternative_that_was_meant() -> None:
    def decision(kind: str, *needs: str) -> dict[str, Any]:
        parts = {"type": {"const": kind}, **{name: {"type": "string"} for name in needs}}
        return {"type": "object", "properties": parts, "required": ["type", *needs]}

    schema = {"oneOf": [decision("approve"), decision("respond", "message")]}
    assert fits({"type": "approve"}, schema)
    assert [item.sentence() for item in problems({"type": "respond"}, schema)] == ["message is required."]
    assert [item.sentence() for item in problems({"type": "dance"}, schema)] == [
        "The answer fits none of the forms that are allowed."
    ]


def test_nothing_is_fetched_and_no_expression_runs_for_ever() -> None:
    began = time.monotonic()
    assert fits("x", {"$ref": "http://127.0.0.1:9/schema.json"})
    assert fits("a" * 60 + "b", {"pattern": "^(a+)+$"})
    assert fits("a" * 400 + "b", {"pattern": "a*a*a*a*c$"})
    assert fits({"a" * 60 + "b": 1}, {"patternProperties": {"^(a+)+$": {}}, "additionalProperties": False})
    assert time.monotonic() - began < 5


def test_only_so_many_problems_are_told() -> None:
    schema = {"type": "array", "items": {"type": "string"}}
    assert len(problems(list(range(1000)), schema)) == MOST


@given(JSON, BROKEN)
def test_no_schema_raises(value: Any, schema: dict[str, Any]) -> None:
    for problem in problems(value, schema):
        assert problem.sentence().endswith(".")


def test_hostile_words_are_cleaned() -> None:
    (found,) = problems("x", {"enum": ["\x1b[2J"]})
    assert "\x1b" not in found.sentence()
    (found,) = problems({"\x1b[2J": 1}, {"additionalProperties": {"type": "string"}})
    assert "\x1b" not in found.sentence()
