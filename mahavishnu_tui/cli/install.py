"""`mahavishnu server install`: a systemd user unit, so that a reboot does not lose the server."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.client.launcher import LaunchOptions
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.settings.paths import xdg

if TYPE_CHECKING:
    from mahavishnu_tui.settings.load import Loaded

_UNIT = """\
[Unit]
Description=Mahavishnu workflow server (context {context})

[Service]
{environment}ExecStart={command}
Restart=on-failure
RestartSec=2
KillMode=mixed
TimeoutStopSec=60

[Install]
WantedBy=default.target
"""


@command("install")
@click.option("--print", "only_print", is_flag=True, help="Print the unit and write nothing.")
def install(setup: Setup, only_print: bool) -> int:
    """Write a systemd user unit for this context's server."""
    loaded = setup.load_strictly()
    unit = _unit(loaded)
    name = f"mahavishnu-{setup.context}.service"
    path = xdg(os.environ, "XDG_CONFIG_HOME", ".config") / "systemd" / "user" / name
    if not only_print:
        _write(path, unit)
    cure = [
        f"systemctl --user daemon-reload && systemctl --user enable --now {name}",
        "loginctl enable-linger",
    ]
    if setup.as_json:
        output.emit({"path": str(path), "written": not only_print, "unit": unit, "next": cure})
        return OK
    if only_print:
        output.say(unit.rstrip("\n"))
        return OK
    output.say(f"{path} written. To start it now and with every boot:")
    for line in cure:
        output.say(f"  {line}")
    return OK


def _unit(loaded: Loaded) -> str:
    launch = LaunchOptions.of(loaded.paths, loaded.flags)
    words = [sys.executable, "-P", "-m", "mahavishnu_tui", "server", "run", "--data-dir", launch.data]
    # It never stops by itself: systemd would not bring it back.
    words += [*launch.arguments, "--set", "server.idle_minutes=0"]
    # The operator's shell may set what systemd does not know of.
    config = os.environ.get("XDG_CONFIG_HOME", "")
    environment = f"Environment={_quoted(f'XDG_CONFIG_HOME={config}')}\n" if config else ""
    command = " ".join(_quoted(word) for word in words)
    return _UNIT.format(context=loaded.paths.context, environment=environment, command=command)


def _quoted(word: str) -> str:
    """One argument as systemd reads it: quotes, its own `%` and `$` made harmless."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


def _write(path: Path, unit: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(unit)
    except OSError as error:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            f"{path} cannot be written ({error.strerror}).",
            "`mahavishnu server install --print` prints the unit.",
        ) from error
