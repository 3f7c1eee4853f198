"""Reads a JSON schema into the fields of a form. Pure."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean, clean_line
from mahavishnu_tui.widgets.form.field import MISSING, Field, Missing, Path
from mahavishnu_tui.widgets.form.values import reads_back, same, write

MAX_DEPTH: Final = 3
"""Groups within groups; what lies deeper is edited as JSON."""
MAX_FIELDS: Final = 200
_SIMPLE: Final = ("string", "integer", "number", "boolean")
_LONG: Final = 60
"""Characters from which on a text has more than one row."""


def fields(schema: dict[str, Any], value: Json | Missing = MISSING) -> list[Field]:
    """The fields of a form for `schema`, parents before children, filled from `value` or the defaults."""
    reader = _Reader(schema)
    reader.read((), schema, value, Place(required=True, defaults=isinstance(value, Missing)))
    return reader.found


@dataclasses.dataclass(frozen=True)
class Place:
    """How a part of a schema was come to."""

    required: bool = False
    defaults: bool = False
    """Nothing was given here: start with the defaults."""
    seen: tuple[str, ...] = ()
    """The references on the way; one that comes again has no end."""


class _Reader:
    """Walks a schema once."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.root = root
        self.found: list[Field] = []

    def read(self, path: Path, schema: Any, value: Json | Missing, place: Place) -> None:
        """Add the fields of one part of the schema."""
        plain, seen, nullable = self.simplify(schema, place.seen)
        default = plain.get("default", MISSING)
        initial = default if isinstance(value, Missing) and place.defaults else value
        described = Field(
            path,
            "json",
            required=place.required,
            nullable=nullable,
            description=_description(plain, path),
            initial=initial,
            default=default,
            format=str(plain.get("format") or ""),
        )
        if len(path) <= MAX_DEPTH and self.is_group(plain, initial):
            extra = _extra(plain, initial)
            self.found.append(dataclasses.replace(described, kind="group", extra=extra))
            self.group(described, plain, Place(defaults=place.defaults, seen=seen))
        else:
            self.found.append(self.leaf(described, plain))

    def is_group(self, plain: dict[str, Any], initial: Json | Missing) -> bool:
        """Whether an object has named parts, not too many, and nothing in the value contradicts that."""
        parts = plain.get("properties")
        if not isinstance(parts, dict) or not 0 < len(parts) <= MAX_FIELDS - len(self.found):
            return False
        if plain.get("type", "object") != "object" or any(plain.get(key) for key in ("anyOf", "oneOf")):
            return False
        return initial is None or isinstance(initial, (Missing, dict))

    def group(self, field: Field, plain: dict[str, Any], place: Place) -> None:
        """Add the fields of an object's parts."""
        wanted = plain.get("required")
        needed = set(map(str, wanted)) if isinstance(wanted, list) else set[str]()
        values = field.initial if isinstance(field.initial, dict) else {}
        for name, part in plain["properties"].items():
            here = dataclasses.replace(place, required=name in needed)
            self.read((*field.path, str(name)), part, values.get(name, MISSING), here)

    def leaf(self, field: Field, plain: dict[str, Any]) -> Field:
        """Give a field that has no parts its kind."""
        if "const" in plain:
            return dataclasses.replace(field, kind="fixed", options=(plain["const"],), initial=plain["const"])
        options = _options(plain)
        types = _types(plain)
        if not options and types == ("boolean",):
            options = (True, False)
        if options:
            unset = isinstance(field.initial, Missing) or field.initial is None
            known = unset or any(same(field.initial, option) for option in options)
            return dataclasses.replace(field, kind="choice", options=options) if known else field
        if types and all(kind in _SIMPLE for kind in types):
            return self.scalar(field, types, plain)
        items, _, _ = self.simplify(plain.get("items"), ())
        kinds = _types(items) if types == ("array",) and "const" not in items else ()
        if kinds and all(kind in _SIMPLE for kind in kinds) and _one_per_line(field.initial, kinds):
            return dataclasses.replace(field, kind="list", types=kinds, options=_options(items))
        return field

    def scalar(self, field: Field, types: tuple[str, ...], plain: dict[str, Any]) -> Field:
        """A field of one row, or of more for a long text; JSON where the text would not say what it is."""
        text = write(field.initial)
        if not reads_back(field.initial, types) or clean(text) != text:
            return field
        most = plain.get("maxLength")
        long = len(text) > _LONG or "\n" in text or (isinstance(most, int) and most > 4 * _LONG)
        prose = types == ("string",) and (long or plain.get("contentMediaType"))
        return dataclasses.replace(field, kind="prose" if prose else "scalar", types=types)

    def simplify(self, schema: Any, seen: tuple[str, ...]) -> tuple[dict[str, Any], tuple[str, ...], bool]:
        """Follow references, take null out of the alternatives, merge the only one that is left."""
        plain, nullable = dict(schema) if isinstance(schema, dict) else {}, False
        for _ in range(10):
            reference = plain.pop("$ref", None)
            if reference is not None:
                target = self.target(str(reference))
                if target is None or reference in seen:
                    return {}, seen, nullable
                plain, seen = {**target, **plain}, (*seen, str(reference))
                continue
            merged, null = _merge(plain)
            nullable = nullable or null
            if merged is None:
                break
            plain = merged
        kinds = plain.get("type")
        if isinstance(kinds, list) and "null" in kinds:
            rest = [kind for kind in kinds if kind != "null"]
            plain, nullable = {**plain, "type": rest[0] if len(rest) == 1 else rest}, True
        return plain, seen, nullable

    def target(self, reference: str) -> dict[str, Any] | None:
        """What a reference within the schema names; None for any other."""
        here: Any = self.root
        if not reference.startswith("#"):
            return None
        for part in reference[1:].split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            here = here.get(key) if isinstance(here, dict) else None
        return here if isinstance(here, dict) else None


