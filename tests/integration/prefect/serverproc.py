"""Our server with an embedded Prefect, as a process of its own, to be killed: `serverproc.py DATA`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mahavishnu_tui.server.main import run_server
from mahavishnu_tui.server.options import PrefectOptions, ServerOptions

if __name__ == "__main__":
    # This process is traced; what it starts is traced where that is tested, and would take twice as long.
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
    data = Path(sys.argv[1])
    prefect = PrefectOptions(mode="auto", poll_seconds=0.5)
    sys.exit(
        run_server(ServerOptions(data=data, socket=data / "s", log=data / "server.log", prefect=prefect))
    )
