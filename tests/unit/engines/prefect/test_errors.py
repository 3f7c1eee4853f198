"""Whatever a server answers becomes one sentence with a code."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.engines.prefect import errors
from mahavishnu_tui.engines.prefect.errors import About
from mahavishnu_tui.models import ErrorCode

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
bodies = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("detail", "exception_message", "exception_detail", "message"), json_values)
)


@given(
    status=st.integers(400, 599),
    found=bodies | json_values,
    what=st.text(max_size=300),
    changing=st.booleans(),
)
def test_every_refusal_is_one_line(status: int, found: object, what: str, changing: bool) -> None:
    about = About(what, missing=ErrorCode.RUN_UNKNOWN, refused=ErrorCode.RUN_STATE)
    error = errors.refused("http://x/api", about, status, b"{}", found, changing)
    assert "\n" not in error.message
    assert "\x1b" not in error.message
    assert len(error.message) < 900
    assert error.message.endswith(".")
    assert error.status == status
    assert error.uncertain == (changing and error.kind == "server" and status >= 500)


def test_problems_of_fields_are_named() -> None:
    found = {"exception_detail": [{"loc": ["body", "schedules", 0, "cron"], "msg": "no cron"}, "other"]}
    error = errors.refused("u", About("it"), 422, b"", found, True)
    assert "schedules.0.cron: no cron; other" in error.message
