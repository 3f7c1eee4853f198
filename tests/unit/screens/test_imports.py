"""What is imported before and after the first paint, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ENGINES = {"langgraph", "langgraph_sdk", "langchain_core", "prefect", "sqlalchemy", "agno"}
OURS_LATER = {
    "mahavishnu_tui.models.approval",
    "mahavishnu_tui.models.checkpoint",
    "mahavishnu_tui.models.pool",
    "mahavishnu_tui.models.prefect",
    "mahavishnu_tui.widgets.drawing.model",
    "mahavishnu_tui.widgets.graph_layout",
}
"""Rooms of ours that cost more than a millisecond each, and that an empty frame does not need."""
LATER = ENGINES | {
    "httpx",
    "pydantic",
    "pydantic_settings",
    "yaml",
    "click",
    "orjson",
    "starlette",
    "jsonschema",
}

NOT_CONNECTING = {
    "click",
    "anyio",
    "httpcore",
    "httpx",
    "importlib.metadata",
    "mahavishnu_tui.models.diff",
    "mahavishnu_tui.models.checkpoint",
    "mahavishnu_tui.models.notification",
    "mahavishnu_tui.models.schedule",
}
"""What the first rows do not wait for."""

PROBE = """
import asyncio, contextlib, json, sys
from mahavishnu_tui.app import DashboardOptions, MahavishnuApp
from mahavishnu_tui.models import MahavishnuError

seen = {}

async def opener(options):
    # Called by the application once it has painted.
    seen["painted"] = "1 Runs" in "".join(s.text for s in app.screen._compositor.render_strips())
    seen["ours"] = sorted(name for name in sys.modules if name.startswith("mahavishnu_tui."))
    seen["before"] = sorted({name.partition(".")[0] for name in sys.modules})
    import mahavishnu_tui.screens.connection
    from mahavishnu_tui.client.transport import Transport
    with contextlib.suppress(MahavishnuError):
        await Transport("/nowhere", 1).call("GET", "/")
    seen["connected"] = sorted(sys.modules)
    import mahavishnu_tui.screens.run, mahavishnu_tui.screens.approval, mahavishnu_tui.screens.launch
    import mahavishnu_tui.screens.logs, mahavishnu_tui.screens.help, mahavishnu_tui.screens.info
    seen["connection"] = "mahavishnu_tui.client.feed" in sys.modules
    seen["after"] = sorted({name.partition(".")[0] for name in sys.modules})
    app.exit()
    await asyncio.sleep(60)

app = MahavishnuApp(DashboardOptions(), opener)
app.run(headless=True, size=(80, 24))
print(json.dumps(seen))
"""


def test_the_first_paint_waits_for_nothing_and_no_engine_is_ever_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE], capture_output=True, text=True, timeout=60, check=True
    )
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["painted"]
    assert not LATER & set(seen["before"])
    assert not OURS_LATER & set(seen["ours"])
    assert not ENGINES & set(seen["after"])
    assert not NOT_CONNECTING & set(seen["connected"])
    assert seen["connection"], "the probe looks at the right thing"


FAULT = """
import asyncio
from mahavishnu_tui import app as module
from mahavishnu_tui.screens import connection

async def nobody(_):
    await asyncio.sleep(60)

connection.open_connection = nobody  # or a server is started in the home of whoever runs the tests

run = module.MahavishnuApp.run
module.MahavishnuApp.on_mount = lambda self: self.call_later(lambda: 1 / 0)
module.MahavishnuApp.run = lambda self, **_: run(self, headless=True, size=(80, 24))
raise SystemExit(module.run_dashboard(module.DashboardOptions(), lambda _: 0))
"""


def test_a_fault_of_ours_is_one_sentence_and_the_traceback_is_kept(tmp_path: Path) -> None:
    script = tmp_path / "faulty.py"
    script.write_text(FAULT)
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 1
    assert "MHV-011 The dashboard failed and had to close; the server goes on." in said
    assert "Traceback (most" not in said
    (kept,) = tmp_path.glob("mahavishnu-*")
    assert "ZeroDivisionError" in kept.read_text()
