"""Copying over SSH."""

from __future__ import annotations

import base64
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.screens.clipboard import copied_by_tmux, fits_clipboard, osc52, write_private

PLAIN: dict[str, str] = {"TERM": "xterm-256color"}
SCREEN = {"TERM": "screen-256color"}
AFAR = {"TERM": "tmux-256color"}
TMUX = {"TMUX": "/tmp/x", "TERM": "screen"}


def payload(sequence: str) -> str:
    found = re.search(r"\x1b\]52;c;([^\x07]*)\x07", sequence)
    assert found is not None
    return base64.b64decode(found[1]).decode()


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_what_is_copied_comes_out(text: str) -> None:
    plain = osc52(text, PLAIN)
    assert payload(plain) == text
    for environ in (TMUX, AFAR):  # whichever of the two it lets through
        tmux = osc52(text, environ)
        assert tmux.startswith("\x1bPtmux;")
        assert tmux.endswith(plain)
        assert payload(tmux.removeprefix("\x1bPtmux;").replace("\x1b\x1b", "\x1b")) == text
    screen = osc52(text, SCREEN)
    assert screen.endswith(plain)
    parts = re.findall(r"\x1bP(.*?)\x1b\\", screen, re.DOTALL)
    assert payload("".join(parts)) == text
    assert max(map(len, parts)) <= 76


async def test_tmux_copies_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tmux"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/said; cat >> {tmp_path}/said\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert await copied_by_tmux("otters ✋", TMUX)
    assert (tmp_path / "said").read_text() == "load-buffer -w -\notters ✋"
    assert not await copied_by_tmux("x", AFAR)
    program.write_text("#!/bin/sh\nexit 1\n")  # one that is too old for -w
    assert not await copied_by_tmux("x", TMUX)
    monkeypatch.setenv("PATH", "/nowhere")
    assert not await copied_by_tmux("x", TMUX)


def test_too_long_goes_to_a_file(tmp_path: Path) -> None:
    text = "x" * 80_000
    assert not fits_clipboard(text, PLAIN)
    assert fits_clipboard("x", PLAIN)
    assert not fits_clipboard("x", {"TERM": "linux"})
    path = write_private(text, str(tmp_path))
    assert path.read_text() == text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
