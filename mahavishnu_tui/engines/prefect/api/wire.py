"""What goes over the wire, and what comes back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
import orjson

from mahavishnu_tui.engines.prefect.errors import About, PrefectError


def retry_after(headers: Mapping[str, str], now: Callable[[], float] = time.time) -> float:
    """Seconds that the server wants us to wait; one when it does not say, an hour at most."""
    text = headers.get("retry-after", "")
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now()
        except (TypeError, ValueError, OverflowError):
            seconds = 1.0
    return min(max(seconds, 0.0), 3600.0) if seconds == seconds else 1.0


def given(body: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are not None."""
    return {key: value for key, value in body.items() if value is not None}


def encode(body: Any, about: About) -> bytes:
    """JSON of what is to be sent.

    Raises:
        PrefectError: it is not JSON.
    """
    # A whole number of more than 64 bits is refused here: Prefect takes it, and then fails (500) at every
    # list that holds its run.
    try:
        return orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS)
    except TypeError as error:
        raise PrefectError(
            about.refused, f"What is to be sent about {about.what} cannot be: {error}.", kind="invalid"
        ) from None


def decode(answer: bytes) -> Any:
    """The answer as Python values, whole numbers exact however long; raises ValueError."""
    try:
        try:
            return msgspec.json.decode(answer)
        except msgspec.DecodeError:
            # It may be what Python writes though JSON has it not: NaN, infinity, half a surrogate pair.
            return json.loads(answer)
    except RecursionError:
        raise ValueError("too deep") from None
