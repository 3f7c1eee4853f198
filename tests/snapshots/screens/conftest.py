"""A fixed place and a fixed operator: pictures must not depend on the machine."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _fixed_place(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        patch.setenv("LOGNAME", "ana")
        patch.setattr(socket, "gethostname", lambda: "bastion-2")
        time.tzset()
        yield
    time.tzset()
