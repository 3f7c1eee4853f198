"""Forks engine hosts from a process that has imported LangGraph: `forking_host.py FD ENTRY`.

A host takes more than a second of work to import its libraries. What is forked runs the host's entry as ever,
in the folder, the environment and the session of its own that a child has. That hosts are started by running
their interpreter is shown wherever a server is started as operators start it.

A JSON line asks for a host. With it come two descriptors: the host's socket, and a pipe into which its pid is
written and, once it has ended, its exit status.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import socket
import sys
import traceback
from typing import Any, NoReturn

ENGINE = "mahavishnu_tui.engines.langgraph"
MODULES = (
    "langgraph.checkpoint.sqlite.aio",
    "langgraph.graph",
    *(f"{ENGINE}.{name}" for name in ("adapter", "curator", "host.capture", "host.inherit", "host.main")),
)


def load(entry: str) -> None:
    """Import what each host imports, under the names under which it does."""
    sys.path.pop(0)
    runpy.run_path(entry)["register"]()
    for name in MODULES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def serve(control: socket.socket) -> None:
    """Until whoever asks for hosts is gone."""
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, 1 << 20, 2)
        if not data:
            break
        if os.fork() == 0:
            control.close()
            keep(json.loads(data), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


def keep(order: dict[str, Any], theirs: int, teller: int) -> NoReturn:
    """Be the parent of one host, and tell how it ends."""
    pid = os.fork()
    if pid == 0:
        be_host(order, theirs, teller)
    os.close(theirs)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with contextlib.suppress(BrokenPipeError):  # the server that asked for it may be gone
        os.write(teller, f"{status}\n".encode())
    os._exit(0)


def be_host(order: dict[str, Any], theirs: int, teller: int) -> NoReturn:
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        log = os.open(order["log"], os.O_APPEND | os.O_WRONLY)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        os.chdir(order["cwd"])
        os.environ.clear()
        os.environ.update(order["env"])
        os.write(teller, f"{os.getpid()}\n".encode())
        os.close(teller)
        sys.modules[f"{ENGINE}.runlog"].process.forked = False  # of no host that runs already
        entry = order["entry"]
        sys.argv = [entry, "--fd", str(theirs)]
        sys.path.insert(0, os.path.dirname(entry))
        runpy.run_path(entry, run_name="__main__")
    except SystemExit as end:
        os._exit(int(end.code or 0))
    except BaseException:
        traceback.print_exc()
    os._exit(1)


if __name__ == "__main__":
    load(sys.argv[2])
    serve(socket.socket(fileno=int(sys.argv[1])))
