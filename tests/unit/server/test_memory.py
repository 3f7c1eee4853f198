from __future__ import annotations

import ctypes

from mahavishnu_tui.server import memory


def test_other_c_libraries_are_left_alone(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    memory.stay_small()
    memory.give_back()
