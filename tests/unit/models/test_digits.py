from __future__ import annotations

import re

import pytest

from mahavishnu_tui.models.digits import has_long_number


@pytest.mark.parametrize(
    "data", [b"", b"123", b"1" * 18, b"9" * 19, b'{"n": -12345678901234567890}', b"1" * 18 + b".1"]
)
def test_nineteen_digits_in_a_row(data):
    assert has_long_number(data) is bool(re.search(rb"\d{19}", data))
