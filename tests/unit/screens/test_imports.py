"""What is imported before and after the first paint, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

ENGINES = {"langgraph", "langgraph_sdk", "langchain_core", "prefect", "sqlalchemy", "agno"}
LATER = ENGINES | {"httpx", "pydantic", "pydantic_settings", "yaml", "click", "orjson", "starlette"}

PROBE = """
import asyncio, json, sys
from mahavishnu_tui.app import DashboardOptions, MahavishnuApp

seen = {}

async def opener(options):
    # Called by the application once it has painted.
    seen["painted"] = "1 Runs" in "".join(s.text for s in app.screen._compositor.render_strips())
    seen["before"] = sorted({name.partition(".")[0] for name in sys.modules})
    import mahavishnu_tui.screens.connection
    import mahavishnu_tui.screens.run, mahavishnu_tui.screens.approval, mahavishnu_tui.screens.launch
    import mahavishnu_tui.screens.logs, mahavishnu_tui.screens.help, mahavishnu_tui.screens.info
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
    assert not ENGINES & set(seen["after"])
    assert "pydantic" in seen["after"], "the probe looks at the right thing"
