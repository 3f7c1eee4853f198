"""Reading what clients send: each field is checked, and named when it is wrong."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server import codec

LARGEST = 32 * 1024 * 1024
"""Bytes of a request body."""
DEEPEST = 200
"""Levels of lists and objects in each other; checkpoints hold few more."""
_REQUIRED: Any = object()


def bad(message: str, hint: str = "") -> MahavishnuError:
    """MHV-010."""
    return MahavishnuError(ErrorCode.BAD_INPUT, message, hint)


class Body:
    """A JSON object, field by field. Every method raises MHV-010 with the field's name."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields

    @classmethod
    async def of(cls, request: Request) -> Body:
        """The body of a request; an empty one is an empty object."""
        parts, size = list[bytes](), 0
        async for part in request.stream():
            size += len(part)
            if size > LARGEST:
                raise bad(
                    f"The request is larger than {LARGEST // 2**20} MiB.",
                    "Pass a reference to large data instead.",
                )
            parts.append(part)
        raw = b"".join(parts)
        if not raw:
            return cls({})
        try:
            fields = codec.loads(raw)
        except codec.TooDeepError:
            raise _too_deep() from None
        except ValueError as error:
            raise bad(f"The request is not JSON: {clean_line(error, 200)}.") from None
        if not isinstance(fields, dict):
            raise bad("The request must be a JSON object.")
        _check_values(fields)
        return cls(fields)

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self._fields.get(name) is not None

    def sent(self, name: str) -> bool:
        """Whether the field is there, be it null."""
        return name in self._fields

    def any(self, name: str) -> Any:
        """Any JSON value; the field must be there."""
        if name not in self._fields:
            raise bad(f"The field {name!r} is missing.")
        return self._fields[name]

    def text(self, name: str, default: str = _REQUIRED) -> str:
        """A string."""
        value = self._fields.get(name)
        if value is None:
            if default is _REQUIRED:
                raise bad(f"The field {name!r} is missing.")
            return default
        if not isinstance(value, str):
            raise bad(f"The field {name!r} must be a string.")
        return value

    def person(self) -> str:
        """Who does it: the field `by`, as one clean line."""
        return clean_line(self.text("by", "unknown").strip() or "unknown", 80)

    def number(self, name: str, default: float) -> float:
        """A number that is not negative."""
        value = self._fields.get(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise bad(f"The field {name!r} must be a number that is not negative.")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        value = self._fields.get(name, default)
        if not isinstance(value, bool):
            raise bad(f"The field {name!r} must be true or false.")
        return value

    def mapping(self, name: str, default: dict[str, Any] | None = None) -> dict[str, Any]:
        """A JSON object."""
        value = self._fields.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, dict):
            raise bad(f"The field {name!r} must be an object.")
        return value

    def objects(self, name: str) -> list[Body]:
        """A list of JSON objects that is not empty."""
        value = self._fields.get(name)
        if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
            raise bad(f"The field {name!r} must be a list of objects, at least one.")
        return [Body(item) for item in value]

    def words(self, name: str) -> list[str]:
        """A list of strings, empty when it is not there."""
        value = self._fields.get(name) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise bad(f"The field {name!r} must be a list of strings.")
        return value


def _check_values(fields: dict[str, Any]) -> None:
    """Refuse what no checkpoint can store: an answer that was acknowledged could never be applied."""
    level: list[Any] = [fields]
    for _ in range(DEEPEST):
        below: list[Any] = []
        for value in level:
            for item in value.values() if isinstance(value, dict) else value:
                if isinstance(item, (dict, list)):
                    below.append(item)
                elif isinstance(item, int) and not -(2**63) <= item < 2**64:
                    raise bad("A whole number has more than 64 bits.", "Send it as text.")
        if not below:
            return
        level = below
    raise _too_deep()


def _too_deep() -> MahavishnuError:
    return bad(f"More than {DEEPEST} lists and objects are in each other.", "Send a flatter value.")


def query_choices(request: Request, name: str, allowed: tuple[str, ...]) -> list[str]:
    """The words of a query parameter, each of them one of `allowed`; MHV-010 names one that is not."""
    words = query_words(request, name)
    unknown = set(words) - set(allowed)
    if unknown:
        raise bad(f"There is no {name} {sorted(unknown)[0]!r}.", f"There are {', '.join(allowed)}.")
    return list(words)


def query_number(request: Request, name: str, default: int, most: int) -> int:
    """A whole number from the query string, between 0 and `most`."""
    given = request.query_params.get(name)
    if given is None:
        return default
    if not given.isascii() or not given.isdigit():
        raise bad(f"The parameter {name!r} must be a whole number.")
    return min(int(given), most)


def query_words(request: Request, name: str) -> list[str]:
    """A comma-separated list from the query string."""
    return [word for word in request.query_params.get(name, "").split(",") if word]


def query_time(request: Request, name: str) -> float | None:
    """A time in seconds from the query string."""
    given = request.query_params.get(name)
    if not given:
        return None
    try:
        return float(given)
    except ValueError:
        raise bad(f"The parameter {name!r} must be a time in seconds.") from None
