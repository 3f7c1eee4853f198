"""The nouns: JSON in and out, sanitised text, error codes."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.models import (
    Approval,
    ErrorCode,
    GraphEdge,
    GraphNode,
    GraphShape,
    MahavishnuError,
    NodeVisit,
    Project,
    Run,
)
from mahavishnu_tui.models.approval import summarise_question
from mahavishnu_tui.models.graph import node_title, path_title
from mahavishnu_tui.models.text import clean, clean_line

DOCS = Path(__file__).parents[3] / "docs"


def a_run(**changes: object) -> Run:
    return Run(
        id="r1",
        name="amber-otter",
        thread_id="t1",
        workflow_id="w1",
        workflow="release",
        status="queued",
        created_at=1.0,
    ).replace(**changes)


def test_a_record_survives_the_wire_and_ignores_what_it_does_not_know() -> None:
    run = a_run(where=["build"], tags=["nightly"])

    assert Run.from_json({**run.to_json(), "invented_later": 1}) == run


def test_a_record_without_a_required_field_is_refused() -> None:
    with pytest.raises(TypeError):
        Run.from_json({"id": "r1"})


def test_a_visit_in_a_subgraph_has_the_path_of_its_node() -> None:
    visit = NodeVisit(
        run_id="r", number=1, node="scan", task_id="t", step=1, started_at=0.0, namespace="security"
    )

    assert visit.path == "security/scan"
    assert visit.replace(namespace="").path == "scan"


def test_a_drawing_survives_the_wire_with_its_subgraphs() -> None:
    inner = GraphShape(nodes=[GraphNode("scan")], edges=[])
    shape = GraphShape(
        nodes=[GraphNode("__start__", "start"), GraphNode("security", "subgraph")],
        edges=[GraphEdge("__start__", "security", conditional=True, label="yes")],
        subgraphs={"security": inner},
    )

    assert GraphShape.from_json(shape.to_json()) == shape


def test_the_same_project_has_the_same_id_and_another_interpreter_another() -> None:
    project = Project(root="/srv/app", interpreter="/srv/app/.venv/bin/python")

    assert project.id == Project.from_json(project.to_json()).id
    assert project.id != project.replace(interpreter="/usr/bin/python3").id


def test_every_error_code_has_a_row_in_the_documentation_and_no_row_is_left_over() -> None:
    rows = {
        line.split("|")[1].strip()
        for line in (DOCS / "errors.md").read_text().splitlines()
        if "| MHV-" in line
    }

    assert rows == {code.value for code in ErrorCode}


def test_an_error_survives_the_wire() -> None:
    error = MahavishnuError(ErrorCode.NODE_FAILED, "node book failed", "retry", node="book")

    again = MahavishnuError.from_json(error.to_json())

    assert (again.code, again.message, again.hint, again.details) == (
        ErrorCode.NODE_FAILED,
        "node book failed",
        "retry",
        {"node": "book"},
    )
    assert str(again) == "MHV-426 node book failed retry"


def test_an_unknown_code_is_a_fault_of_ours() -> None:
    assert MahavishnuError.from_json({"code": "MHV-999", "message": "?"}).code is ErrorCode.INTERNAL


@given(st.text())
def test_no_control_character_reaches_the_terminal(text: str) -> None:
    shown = clean(text)

    assert all(unicodedata.category(char) != "Cc" or char == "\n" for char in shown)
    assert "\n" not in clean_line(text)


@given(st.text(), st.integers(min_value=1, max_value=40))
def test_a_line_keeps_to_its_limit(text: str, limit: int) -> None:
    assert len(clean_line(text, limit)) <= limit


def test_an_escape_sequence_is_shown_and_not_obeyed() -> None:
    assert clean_line("a\x1b[31mred\u202e") == "a\ufffd[31mred\ufffd"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a \U0001f469\u200d\U0001f467 b", "a \U0001f469\U0001f467 b"),
        ("\u2764\ufe0f \U0001f44d\U0001f3fd 1\ufe0f\u20e3", "\u2764 \U0001f44d 1\u20e3"),
        ("\U0001f3f3\ufe0f\u200d\U0001f308", "\U0001f3f3\U0001f308"),
        (
            "日本語 \u0645\u06cc\u200c\u062e \u0928\u200d\u093e",
            "日本語 \u0645\u06cc\u200c\u062e \u0928\u200d\u093e",
        ),
    ],
)
def test_emoji_are_as_wide_as_every_terminal_takes_them_to_be(text: str, plain: str) -> None:
    assert clean_line(text) == clean(text) == plain


@pytest.mark.parametrize(
    ("value", "title"),
    [
        ("Deploy?\nreally", "Deploy?"),
        ("", "(an empty question)"),
        ({"question": "Deploy?", "risk": "high"}, "Deploy?"),
        ([{"action_request": {"action": "send_mail", "args": {"to": "x"}}}], "send_mail {'to': 'x'}"),
        ({"action_requests": [{"name": "rm", "args": {}}]}, "rm {}"),
        ({"weight": 2, "unit": "kg"}, "weight: 2, unit: kg"),
        (7, "7"),
        ([], "[]"),
    ],
)
def test_the_title_of_a_question_is_its_most_telling_line(value: object, title: str) -> None:
    assert summarise_question(value) == title


def test_an_approval_has_the_title_of_its_question() -> None:
    approval = Approval(
        id="r.i", run_id="r", run_name="n", workflow="w", thread_id="t", interrupt_id="i", node="ask",
        namespace="", value={"prompt": "Go?"}, hash="h", asked_at=0.0,
    )  # fmt: skip

    assert approval.title == "Go?"


def test_a_graph_whose_edges_only_runs_can_show() -> None:
    nodes = [GraphNode("__start__", "start"), GraphNode("a"), GraphNode("__end__", "end")]
    begin, end = GraphEdge("__start__", "a"), GraphEdge("a", "__end__")
    assert not GraphShape(nodes, [begin, end]).undeclared()
    assert GraphShape(nodes, [begin]).undeclared()
    assert GraphShape(nodes, [begin, end.replace(observed=True)]).undeclared()
    inside = {"a": GraphShape(nodes, [begin])}
    assert GraphShape(nodes, [begin, end], inside).undeclared()


def test_error_handlers_are_named_after_their_nodes() -> None:
    assert node_title("__error_handler__pay") == "pay (handler)"
    assert path_title("sub/__error_handler__pay") == "sub/pay (handler)"
    assert path_title("sub/pay") == "sub/pay"
