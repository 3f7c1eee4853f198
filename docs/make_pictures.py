"""Draws the README's pictures: the demo in the real program, on a real server, in a home of its own.

Run it with `make pictures`; each picture is an SVG in docs/pictures.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

FOLDER = Path(__file__).parent / "pictures"
COMMAND = str(Path(sys.executable).with_name("mahavishnu"))
LARGE = (200, 50)
SMALL = (80, 24)


async def until(pilot: Pilot[None], condition: Callable[[], bool], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the picture does not come about")
        await pilot.pause(0.1)


def save(pilot: Pilot[None], name: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.svg").write_text(pilot.app.export_screenshot(title="mahavishnu"))
    print(FOLDER / f"{name}.svg")


async def draw() -> None:
    from mahavishnu_tui.app import DashboardOptions, MahavishnuApp

    app = MahavishnuApp(DashboardOptions(context="demo"))
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, lambda: len(app.session.mirror.runs) >= 7 and bool(app.session.mirror.approvals))
        await pilot.press("1", "slash", *"workflow:rollout", "enter")
        await pilot.pause(1.0)
        await pilot.press("escape")  # the filter goes, the cursor stays on its row
        await pilot.pause(1.0)
        save(pilot, "dashboard")
    app = MahavishnuApp(DashboardOptions(context="demo"))
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: len(app.session.mirror.approvals) >= 2)
        await pilot.press("1", "slash", *"workflow:release", "enter", "2")
        await pilot.pause(1.0)
        save(pilot, "path")
    app = MahavishnuApp(DashboardOptions(context="demo"))
    async with app.run_test(size=(110, 32)) as pilot:
        await until(pilot, lambda: bool(app.session.mirror.approvals))
        await pilot.press("4")
        await pilot.pause(0.5)
        await pilot.press("a")
        await pilot.pause(1.0)
        save(pilot, "approval")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="mhv-pictures-") as home:
        for name in [name for name in os.environ if name.startswith(("XDG_", "MAHAVISHNU_"))]:
            del os.environ[name]
        os.environ.update(HOME=home, USER="ana")
        os.chdir(home)
        subprocess.run([COMMAND, "demo", "--no-ui"], check=True, capture_output=True)
        try:
            asyncio.run(draw())
        finally:
            subprocess.run([COMMAND, "--context", "demo", "server", "stop", "--no-drain"], check=False)


if __name__ == "__main__":
    main()
