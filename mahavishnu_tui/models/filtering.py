"""The grammar of `/`: regular expressions, `!` for the inverse, `attribute:value`."""

from __future__ import annotations

import dataclasses
import re
import warnings
from collections.abc import Callable, Iterable, Mapping

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError

Attributes = Mapping[str, str]
"""What a row says about itself: attribute name → text; of several values, as `several` joins them.

`text` holds all that is searched without an attribute.
"""

_ALIASES = {"status": "state", "name": "run", "wf": "workflow", "node": "where"}
_AGE = re.compile(r"^([<>])(\d+(?:\.\d+)?)([smhd])$")
_LIKE_ATTRIBUTE = re.compile(r"!?([A-Za-z_]{2,20}):(?!//)")
_BACK = re.compile(r"\\[1-9]|\(\?P=|\(\?\(")
_WIDE = re.compile(r"\\[SWDws]")
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_CLASS = re.compile(r"\[\^?\]?[^\]]*\]")
_PREFIX = re.compile(r"\(\?(?:P?<\w+>|<?[=!]|[a-zA-Z-]*:|>)")
_MOST_WIDE = 3
_MOST_REPEATS = 8
_WORD = re.compile(r'(?:\\.|"(?:\\.|[^"\\])*(?:"|$)|[^\s"])+')
_QUOTE = re.compile(r'(\\.)|"')
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclasses.dataclass(frozen=True)
class Filter:
    """A parsed filter: every term must hold."""

    text: str
    terms: tuple[Callable[[Attributes], bool], ...]
    doubt: str = ""
    """What to say of a word that looks like an attribute, and is taken as text since there is none such."""

    def __bool__(self) -> bool:
        return bool(self.terms)

    def matches(self, row: Attributes) -> bool:
        """Whether a row passes."""
        return all(term(row) for term in self.terms)

    def nothing(self, found: str) -> str:
        """What stands where no row passes.

        Args:
            found: how many of how many do: `0 of 340`.
        """
        return f"{found} match; esc clears the filter{self.doubt and f'. {self.doubt}'}"


NO_FILTER = Filter("", ())


def parse_filter(text: str, attributes: frozenset[str]) -> Filter:
    """Read a filter line.

    Args:
        text: what the operator typed: `deploy !prod state:failed,waiting age:<1d`.
        attributes: the names this view's rows have, besides `age`.

    Raises:
        MahavishnuError: MHV-010, an expression or attribute that makes no sense.
    """
    words = _words(text)
    terms = tuple(_term(word, attributes) for word in words)
    return Filter(text.strip(), terms, _doubt(words, {"age", *attributes}))


def doubt_of(text: str, attributes: frozenset[str]) -> str:
    """Why a filter line makes no sense, or may not mean what it looks like; empty where all is well."""
    try:
        return parse_filter(text, attributes).doubt
    except MahavishnuError as error:
        return f"{error.message} {error.hint}"


def _words(text: str) -> list[str]:
    """The words, `"two words"` as one; a backslash stays, since it is the regular expression's."""
    return [_QUOTE.sub(r"\1", word) for word in _WORD.findall(text) if word.strip('"')]


def several(*values: str) -> str:
    """The values of one attribute, each of which is matched by itself: `^` and `$` are its own ends."""
    return "\n".join(value.replace("\n", " ") for value in values if value)


def quoted(term: str) -> str:
    """A term as one word of a filter line, whatever is in it."""
    return '"' + _QUOTE.sub(lambda found: found[1] or r"\"", term) + '"'


def filter_options(line: str, values: Mapping[str, Iterable[str]]) -> list[str]:
    """The lines that this one may become: its last word the name of an attribute, or one of its values.

    Args:
        line: what is typed so far.
        values: of each attribute that the view knows those values that can be listed.
    """
    word = line.rpartition(" ")[2]
    sign = "!" if word.startswith("!") else ""
    head = line[: len(line) - len(word)] + sign
    name, colon, value = word[len(sign) :].partition(":")
    if not colon:
        return [f"{head}{item}:" for item in values if item.startswith(name)]
    begun = value.rpartition(",")[2]
    head = line[: len(line) - len(begun)]
    found = values.get(_ALIASES.get(name, name), ())
    return [f"{head}{item}" for item in found if item.startswith(begun)]


def _doubt(words: Iterable[str], known: Iterable[str]) -> str:
    names = (match[1] for word in words if (match := _LIKE_ATTRIBUTE.match(word)))
    unknown = next((name for name in names if _ALIASES.get(name.lower(), name.lower()) not in known), "")
    return f"{unknown}: is taken as text; attributes here: {', '.join(sorted(known))}" if unknown else ""


def _term(word: str, attributes: frozenset[str]) -> Callable[[Attributes], bool]:
    if word.startswith("!") and len(word) > 1:
        inner = _term(word[1:], attributes)
        return lambda row: not inner(row)
    name, colon, value = word.partition(":")
    name = _ALIASES.get(name.lower(), name.lower())
    if colon and name == "age":
        return _age(value)
    if colon and name in attributes:
        # While `state:` is being typed it must not empty the list.
        patterns = [_regex(part, re.MULTILINE) for part in value.split(",") if part]
        return lambda row: not patterns or any(pattern.search(row.get(name, "")) for pattern in patterns)
    pattern = _regex(word)
    return lambda row: pattern.search(row.get("text", "")) is not None


def _age(value: str) -> Callable[[Attributes], bool]:
    found = _AGE.match(value)
    if found is None:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT, f"age:{value} is not an age.", "Write age:<1d or age:>30m (s, m, h, d)."
        )
    limit = float(found[2]) * _SECONDS[found[3]]
    if found[1] == "<":
        return lambda row: float(row.get("age", "0")) < limit
    return lambda row: float(row.get("age", "0")) > limit


def _may_explode(text: str) -> bool:
    """Whether a regular expression may take time without bound; Python's cannot be stopped once it runs."""
    if _BACK.search(text):
        return True
    plain = _WIDE.sub(".", text)
    plain = _PREFIX.sub("(", _CLASS.sub(".", _ESCAPED.sub("x", plain)))
    groups, closed, repeats, wide = [False], False, 0, 0
    for place, sign in enumerate(plain):
        before = plain[place - 1 : place]
        if sign == "(":
            groups.append(False)
        elif sign == ")" and len(groups) > 1:
            closed = groups.pop()
            groups[-1] = groups[-1] or closed
        elif sign in "*+?{|":
            if sign in "*+{":
                if before == ")" and closed:
                    return True
                repeats, wide = repeats + 1, wide + (before in ".)")
            groups[-1] = True
    return wide > _MOST_WIDE or repeats > _MOST_REPEATS


def _regex(text: str, flags: int = 0) -> re.Pattern[str]:
    if _may_explode(text):
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            f"The filter {text} could take for ever: it repeats what repeats itself, or too much.",
            "One `.*` between two words is enough; several words may stand side by side.",
        )
    try:
        with warnings.catch_warnings():
            # `[[a]` means what it means today; a warning on the terminal helps nobody.
            warnings.simplefilter("ignore", FutureWarning)
            return re.compile(text, re.IGNORECASE | flags)
    except re.error as error:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            f"Not a regular expression: {error}: {text}.",
            "Put a backslash before brackets that are meant literally.",
        ) from error
