"""From a schema to fields and from fields to a value, without a screen."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mahavishnu_tui.schemas import fits
from mahavishnu_tui.widgets.form import MISSING
from mahavishnu_tui.widgets.form.field import Field
from mahavishnu_tui.widgets.form.reading import MAX_FIELDS, fields
from mahavishnu_tui.widgets.form.values import assemble, read, read_lines, same, write


def one(schema: dict[str, Any], value: Any = MISSING, **root: Any) -> Field:
    (_, found) = fields({"type": "object", "properties": {"x": schema}, **root}, value)
    return found


@pytest.mark.parametrize(
    ("schema", "kind", "types"),
    [
        ({"type": "string"}, "scalar", ("string",)),
        ({"type": "integer"}, "scalar", ("integer",)),
        ({"type": ["number", "null"]}, "scalar", ("number",)),
        (
            {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]},
            "scalar",
            ("integer", "string"),
        ),
        ({"type": "boolean"}, "choice", ()),
        ({"enum": ["a", "b"]}, "choice", ()),
        ({"anyOf": [{"const": "a"}, {"enum": ["b"]}]}, "choice", ()),
        ({"anyOf": [{"const": "a"}, {"type": "integer"}]}, "json", ()),
        ({"const": 3}, "fixed", ()),
        ({"type": "string", "maxLength": 5000}, "prose", ("string",)),
        ({"type": "string", "default": "two\nlines"}, "prose", ("string",)),
        ({"type": "string", "default": "\x9b2J"}, "json", ()),
        ({"type": "array", "items": {"type": "string"}}, "list", ("string",)),
        ({"type": "array", "items": {"enum": ["a"], "type": "string"}}, "list", ("string",)),
        ({"type": "array", "items": {"type": "object"}}, "json", ()),
        ({"type": "array"}, "json", ()),
        ({"type": "array", "items": {"type": "string"}, "default": ["two\nlines"]}, "json", ()),
        ({"type": "object"}, "json", ()),
        ({}, "json", ()),
        ({"$ref": "#/$defs/Text"}, "scalar", ("string",)),
        ({"allOf": [{"$ref": "#/$defs/Text"}]}, "scalar", ("string",)),
        ({"$ref": "#/nowhere"}, "json", ()),
        ({"$ref": "http://example.org"}, "json", ()),
        ({"oneOf": [{"type": "object"}, {"type": "string"}]}, "json", ()),
        ({"type": "boolean", "default": "yes"}, "json", ()),
        ({"type": "integer", "default": "7"}, "json", ()),
        ({"type": ["integer", "string"], "default": "7"}, "json", ()),
        (True, "json", ()),
    ],
)
def test_each_schema_has_its_kind_of_field(schema: Any, kind: str, types: tuple[str, ...]) -> None:
    found = one(schema, **{"$defs": {"Text": {"type": "string"}}})
    assert (found.kind, found.types if kind != "choice" else ()) == (kind, types)


def test_groups_are_read_to_their_depth_and_what_has_no_end_is_json() -> None:
    node: dict[str, Any] = {"type": "object", "properties": {"name": {"type": "string"}}}
    node["properties"]["child"] = {"$ref": "#/$defs/Node"}
    found = fields({"$ref": "#/$defs/Node", "$defs": {"Node": node}})
    assert [(field.path, field.kind) for field in found] == [
        ((), "group"),
        (("name",), "scalar"),
        (("child",), "json"),
    ]
    deep: dict[str, Any] = {"type": "object", "properties": {"leaf": {"type": "string"}}}
    for _ in range(6):
        deep = {"type": "object", "properties": {"in": deep}}
    assert fields(deep)[-1].kind == "json"
    wide = {"type": "object", "properties": {str(n): {"type": "string"} for n in range(MAX_FIELDS + 1)}}
    assert [field.kind for field in fields(wide)] == ["json"]


def test_a_schema_of_one_value_is_one_field() -> None:
    (found,) = fields({"type": "integer"}, 4)
    assert (found.path, found.kind, found.initial, found.label) == ((), "scalar", 4, "value")


def test_given_values_win_over_defaults_and_absent_ones_stay_absent() -> None:
    schema = {"type": "integer", "default": 5}
    assert one(schema).initial == 5
    assert one(schema, {"x": 7}).initial == 7
    assert one(schema, {}).initial is MISSING
    assert one({"type": "integer", "default": 5}, {}).hint == "integer, empty for the default 5"
    assert one({"type": ["integer", "null"]}, required=["x"]).hint == "integer, empty for null"


def test_what_an_empty_field_stands_for() -> None:
    assert one({"type": "string"}).empty is MISSING
    assert one({"type": "string", "default": ""}).empty == ""
    assert one({"type": ["string", "null"]}).empty is MISSING
    assert one({"type": ["string", "null"]}, required=["x"]).empty is None
    assert one({"type": ["integer", "null"], "default": 5}).empty is None
    assert one({"type": ["integer", "null"], "default": 5}, {}).empty is MISSING


@pytest.mark.parametrize(
    ("text", "types", "value"),
    [
        ("12", ("integer",), 12),
        (" -3 ", ("integer",), -3),
        ("12", ("string",), "12"),
        (" two ", ("string",), " two "),
        ("1.5", ("number",), 1.5),
        ("1e3", ("number",), 1000.0),
        ("2", ("number",), 2),
        ("12", ("string", "integer"), 12),
        ("true", ("boolean", "string"), True),
        ("truth", ("boolean", "string"), "truth"),
    ],
)
def test_texts_are_read_as_their_type(text: str, types: tuple[str, ...], value: Any) -> None:
    assert same(read(text, types), value)


@pytest.mark.parametrize(
    ("text", "types", "said"),
    [
        ("1.5", ("integer",), "must be a whole number"),
        ("1_0", ("number",), "must be a number"),
        ("inf", ("number",), "must be a number"),
        ("9" * 19, ("integer",), "is too large a number"),
        ("٣", ("boolean",), "must be true or false"),
    ],
)
def test_texts_that_do_not_read_say_what_they_must_be(text: str, types: tuple[str, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read(text, types)


def test_lists_name_the_line() -> None:
    assert read_lines("1\n\n 2 \n", ("integer",)) == [1, 2]
    with pytest.raises(ValueError, match="line 2 must be a whole number"):
        read_lines("1\nx", ("integer",))


SIMPLE = st.sampled_from(["string", "integer", "number", "boolean"])
LEAVES = st.one_of(
    st.fixed_dictionaries({"type": SIMPLE}),
    st.fixed_dictionaries({"type": st.tuples(SIMPLE, st.just("null")).map(list)}),
    st.fixed_dictionaries({"type": st.lists(SIMPLE, min_size=2, max_size=3, unique=True)}),
    st.fixed_dictionaries({"enum": st.lists(st.text(max_size=3) | st.integers(), min_size=1, max_size=3)}),
    st.fixed_dictionaries({"type": st.just("array"), "items": st.fixed_dictionaries({"type": SIMPLE})}),
    st.just({"type": "object"}),
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.fixed_dictionaries(
        {
            "type": st.just("object"),
            "properties": st.dictionaries(st.text(max_size=4), inner, max_size=4),
            "required": st.lists(st.text(max_size=4), max_size=2),
        }
    ),
    max_leaves=8,
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.floats(allow_nan=False)
    | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def values_of(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that fit a schema of the kinds above."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    simple = {
        "string": st.text(max_size=8),
        "integer": st.integers(-(10**9), 10**9),
        "number": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9),
        "boolean": st.booleans(),
        "null": st.none(),
    }
    if kinds == ["array"]:
        return st.lists(simple[schema["items"]["type"]], max_size=3)
    if kinds == ["object"]:
        parts = {name: values_of(part) for name, part in schema.get("properties", {}).items()}
        missing = set(schema.get("required", ())) - set(parts)
        extra = dict.fromkeys(missing, JSON)
        optional = {name: part for name, part in parts.items() if name not in schema.get("required", ())}
        needed = {name: part for name, part in parts.items() if name not in optional}
        return st.fixed_dictionaries({**needed, **extra}, optional=optional)
    return st.one_of(*(simple[kind] for kind in kinds))


def read_back(found: Field) -> Any:
    """What the input of an untouched field reads."""
    if found.kind in ("scalar", "prose"):
        text = write(found.initial)
        return read(text, found.types) if text else found.empty
    if found.kind == "list":
        lines = read_lines("\n".join(map(write, found.initial or [])), found.types) if found.initial else []
        given = found.required or isinstance(found.initial, list)
        return lines if lines or (given and not found.nullable) else found.empty
    return found.empty if found.initial is MISSING else found.initial


@example(({"type": "array", "items": {"type": "string"}}, ["a", ""]))
@settings(max_examples=150)
@given(SCHEMAS.flatmap(lambda schema: st.tuples(st.just(schema), values_of(schema))))
def test_a_value_that_fits_comes_out_of_its_form_as_it_went_in(case: tuple[dict[str, Any], Any]) -> None:
    schema, value = case
    found = fields(schema, value)
    now = {field.path: read_back(field) for field in found if field.kind != "group"}
    assert same(assemble(found, now, now), value)


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4) | SCHEMAS, JSON)
def test_no_schema_and_no_value_raises(schema: dict[str, Any], value: Any) -> None:
    found = fields(schema, value)
    assert found[0].path == ()
    now = {field.path: read_back(field) for field in found if field.kind != "group"}
    fits(assemble(found, now, now), schema)
