"""What an operator sees when something fails: one sentence, an exit status, never a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.text import clean

OK = 0
FAILURE = 1
USAGE = 2
WAITS = 3
"""A run waits for a human."""
UNREACHABLE = 4
INTERRUPTED = 130
PIPE_CLOSED = 141

STATUSES = {
    OK: "success; of what was only started: it was started",
    FAILURE: "failure: the run failed, the act was refused, what was named is not there, or something of many"
    " failed",
    USAGE: "a wrong call: bad options, bad input, a setting, a file that is not trusted, no terminal",
    WAITS: "the run waits for a human",
    UNREACHABLE: "no server can be reached",
    INTERRUPTED: "interrupted with ctrl-c; runs go on",
    PIPE_CLOSED: "what read the output has ended",
}
"""What each exit status means, for help and documentation."""

_USAGE_CODES = frozenset(
    {
        ErrorCode.CONFIG_INVALID,
        ErrorCode.SOCKET_PATH,
        ErrorCode.NOT_TRUSTED,
        ErrorCode.TERMINAL,
        ErrorCode.BAD_INPUT,
        ErrorCode.INPUT_INVALID,
        ErrorCode.READ_ONLY,
    }
)


def exit_status(error: MahavishnuError) -> int:
    """The exit status that goes with an error."""
    if error.code is ErrorCode.SERVER_UNREACHABLE:
        return UNREACHABLE
    return USAGE if error.code in _USAGE_CODES else FAILURE


def guarded(act: Callable[[], int], *, as_json: bool = False) -> int:
    """Run `act` and turn whatever it raises into a sentence and an exit status.

    Args:
        act: what to do; its result is the exit status.
        as_json: print the error as `{"error": …}` on standard output as well.
    """
    try:
        status = act()
        sys.stdout.flush()
    except MahavishnuError as error:
        return _tell(error, as_json)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _let_go_of_output()
        return PIPE_CLOSED
    except Exception as error:
        return _tell(_unexpected(error), as_json)
    return status


def _tell(error: MahavishnuError, as_json: bool) -> int:
    if as_json:
        import json

        try:
            print(json.dumps({"error": error.to_json()}))
            sys.stdout.flush()
        except BrokenPipeError:  # who read it has ended; the sentence is still for the terminal
            _let_go_of_output()
    print(clean(f"mahavishnu: {error}"), file=sys.stderr)
    return exit_status(error)


def _let_go_of_output() -> None:
    """Python flushes once more at exit; there must be something that takes it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unexpected(error: Exception) -> MahavishnuError:
    """MHV-011, with the traceback in a file."""
    from mahavishnu_tui.settings.paths import APP, xdg

    path = xdg(os.environ, "XDG_STATE_HOME", ".local/state") / APP / "command.log"
    kept = f"The details are in {path}." if _keep(error, path) else f"{path} cannot be written either."
    return MahavishnuError(
        ErrorCode.INTERNAL, f"This should not have happened: {type(error).__name__}: {error}.", kept
    )


def _keep(error: Exception, path: Path) -> bool:
    import time
    import traceback

    from mahavishnu_tui.settings.paths import open_private

    try:
        with os.fdopen(open_private(path), "a") as file:
            file.write(time.strftime("%Y-%m-%dT%H:%M:%S%z\n"))
            traceback.print_exception(error, file=file)
    except OSError:
        return False
    return True
