"""The `mahavishnu` command. Without a subcommand it opens the dashboard, and imports little before that."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mahavishnu_tui.app import DashboardOptions

_VALUED = {"--context": "context", "--data-dir": "data_dir", "--set": "settings_flags"}
_SWITCHES = {"--readonly": "readonly", "--ascii": "ascii", "--ssh": "ssh", "--mouse": "mouse"}
_SPARING = {"TEXTUAL_FPS": "20", "TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0"}
"""What `--ssh` says to Textual, which reads it when it is imported."""


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
    # Whatever is imported and built for the first frame stays: looking for garbage in it finds none, and
    # takes a tenth of the start. `MahavishnuApp` has it looked for again.
    gc.disable()
    from mahavishnu_tui.cli.guard import guarded

    try:
        return guarded(lambda: _dashboard(wanted))
    finally:
        gc.enable()


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
    if wanted.get("ssh"):
        os.environ.update(_SPARING)
    from mahavishnu_tui.app import DashboardOptions, run_dashboard
    from mahavishnu_tui.settings.paths import chosen_context

    options: DashboardOptions = DashboardOptions(**{"context": chosen_context(os.environ), **wanted})
    return run_dashboard(options, _follow)


def _follow(words: Sequence[str]) -> int:
    """A command that was chosen in the dashboard, once that is closed."""
    from mahavishnu_tui.cli.main import run

    return run(words, _dashboard)


if __name__ == "__main__":
    sys.exit(main())
