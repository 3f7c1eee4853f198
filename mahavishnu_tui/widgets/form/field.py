"""`Field`: one row of a form, as its schema describes it. Pure."""

from __future__ import annotations

import dataclasses
from typing import Final, Literal

from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean_line

FieldKind = Literal["group", "fixed", "scalar", "prose", "choice", "list", "json"]
Path = tuple[str, ...]


_FORMATS: Final = {
    "date-time": "date and time such as 2026-03-31T14:00:00Z",
    "date": "date such as 2026-03-31",
    "time": "time such as 14:00:00",
    "email": "e-mail address",
    "uri": "address such as https://example.org",
    "uuid": "UUID",
}


class Missing:
    """No value at all, as opposed to null."""

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing()


@dataclasses.dataclass(frozen=True)
class Field:
    """One row of a form."""

    path: Path
    kind: FieldKind
    types: tuple[str, ...] = ()
    """JSON types that a `scalar`, a `prose` or an entry of a `list` may have."""
    required: bool = False
    nullable: bool = False
    description: str = ""
    options: tuple[Json, ...] = ()
    """Values of a `choice`, and of the entries of a `list`; the one value of a `fixed`."""
    initial: Json | Missing = MISSING
    default: Json | Missing = MISSING
    format: str = ""
    extra: dict[str, Json] = dataclasses.field(default_factory=dict)
    """Parts of a group's initial value that its schema does not name."""

    @property
    def label(self) -> str:
        """The name of the value."""
        return clean_line(self.path[-1], 60) if self.path else "value"

    @property
    def empty(self) -> Json | Missing:
        """What the field stands for while nothing is in it."""
        if self.initial == "" and "string" in self.types:
            return ""
        if not self.nullable:
            return MISSING
        defaulted = not isinstance(self.default, Missing) and not isinstance(self.initial, Missing)
        return None if self.required or defaulted or self.initial is None else MISSING

    @property
    def hint(self) -> str:
        """What may be typed, for as long as nothing is."""
        wanted = _FORMATS.get(self.format) or " or ".join(self.types)
        if self.kind == "list":
            wanted = f"one {wanted} per line"
            wanted += f": {', '.join(map(str, self.options))}" if self.options else ""
        if self.empty is None:
            return clean_line(f"{wanted}, empty for null", 80)
        if self.empty is MISSING and self.default not in (MISSING, None, "", [], {}):
            return clean_line(f"{wanted}, empty for the default {self.default}", 80)
        return clean_line(wanted, 80)
