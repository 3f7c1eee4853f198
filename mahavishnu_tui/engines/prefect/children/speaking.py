"""What a Prefect server, or its absence, said: as a sentence for the operator."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from .reply import API, AUTH, CONNECTION, RATE, TIMEOUT, Refusal

NO_ROUTE = ("", "Not Found")
"""What is said where there is no such call; Prefect says more of a thing that is not there."""


def server_url() -> str:
    """The API that this process was given."""
    return os.environ["PREFECT_API_URL"]


@contextlib.contextmanager
def speaking(about: str) -> Iterator[None]:
    """Turn what fails while speaking to the server into a `Refusal`.

    Args:
        about: what was to be done: `register the deployment etl/nightly`.
    """
    import httpx
    from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound, PrefectHTTPStatusError

    try:
        yield
    except (ObjectNotFound, ObjectAlreadyExists) as error:
        raise refused(about, getattr(error, "http_exc", None) or error) from error
    except PrefectHTTPStatusError as error:
        raise refused(about, error) from error
    except httpx.TimeoutException as error:
        raise Refusal(
            TIMEOUT, f"The Prefect server at {server_url()} did not answer in time.", "Try again."
        ) from error
    except (httpx.TransportError, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise Refusal(
            CONNECTION,
            f"No Prefect server answers at {server_url()} ({type(error).__name__}).",
            "Start it, or correct the URL; it ends in /api.",
            str(error),
        ) from error


def refused(about: str, error: Any) -> Refusal:
    """The refusal that an HTTP status stands for."""
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", 0)
    words = _words(response)
    if status in (401, 403):
        return Refusal(
            AUTH,
            f"The Prefect server at {server_url()} does not accept our credentials ({status}).",
            "Set its API key or auth string.",
            words,
        )
    if status == 429:
        return Refusal(RATE, "The Prefect server asks for fewer requests (429).", "Wait a minute.", words)
    if status in (404, 405, 501) and words in NO_ROUTE:
        return Refusal(
            CONNECTION,
            f"What answers at {server_url()} is no Prefect API.",
            "Correct the URL; it ends in /api.",
        )
    because = f": {_first(words)}" if words else f" ({status or error})"
    return Refusal(API, f"Prefect did not {about}{because}.", "Correct what it names, then try again.", words)


def _words(response: Any) -> str:
    """`detail`, or what validation says of each field."""
    try:
        body = response.json()
    except Exception:
        return ""  # a page for people, from something else
    if not isinstance(body, dict):
        return str(body)[:2000]
    problems = body.get("exception_detail")
    if isinstance(problems, list):
        return "; ".join(_problem(item) for item in problems)[:2000]
    return str(body.get("detail") or body.get("exception_message") or body)[:2000]


def _problem(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    return f"{'.'.join(str(part) for part in item.get('loc', ()))}: {item.get('msg', '')}"


def _first(words: str) -> str:
    line = words.strip().split("\n")[0]
    return line[:300].rstrip(".")
