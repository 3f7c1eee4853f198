"""The dashboard starts without looking for garbage, and looks for it later."""

from __future__ import annotations

import subprocess
import sys

PROBE = """
import asyncio, gc, sys
from mahavishnu_tui import __main__, app as module

async def nobody(_):
    await asyncio.sleep(60)

def dashboard(words):
    # In place of the terminal that `_dashboard` wants.
    before = gc.isenabled()
    app = module.MahavishnuApp(module.DashboardOptions(), nobody)
    module.SETTLED = 0.01

    def look():
        if gc.isenabled():
            app.exit()

    app.call_later(lambda: app.set_interval(0.01, look))
    app.run(headless=True, size=(80, 24))
    print(before, gc.isenabled(), gc.get_freeze_count() > 10_000)
    return 0

__main__._dashboard = dashboard
sys.exit(__main__.main([]))
"""


def test_garbage_is_collected_again_once_the_dashboard_has_settled() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["False", "True", "True"]
