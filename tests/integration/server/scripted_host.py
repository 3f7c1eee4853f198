"""A host without LangGraph that does what a real one cannot be brought to do. Its script is a file.

The spec of a run names what it does: `finish`, `hold` (until drained or cancelled), `die` (when a file of
that name lies beside the project), `mute` (no reply), `refuse`, `ask`.
"""

import json
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

PLAN = json.loads(Path("plan.json").read_text())
wire = socket.socket(fileno=int(sys.argv[sys.argv.index("--fd") + 1]))
lock = threading.Lock()
held: dict[str, dict] = {}


def send(**message) -> None:
    with lock:
        wire.sendall(json.dumps(message).encode() + b"\n")


def beat() -> None:
    while True:
        send(ev="beat", lag=PLAN.get("lag", 0.0), rss=1, running=len(held), where=PLAN.get("where", ""))
        time.sleep(0.1)


def note(text: str) -> None:
    with open("seen", "a", encoding="utf-8") as file:
        file.write(text + "\n")


def hello(message) -> None:
    step = PLAN.get("hello", "ok")
    if step == "exit":
        print("no such thing here", flush=True)
        os._exit(3)
    if step == "killed":
        note("started")
        if len(Path("seen").read_text().splitlines()) < 3:
            os.kill(os.getpid(), signal.SIGKILL)
    if step == "garbage":
        wire.sendall(b"this is not JSON\n")
        time.sleep(60)
    if step == "mute":
        time.sleep(60)
    if step == "missing":
        error = {"code": "MHV-423", "message": "No LangGraph here.", "hint": "pip install langgraph"}
        send(id=message["id"], error=error)
        return
    send(id=message["id"], ok={"pid": os.getpid(), "versions": {"python": "3"}})
    threading.Thread(target=beat, daemon=True).start()


def finish(message, status="success", **fields) -> None:
    send(
        ev="finished", run_id=message["run_id"], lease=message["lease"], status=status, values=None, **fields
    )


def ask(message) -> None:
    """Asks what the plan says; ends once that is answered, also when it is dispatched again after that."""
    taken = Path(f"taken-{message['run_id']}")
    for answer in message["answers"]:
        note(f"answered {json.dumps(answer['value'])}")
    if message["answers"]:
        taken.touch()
        applied = [answer["interrupt_id"] for answer in message["answers"]]
        send(ev="answers", run_id=message["run_id"], lease=message["lease"], applied=applied, stale=[])
    if taken.exists():
        finish(message)
        return
    question = {"interrupt_id": "q", "node": "ask", "namespace": "", "hash": "h", "value": PLAN["ask"]}
    finish(message, "interrupted", questions=[question])


def run(message) -> None:
    note(f"run {message['mode']} {message['lease']}")
    spec = message["spec"]
    if spec == "mute":
        return
    if spec == "refuse":
        send(id=message["id"], error={"code": "MHV-421", "message": "No.", "hint": ""})
        return
    if spec == "behind" and message["lease"] < 500:
        send(id=message["id"], error={"code": "MHV-431", "message": "A newer lease is stored.", "hint": ""})
        return
    send(id=message["id"], ok={})
    if spec == "hold":
        held[message["run_id"]] = message
    elif spec == "ask":
        ask(message)
    elif spec == "garble":
        wire.sendall(b"[1, 2\n")
    else:
        finish(message)


def cancel(message) -> None:
    note("cancel")
    if PLAN.get("cancel") == "sync":
        send(id=message["id"], ok={"cancelled": False, "reason": "sync"})
        return
    if PLAN.get("cancel") == "mute":
        return
    order = held.pop(message["run_id"], None)
    if order:
        finish(order, "cancelled")
    send(id=message["id"], ok={"cancelled": True})


def drain(message) -> None:
    for run_id in [message["run_id"]] if "run_id" in message else list(held):
        order = held.pop(run_id, None)
        if order and PLAN.get("drain", True):
            finish(order, "paused")
    send(id=message["id"], ok={})


def load(message) -> None:
    if message["spec"].startswith("/"):
        note(f"load {message['spec']}")
    send(
        id=message["id"],
        ok={"name": message["spec"], "shape": {"nodes": [], "edges": []}, **PLAN.get("load", {})},
    )


def stop(message) -> None:
    if PLAN.get("stop") == "mute":
        return
    send(id=message["id"], ok={})
    os._exit(0)


handlers = {"hello": hello, "run": run, "cancel": cancel, "drain": drain, "load": load, "stop": stop}
buffer = b""
while True:
    data = wire.recv(65536)
    if not data:
        os._exit(0)
    buffer += data
    while b"\n" in buffer:
        raw, buffer = buffer.split(b"\n", 1)
        request = json.loads(raw)
        handlers[request["op"]](request)
