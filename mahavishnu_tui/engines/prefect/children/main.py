"""From a request on stdin to the last line on stdout."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from typing import Any

from .reply import INPUT, SDK, Channel, Refusal

COMMANDS = {"inspect": "inspect_flow", "register": "register", "run": "run_flow"}
"""The command line's word and the module that carries it out."""


def main(argv: list[str]) -> int:
    """Carry out one command; its last line on stdout is `{"ok": …}` or `{"error": …}`.

    Returns:
        0 for `ok`, 1 for `error`.
    """
    channel = Channel()
    try:
        channel.say({"ok": _carry_out(argv, channel)})
    except Refusal as refusal:
        channel.say({"error": refusal.to_json()})
        return 1
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        told = Refusal(
            "MHV-011", f"The child process failed ({what}).", "See the detail.", traceback.format_exc()
        )
        channel.say({"error": told.to_json()})
        return 1
    return 0


def _carry_out(argv: list[str], channel: Channel) -> Any:
    if len(argv) != 1 or argv[0] not in COMMANDS:
        raise Refusal(INPUT, f"The child takes one word: {', '.join(COMMANDS)}.")
    request = channel.read()
    if not os.environ.get("PREFECT_API_URL"):
        # Without one, the SDK would start a server of its own.
        raise Refusal(
            INPUT, "The child was given no PREFECT_API_URL.", "Start it with one in its environment."
        )
    _need_sdk()
    command = importlib.import_module(f".{COMMANDS[argv[0]]}", __package__)
    return command.carry_out(request, channel)


def _need_sdk() -> None:
    try:
        import prefect
    except ModuleNotFoundError as error:
        if error.name != "prefect":
            raise
        raise Refusal(
            SDK,
            f"The interpreter {sys.executable} has no Prefect.",
            f"Install it there: `{sys.executable} -m pip install prefect`, or name another interpreter.",
        ) from error
    version = str(prefect.__version__)
    if version.partition(".")[0] != "3":
        raise Refusal(
            SDK,
            f"The interpreter {sys.executable} has Prefect {version}; flows are run with Prefect 3.",
            f"Update it there: `{sys.executable} -m pip install -U prefect`.",
        )
