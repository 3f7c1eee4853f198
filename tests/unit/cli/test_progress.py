"""How a run on its way is told."""

from __future__ import annotations

import io

from mahavishnu_tui.cli.guard import FAILURE, OK, WAITS
from mahavishnu_tui.cli.progress import Progress, visit_line
from mahavishnu_tui.cli.waiting import status_of
from mahavishnu_tui.models.run import NodeVisit, Run

RUN = Run("r1", "amber-otter", "t1", "w1", "release", "running", 0.0, where=["deploy"])


def visit(number: int, node: str = "build", **fields: object) -> NodeVisit:
    given = {"run_id": "r1", "task_id": f"t{number}", "step": number, "started_at": 10.0, **fields}
    return NodeVisit(number=number, node=node, **given)  # type: ignore[arg-type]


def test_a_visit_is_told_once_when_it_has_ended() -> None:
    stream = io.StringIO()
    progress = Progress(stream, moving=False)
    progress.seen(RUN, [visit(1)])
    assert stream.getvalue() == ""
    done = visit(1, outcome="success", ended_at=12.0)
    progress.seen(RUN, [visit(2, "test"), done])
    progress.seen(RUN, [done])
    progress.close()
    assert stream.getvalue().splitlines() == ["✔ done        build                           2.0s"]


def test_on_a_terminal_the_last_line_says_what_is_at_work_and_goes_away() -> None:
    stream = io.StringIO()
    progress = Progress(stream, moving=True)
    progress.seen(RUN, [])
    progress.seen(RUN, [visit(1, outcome="success", ended_at=11.0)])
    progress.close()
    assert "▶ running  deploy" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_a_line_says_branch_attempt_and_the_error_and_reaches_no_terminal() -> None:
    failed = visit(
        3, "load\x1b[2J", namespace="etl", branch="send:1", attempt=2, outcome="retried", ended_at=10.5,
        error="ValueError: no\nsecond line",
    )  # fmt: skip
    line = visit_line(failed)
    assert "\x1b" not in line
    for words in ("↻ retried", "etl/load", "1 (attempt 2)", "500ms", "ValueError: no"):
        assert words in line
    assert "second" not in line


def test_a_flow_run_is_where_its_tasks_are() -> None:
    stream = io.StringIO()
    progress = Progress(stream, moving=True)
    run = RUN.replace(engine="prefect", where=[])
    progress.seen(run, [visit(1, "peel"), visit(2, "peel"), visit(3, "cook")])
    assert stream.getvalue().endswith("▶ running  peel, cook")
    progress.seen(run, [visit(1, "peel", outcome="success"), visit(2, "peel", outcome="success")])
    assert stream.getvalue().endswith("▶ running  cook")


def test_who_waits_for_a_human() -> None:
    assert status_of(RUN.replace(status="interrupted")) == WAITS
    assert status_of(RUN.replace(status="paused")) == OK
    assert status_of(RUN.replace(status="paused", engine="prefect")) == WAITS
    assert status_of(RUN.replace(status="cancelled")) == FAILURE
