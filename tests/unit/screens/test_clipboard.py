"""Copying over SSH."""

from __future__ import annotations

import base64
import re
import stat
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.screens.clipboard import osc52, write_private

PLAIN: dict[str, str] = {"TERM": "xterm-256color"}
SCREEN = {"TERM": "screen-256color"}


def payload(sequence: str) -> str:
    found = re.search(r"\x1b\]52;c;([^\x07]*)\x07", sequence)
    assert found is not None
    return base64.b64decode(found[1]).decode()


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_what_is_copied_comes_out(text: str) -> None:
    plain = osc52(text, PLAIN)
    assert plain is not None
    assert payload(plain) == text
    tmux = osc52(text, {"TMUX": "/tmp/x", "TERM": "screen"})
    assert tmux is not None
    assert tmux.startswith("\x1bPtmux;")
    assert payload(tmux.removeprefix("\x1bPtmux;").replace("\x1b\x1b", "\x1b")) == text
    screen = osc52(text, SCREEN)
    assert screen is not None
    parts = re.findall(r"\x1bP(.*?)\x1b\\", screen, re.DOTALL)
    assert payload("".join(parts)) == text
    assert max(map(len, parts)) <= 76


def test_too_long_goes_to_a_file(tmp_path: Path) -> None:
    text = "x" * 80_000
    assert osc52(text, PLAIN) is None
    path = write_private(text, str(tmp_path))
    assert path.read_text() == text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
