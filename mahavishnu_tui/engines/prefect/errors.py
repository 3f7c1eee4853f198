"""What goes wrong between us and a Prefect server, as one sentence with its MHV code and what to do."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.models import ErrorCode
from mahavishnu_tui.models.text import clean_line

Kind = Literal[
    "unreachable",  # nothing answers there: nothing was sent
    "lost",  # the connection broke after the request was sent
    "timeout",
    "auth",
    "missing",  # no such thing
    "not_offered",  # the server has no such call
    "conflict",
    "invalid",
    "rate_limit",
    "busy",  # 503: it says itself that it did nothing
    "server",
    "odd",  # what answers is not Prefect's API
]

_SAID = 300
"""Characters of a server's own words that are repeated."""
_NO_ROUTE = re.compile(rb'\s*\{\s*"detail"\s*:\s*"(Not Found|Method Not Allowed)"\s*\}\s*')
"""What FastAPI says of a path that it does not have; Prefect says more of a thing that is not there."""


class PrefectError(AdapterError):
    """A call of a Prefect server that failed.

    Its details: `kind`, the HTTP `status` (0: no answer), `uncertain` where a change may have been made all
    the same, and `until` (seconds since the epoch) where the server said when to come again.
    """

    @property
    def kind(self) -> Kind:
        """What sort of failure it is."""
        kind: Kind = self.details.get("kind", "server")
        return kind

    @property
    def status(self) -> int:
        """The HTTP status; 0 when there was no answer."""
        return int(self.details.get("status") or 0)

    @property
    def uncertain(self) -> bool:
        """Whether the change may have been made although this call failed."""
        return bool(self.details.get("uncertain"))

    @property
    def until(self) -> float:
        """When the server wants to be asked again, in seconds since the epoch; 0 when it did not say."""
        return float(self.details.get("until") or 0.0)


@dataclasses.dataclass(frozen=True)
class About:
    """What a call is about, so that its failure can be named.

    Args:
        what: the thing in words: `deployment etl/nightly`.
        missing: the code when it is not there.
        refused: the code when the server will not have what was sent (409, 422).
    """

    what: str
    missing: ErrorCode = ErrorCode.PREFECT_API
    refused: ErrorCode = ErrorCode.PREFECT_API

    def __post_init__(self) -> None:
        object.__setattr__(self, "what", clean_line(self.what, 200))


KEYS_HINT = (
    "Set `prefect.api_key` (Cloud) or `prefect.auth_string` (user:password of your own server); "
    "a server of ours that runs reads them once it is started anew."
)
_MISSING_HINT = {
    ErrorCode.RUN_UNKNOWN: "It may have been deleted; look at the list of runs.",
    ErrorCode.PREFECT_DEPLOYMENT_NOT_FOUND: "`mahavishnu prefect deployment list` shows those there are.",
    ErrorCode.PREFECT_FLOW_NOT_FOUND: "A flow is known once it has run or been deployed.",
    ErrorCode.PREFECT_WORK_POOL: "`mahavishnu pool list` shows those there are.",
    ErrorCode.PREFECT_SCHEDULE_INVALID: "It may have been removed; look at the schedules.",
}


def unreachable(url: str, error: BaseException) -> PrefectError:
    """Nothing answers at the address; the request was not sent."""
    why = clean_line(str(error) or type(error).__name__, 200).rstrip(".")
    return PrefectError(
        ErrorCode.PREFECT_CONNECTION,
        f"Prefect at {url} cannot be reached: {why}.",
        "Is the server up, and is `prefect.api_url` right? `mahavishnu prefect health` tries it now.",
        kind="unreachable",
        status=0,
    )


def lost(url: str, about: About, error: BaseException, changing: bool) -> PrefectError:
    """The connection broke before the answer had come."""
    why = clean_line(str(error) or type(error).__name__, 200).rstrip(".")
    return PrefectError(
        ErrorCode.PREFECT_CONNECTION,
        f"The connection to Prefect at {url} broke during a call about {about.what}: {why}.",
        "Look whether it was done before you try again." if changing else "Try again.",
        kind="lost",
        status=0,
        uncertain=changing,
    )


def timed_out(url: str, about: About, seconds: float, changing: bool) -> PrefectError:
    """No answer in time."""
    return PrefectError(
        ErrorCode.PREFECT_TIMEOUT,
        f"Prefect at {url} did not answer within {seconds:g} s about {about.what}.",
        "Look whether it was done before you try again."
        if changing
        else "It may be overloaded; try again, or raise `prefect.timeout_seconds`.",
        kind="timeout",
        status=0,
        uncertain=changing,
    )


