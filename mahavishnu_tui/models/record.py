"""The base of every noun: a frozen dataclass whose fields are plain JSON values."""

from __future__ import annotations

import dataclasses
import sys
from typing import Any, TypeVar

Json = Any
"""A value that `json.dumps` accepts without help."""

RecordT = TypeVar("RecordT", bound="Record")


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """A noun that travels as one JSON object.

    Unknown keys are ignored when reading, so that a newer peer can add fields.
    """

    def to_json(self) -> dict[str, Json]:
        """The fields as a JSON object (nested records are subclasses' business)."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_json(cls: type[RecordT], data: dict[str, Json]) -> RecordT:
        """Read one JSON object; raises TypeError when a required field is missing."""
        names = cls.__dataclass_fields__
        # Thousands of records name the same few workflows, hosts and people: each name is held once.
        return cls(
            **{
                key: sys.intern(value) if type(value) is str else value
                for key, value in data.items()
                if key in names
            }
        )

    def replace(self: RecordT, **changes: Json) -> RecordT:
        """A copy with some fields changed."""
        return dataclasses.replace(self, **changes)
