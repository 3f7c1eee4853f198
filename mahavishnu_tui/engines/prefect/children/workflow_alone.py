"""A workflow without our server: its dispatches are processes of its project, its questions are Prefect's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from prefect import get_run_logger, pause_flow_run
from prefect.input import RunInput
from prefect.settings import PREFECT_HOME
from prefect.states import Failed

SCRIPT = Path(__file__).resolve().parents[2] / "langgraph" / "alone.py"
ANSWER_SECONDS = 7 * 86400
MOST_SAID = 20_000


class Reply(RunInput):
    """The answer to a workflow's question."""

    answer: Any = None


def run(flow_run_id: str, spec: str, project: dict[str, str], order: dict[str, Any]) -> Any:
    """Run the workflow to its end; its thread is that of the flow run, so a retry goes on with it."""
    checkpoints = Path(str(PREFECT_HOME.value())) / "mahavishnu" / "checkpoints.db"
    request = {
        "spec": spec,
        "checkpoints": str(checkpoints),
        "thread_id": order.get("thread_id") or flow_run_id,
        "input": order["input"],
        "config": order.get("config") or {},
    }
    answers: list[dict[str, Any]] = []
    while True:
        finished = _dispatch(project, {**request, "answers": answers})
        if "error" in finished:
            said = finished["error"]
            return Failed(
                message=f"{said.get('code', '')} {said.get('message', '')} {said.get('hint', '')}".strip()
            )
        ended = finished["ok"]
        if ended["status"] != "interrupted":
            return _outcome(ended)
        answers = [_asked(question) for question in ended["questions"]]


def _asked(question: dict[str, Any]) -> dict[str, Any]:
    shown = json.dumps(question.get("value"), indent=2, ensure_ascii=False, default=str)
    get_run_logger().info("The workflow waits for approval: %s", shown[:2000])
    reply = pause_flow_run(
        wait_for_input=Reply.with_initial_data(
            description=f"**{question.get('node')}** asks:\n\n```\n{shown}\n```"
        ),
        timeout=ANSWER_SECONDS,
        poll_interval=2,
        key=f"{question['interrupt_id']}",
    )
    return {"interrupt_id": question["interrupt_id"], "hash": question["hash"], "value": reply.answer}


def _outcome(ended: dict[str, Any]) -> Any:
    if ended["status"] == "success":
        return ended.get("values")
    error = ended.get("error") or {}
    return Failed(message=f"{error.get('code', '')} {error.get('message') or ended['status']}".strip())


def _dispatch(project: dict[str, str], request: dict[str, Any]) -> dict[str, Any]:
    """One process, which ends with this one."""
    python = project.get("interpreter") or sys.executable
    with tempfile.TemporaryFile("w+") as said:
        child = subprocess.Popen(
            [python, str(SCRIPT)],
            cwd=project.get("root") or os.getcwd(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
        try:
            out, _ = child.communicate(json.dumps(request, default=str))
        finally:
            child.kill()
            child.wait()
            said.seek(0)
            _log(said.read(MOST_SAID))
    lines = out.strip().splitlines()
    if not lines:
        raise RuntimeError(f"The workflow's process ended with status {child.returncode}.")
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def _log(said: str) -> None:
    for line in said.splitlines():
        get_run_logger().info(line)
