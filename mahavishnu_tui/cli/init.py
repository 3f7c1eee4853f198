"""`mahavishnu init`: files to begin with."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command
from mahavishnu_tui.cli.guard import OK


@command("init")
@click.argument("folder", metavar="[DIR]", default=".")
@click.option("--langgraph-json", is_flag=True, help="Write a langgraph.json too.")
def init(setup: Setup, folder: str, langgraph_json: bool) -> int:
    """Write a workflow, a flow and a settings file into DIR (here, without it), and trust what was written.

    They work as they are. Files that exist are left as they are, and not trusted.
    """
    from mahavishnu_tui.projects.starter import FILES, LANGGRAPH_JSON, next_commands, write_starter
    from mahavishnu_tui.settings.paths import trust_file
    from mahavishnu_tui.settings.trust import TrustStore

    place = Path(folder).expanduser()
    names = (*FILES, LANGGRAPH_JSON) if langgraph_json else FILES
    placed = write_starter(place, TrustStore(trust_file(os.environ)), names)
    # A checkout's own is mostly not on the path.
    program = "mahavishnu" if shutil.which("mahavishnu") else sys.argv[0]
    following = next_commands(place, program)
    if setup.as_json:
        files = [{"path": str(item.path.absolute()), "outcome": item.outcome} for item in placed]
        output.emit({"files": files, "next": following})
        return OK
    words = {"written": "written, and trusted", "exists": "exists: left as it is"}
    output.fields([(str(item.path), words[item.outcome]) for item in placed])
    output.say("\nNext:")
    for line in following:
        output.say(f"  {line}")
    return OK
