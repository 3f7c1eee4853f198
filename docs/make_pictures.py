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
from typing import TYPE_CHECKING

from textual.pilot import Pilot

if TYPE_CHECKING:
    from mahavishnu_tui.app import MahavishnuApp

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


async def draw_welcome(folder: Path) -> None:
    """Where nothing has run, in a folder with what `mahavishnu init` writes."""
    from mahavishnu_tui.app import DashboardOptions, MahavishnuApp

    folder.mkdir()
    os.chdir(folder)
    subprocess.run([COMMAND, "init"], check=True, capture_output=True)
    app = MahavishnuApp(DashboardOptions(context="welcome"))
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: len(pilot.app.query("#welcome-steps")) == 1)
        await pilot.pause(2.0)
        save(pilot, "welcome")


FLOWS = (["etl.py"], ["nightly_batch.py"], ["ci_pipeline.py", "--flow-name", "ci-pipeline"], ["approval.py"])


def ours(*words: str) -> None:
    subprocess.run([COMMAND, *words, "--context", "flows"], check=True, capture_output=True)


def ended(app: MahavishnuApp) -> set[str]:
    """The flows of which a run has succeeded."""
    return {run.workflow for run in app.session.mirror.runs.values() if run.status == "success"}


async def draw_flows() -> None:
    """What comes from an embedded Prefect server."""
    from mahavishnu_tui.app import DashboardOptions, MahavishnuApp

    examples = Path(__file__).parent.parent / "examples" / "prefect"
    ours("prefect", "start")
    for file, *more in FLOWS:
        ours("prefect", "deployment", "create", str(examples / file), *more, "--name", "daily", "--trust")
    ours(
        "schedule", "create", "--deployment", "etl/daily", "--cron", "0 2 * * *", "--timezone", "Europe/Paris"
    )
    ours("schedule", "create", "--deployment", "nightly-batch/daily", "--interval", "6h")
    for flow in ("etl", "ci-pipeline", "nightly-batch", "release-approval"):
        ours("prefect", "execute", f"{flow}/daily")
    app = MahavishnuApp(DashboardOptions(context="flows"))
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, lambda: bool(app.session.mirror.approvals), 120)
        await until(pilot, lambda: ended(app) >= {"etl", "ci-pipeline", "nightly-batch"}, 120)
        await pilot.press("1", "slash", *"workflow:ci-pipeline", "enter")
        await pilot.pause(1.0)
        await pilot.press("escape")
        await pilot.pause(2.0)
        save(pilot, "flows")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="mhv-pictures-") as home:
        for name in [name for name in os.environ if name.startswith(("XDG_", "MAHAVISHNU_"))]:
            del os.environ[name]
        os.environ.update(HOME=home, USER="ana")
        os.chdir(home)
        subprocess.run([COMMAND, "demo", "--no-ui"], check=True, capture_output=True)
        try:
            asyncio.run(draw())
            asyncio.run(draw_flows())
            asyncio.run(draw_welcome(Path(home) / "agents"))
        finally:
            for context in ("demo", "flows", "welcome"):
                subprocess.run([COMMAND, "server", "stop", "--no-drain", "--context", context], check=False)


if __name__ == "__main__":
    main()
