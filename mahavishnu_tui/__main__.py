"""The `mahavishnu` command. Without a subcommand it opens the dashboard, and imports little before that."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mahavishnu_tui.app import DashboardOptions

_VALUED = {"--context": "context", "--data-dir": "data_dir", "--set": "settings_flags"}
_SWITCHES = {"--readonly": "readonly", "--ascii": "ascii"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status.

    Args:
        argv: the arguments after the program's name; those of the process by default.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if words == ["--version"]:
        from mahavishnu_tui import __version__

        print(f"mahavishnu {__version__}")  # noqa: T201 - this is the command line
        return 0
    wanted = None if "_MAHAVISHNU_COMPLETE" in os.environ else dashboard_words(words)
    if wanted is None:
        from mahavishnu_tui.cli.main import run

        return run(words, _dashboard)
    from mahavishnu_tui.cli.guard import guarded

    return guarded(lambda: _dashboard(wanted))


def dashboard_words(words: Sequence[str]) -> dict[str, Any] | None:
    """The options of the dashboard, read by hand; None when click has to look at them.

    Click alone costs as much time as the first frame may take.
    """
    found: dict[str, Any] = {"settings_flags": ()}
    rest = iter(words)
    for word in rest:
        name, separator, value = word.partition("=")
        if word in _SWITCHES:
            found[_SWITCHES[word]] = True
            continue
        if name not in _VALUED:
            return None
        given = value if separator else next(rest, None)
        if given is None:
            return None
        if name == "--set":
            found["settings_flags"] = (*found["settings_flags"], given)
        else:
            found[_VALUED[name]] = given
    return found


def _dashboard(wanted: dict[str, Any]) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError

        raise MahavishnuError(
            ErrorCode.TERMINAL,
            "The dashboard needs a terminal, and this is none.",
            "In scripts use the commands: `mahavishnu --help`.",
        )
    from mahavishnu_tui.app import DashboardOptions, run_dashboard

    options: DashboardOptions = DashboardOptions(**wanted)
    return run_dashboard(options)


if __name__ == "__main__":
    sys.exit(main())