def _merge(plain: dict[str, Any]) -> tuple[dict[str, Any] | None, bool]:
    """Fold the alternatives into the schema where only one is left; None when there is nothing to fold."""
    for key in ("anyOf", "oneOf", "allOf"):
        branches = plain.get(key)
        if not isinstance(branches, list) or not all(isinstance(item, dict) for item in branches):
            continue
        left = [item for item in branches if item.get("type") != "null" and item != {"const": None}]
        null = key != "allOf" and len(left) < len(branches)
        rest = {name: item for name, item in plain.items() if name != key}
        if len(left) == 1:
            return {**left[0], **rest}, null
        if null:
            return {**rest, key: left}, null
    return None, False


def _types(plain: dict[str, Any]) -> tuple[str, ...]:
    """The JSON types that a schema names, also as alternatives that say nothing else."""
    kinds = plain.get("type")
    if isinstance(kinds, str):
        return (kinds,)
    if isinstance(kinds, list):
        return tuple(map(str, kinds))
    for key in ("anyOf", "oneOf"):
        branches = plain.get(key)
        if isinstance(branches, list) and branches:
            found = [
                item.get("type") if isinstance(item, dict) and "enum" not in item else None
                for item in branches
            ]
            if all(isinstance(kind, str) for kind in found):
                return tuple(dict.fromkeys(map(str, found)))
    return ()


def _options(plain: dict[str, Any]) -> tuple[Json, ...]:
    """The values of an enumeration, also of one that is written as alternatives."""
    listed = plain.get("enum")
    if isinstance(listed, list) and listed:
        return tuple(listed)
    for key in ("anyOf", "oneOf"):
        branches = plain.get(key)
        if not isinstance(branches, list) or not branches:
            continue
        found: list[Json] = []
        for item in branches:
            if not isinstance(item, dict):
                return ()
            found += [item["const"]] if "const" in item else item.get("enum") or [MISSING]
        if MISSING not in found:
            return tuple(found)
    return ()


def _extra(plain: dict[str, Any], initial: Json | Missing) -> dict[str, Json]:
    if not isinstance(initial, dict) or plain.get("additionalProperties") is False:
        return {}
    return {name: item for name, item in initial.items() if name not in plain["properties"]}


def _one_per_line(initial: Json | Missing, kinds: tuple[str, ...]) -> bool:
    """Whether a list can be written with an entry per line, and read back as it was."""
    if isinstance(initial, Missing) or initial is None:
        return True
    return isinstance(initial, list) and all(
        item not in (None, "")  # an empty line is no entry
        and reads_back(item, kinds)
        and clean_line(write(item)).strip() == write(item)
        for item in initial
    )


def _description(plain: dict[str, Any], path: Path) -> str:
    said = clean(plain.get("description") or "").strip()
    title = clean_line(plain.get("title") or "", 60)
    name = path[-1] if path else ""
    if not said and title and title.lower().replace(" ", "_") != str(name).lower():
        return title
    return said
