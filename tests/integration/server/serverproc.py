"""A server as a process of its own, to be killed: `serverproc.py DATA OPTIONS [scripted | forked FD]`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.models.notifying import Rule
from mahavishnu_tui.server.main import run_server, serve
from mahavishnu_tui.server.options import NotifyOptions, NotifyTarget, ServerOptions

if __name__ == "__main__":
    data = Path(sys.argv[1])
    given = json.loads(sys.argv[2])
    if notify := given.pop("notify", None):
        target = {"ops": NotifyTarget(notify["url"])}
        given["notify"] = NotifyOptions(targets=target, rules=(Rule(tuple(notify["about"])),))
    options = ServerOptions(data=data, socket=data / "s", log=data / "server.log", **given)
    try:
        sys.path.insert(0, str(Path(__file__).parents[3]))
        if sys.argv[3:] == ["scripted"]:
            from tests.integration.server.conftest import ScriptedSpawner

            sys.exit(asyncio.run(serve(options, ScriptedSpawner())))
        if sys.argv[3:4] == ["forked"]:
            from tests.integration.forking import ForkingSpawner, use_control

            use_control(int(sys.argv[4]))
            sys.exit(asyncio.run(serve(options, ForkingSpawner())))
        sys.exit(run_server(options))
    except MahavishnuError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
