"""One dispatch of a graph in a process of its own, without a server: JSON on stdin, a JSON line on stdout.

Started by path, like a host: `<the project's python> …/engines/langgraph/alone.py` in the project's folder.
The request is `{"spec", "checkpoints": path, "thread_id", "input", "config", "answers": [{interrupt_id, hash,
value}]}`, the answer `{"ok": <notice finished of docs/protocols.md>}` or `{"error": {code, message, hint}}`.
The same request again, after a crash, goes on from the thread's last checkpoint.
"""

import asyncio
import json
import os
import sys
import time
import types
from pathlib import Path
from typing import Any


def register() -> None:
    """Make our package importable from here, without anything of ours on `sys.path`."""
    here = Path(__file__).resolve().parent
    if sys.path and Path(sys.path[0]).resolve() == here:
        sys.path[0] = os.getcwd()
    if "mahavishnu_tui" not in sys.modules:
        package = types.ModuleType("mahavishnu_tui")
        package.__path__ = [str(here.parent.parent)]
        sys.modules["mahavishnu_tui"] = package


async def dispatch(order: dict[str, Any]) -> dict[str, Any]:
    """Run the graph until it ends or asks."""
    from mahavishnu_tui.engines.langgraph.adapter import LangGraphAdapter
    from mahavishnu_tui.engines.langgraph.dependencies import dependency_folders
    from mahavishnu_tui.engines.langgraph.requests import RunRequest

    sys.path += dependency_folders(Path.cwd())
    thread = str(order["thread_id"])
    answers = order.get("answers") or []
    request = {
        "run_id": thread,
        "thread_id": thread,
        "spec": order["spec"],
        # Leases of a thread only grow, also from one process to the next.
        "lease": time.time_ns() // 1000,
        "mode": "continue" if answers else "start",
        "input": order.get("input"),
        "answers": answers,
        "config": order.get("config") or {},
        "intent": f"{thread}/alone",
    }
    async with LangGraphAdapter(os.getcwd(), order["checkpoints"]) as adapter:
        finished = await (await adapter.start(RunRequest.from_json(request)))
    return {key: value for key, value in finished.items() if key != "ev"}


def main() -> int:
    """Read, run, answer; what the graph prints goes to stderr.

    Returns:
        0 when the graph was run, however it ended.
    """
    out = os.dup(1)
    os.dup2(2, 1)
    try:
        answer: dict[str, Any] = {"ok": asyncio.run(dispatch(json.load(sys.stdin)))}
    except ModuleNotFoundError as error:
        hint = f"Install it there, or name another interpreter than {sys.executable}."
        answer = {
            "error": {"code": "MHV-423", "message": f"There is no module {error.name!r}.", "hint": hint}
        }
    except Exception as error:
        told = getattr(error, "to_json", None)
        answer = {"error": told() if told else {"code": "MHV-011", "message": str(error), "hint": ""}}
    with os.fdopen(out, "w") as stdout:
        stdout.write(json.dumps(answer, default=str) + "\n")
    return int("error" in answer)


if __name__ == "__main__":
    register()
    sys.exit(main())
