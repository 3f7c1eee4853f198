"""The host's main: the event loop, and what keeps it going."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from mahavishnu_tui.engines.langgraph.dependencies import dependency_folders
from mahavishnu_tui.engines.langgraph.host.channel import Channel
from mahavishnu_tui.engines.langgraph.host.service import Service

_PR_SET_PDEATHSIG = 1


def main(argv: Sequence[str]) -> int:
    """Serve the socket that the server handed over, until `stop` or its end.

    Args:
        argv: `--fd N`, the inherited end of a socket pair.
    """
    parser = argparse.ArgumentParser(prog="engine-host", description="Runs graphs for the Mahavishnu server.")
    parser.add_argument("--fd", type=int, required=True, help="inherited socket to the server")
    connection = socket.socket(fileno=parser.parse_args(argv).fd)
    connection.set_inheritable(False)
    _die_with_parent()
    sys.path += dependency_folders(Path.cwd())  # last, so that they shadow nothing
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is meant for the program in front
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    channel = Channel(connection)
    service = Service(loop, channel)
    channel.listen(service.take)
    _run(loop, service)
    channel.close()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # threads of synchronous nodes would keep a normal exit waiting


def _run(loop: asyncio.AbstractEventLoop, service: Service) -> None:
    """Turn the loop until the service is done.

    asyncio lets SystemExit and KeyboardInterrupt of any task out of `run_forever`. When a node raises one,
    only its own run may end, so the loop is entered again: the exception reaches the run by its awaited
    tasks as well.
    """
    while not service.stopped:
        try:
            loop.run_forever()
        except (SystemExit, KeyboardInterrupt):
            traceback.print_exc()


def _die_with_parent() -> None:
    """Have Linux kill this process when the server dies, should the socket not tell."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