def rate_limited(url: str, until: float) -> PrefectError:
    """The server wants us to wait."""
    clock = datetime.fromtimestamp(until, UTC).strftime("%H:%M:%S")
    return PrefectError(
        ErrorCode.PREFECT_RATE_LIMIT,
        f"Prefect at {url} takes no more calls before {clock} UTC (rate limit).",
        "Nothing was changed. Reading goes on by itself then; repeat your act after that time.",
        kind="rate_limit",
        status=429,
        until=until,
    )


def odd(url: str, about: About, what: str, status: int = 200) -> PrefectError:
    """What answered is not what Prefect's API says."""
    return PrefectError(
        ErrorCode.PREFECT_API,
        f"The answer of {url} about {about.what} {what}.",
        "Is that address Prefect's API? It ends in /api, as in http://127.0.0.1:4200/api.",
        kind="odd",
        status=status,
    )


def refused(url: str, about: About, status: int, body: bytes, found: Any, changing: bool) -> PrefectError:
    """The error behind a status of 400 or more.

    Args:
        url: the API's address.
        about: what the call was about.
        status: the HTTP status.
        body: the answer.
        found: the answer as JSON, or None.
        changing: whether the call was to change something.
    """
    said = _said(found)
    tail = f": {said}" if said else ""
    if status in (401, 403):
        return _not_let_in(url, about, status, tail)
    if status in (405, 501) or (status == 404 and _NO_ROUTE.fullmatch(body)):
        return PrefectError(
            ErrorCode.PREFECT_API,
            f"Prefect at {url} does not offer the call about {about.what} ({status}).",
            "It is of another version, or another service; `mahavishnu prefect health` names its version.",
            kind="not_offered",
            status=status,
        )
    if status == 404:
        return PrefectError(
            about.missing,
            f"Prefect has no {about.what}{'' if said.lower().endswith('not found') else tail}.",
            _MISSING_HINT.get(about.missing, ""),
            kind="missing",
            status=status,
        )
    if status in (400, 409, 413, 422):
        return PrefectError(
            about.refused,
            f"Prefect refuses {about.what} ({status}){tail}.",
            "Nothing was changed. Mend what it names, then try again." if changing else "",
            kind="conflict" if status == 409 else "invalid",
            status=status,
        )
    return _failing(url, about, status, tail, changing)


def _not_let_in(url: str, about: About, status: int, tail: str) -> PrefectError:
    if status == 401:
        what = f"Prefect at {url} does not let us in (401){tail}."
        hint = KEYS_HINT
    else:
        what = f"Prefect at {url} forbids {about.what} (403){tail}."
        hint = "The key's account has no right to it, or the address names another workspace."
    return PrefectError(ErrorCode.PREFECT_AUTH, what, hint, kind="auth", status=status)


def _failing(url: str, about: About, status: int, tail: str, changing: bool) -> PrefectError:
    if status == 503:
        return PrefectError(
            ErrorCode.PREFECT_API,
            f"Prefect at {url} keeps answering that it is unavailable (503) about {about.what}{tail}.",
            "Nothing was changed. Its database is busy, or it is broken: the server's log says which.",
            kind="busy",
            status=status,
        )
    return PrefectError(
        ErrorCode.PREFECT_API,
        f"Prefect at {url} fails ({status}) about {about.what}{tail}.",
        "The server's log says why."
        + (" Look whether it was done before you try again." if changing else ""),
        kind="server",
        status=status,
        uncertain=changing and status >= 500,
    )


def _said(found: Any) -> str:
    """The server's own words, on one line; its validation errors as `field: what is wrong`."""
    if not isinstance(found, Mapping):
        return ""
    problems = found.get("exception_detail") or found.get("detail")
    if isinstance(problems, list):
        words = "; ".join(filter(None, map(_problem, problems[:5])))
    else:
        words = str(found.get("detail") or found.get("exception_message") or found.get("message") or "")
    return clean_line(words, _SAID).rstrip(". ")


def _problem(item: Any) -> str:
    if not isinstance(item, Mapping):
        return str(item)
    where = [str(part) for part in item.get("loc") or [] if part != "body"]
    what = str(item.get("msg") or "")
    return f"{'.'.join(where)}: {what}" if where else what
