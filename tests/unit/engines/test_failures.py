from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from langgraph.errors import EmptyInputError, GraphRecursionError

from mahavishnu_tui.engines import AdapterError, WorkflowError
from mahavishnu_tui.engines.langgraph.failures import MAX_DETAIL, explain, storage_error, trace
from mahavishnu_tui.engines.langgraph.jsonable import to_json
from mahavishnu_tui.engines.langgraph.recorder import error_text
from mahavishnu_tui.models import ErrorCode, NodeVisit

FILE = Path("/data/c.db")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("database or disk is full", "MHV-006"),
        ("[Errno 28] No space left on device", "MHV-006"),
        ("database is locked", "MHV-004"),
        ("database disk image is malformed", "MHV-430"),
        ("file is not a database", "MHV-430"),
        ("unable to open database file", "MHV-430"),
    ],
)
def test_storage(text: str, code: str) -> None:
    error = storage_error(sqlite3.OperationalError(text), FILE)
    assert isinstance(error, AdapterError)
    assert error.code.value == code
    assert "/data/c.db" in error.message
    assert error.hint


def why(
    error: BaseException, node: str = "", visits: tuple[NodeVisit, ...] = ()
) -> AdapterError | WorkflowError:
    found = explain(error, list(visits), node, 25, FILE)
    assert isinstance(found, (AdapterError, WorkflowError))
    return found


def visit(node: str) -> NodeVisit:
    return NodeVisit("r", 1, node, "t", 1, 0.0)


def test_a_sqlite_error_of_ours_is_storage_and_of_a_node_is_the_nodes() -> None:
    error = sqlite3.OperationalError("database is locked")
    assert why(error).code is ErrorCode.DATABASE_LOCKED
    assert why(error, "a").code is ErrorCode.NODE_FAILED


def test_loops_name_what_repeats() -> None:
    error = GraphRecursionError("limit")
    step = iter(range(99))
    walked = [visit(name).replace(step=next(step)) for name in "xababab"]
    found = why(error, visits=tuple(walked))
    assert "loop: a → b → a ×3;" in found.message
    assert (found.details["loop"], found.details["times"], found.details["limit"]) == (["a", "b"], 3, 25)
    uneven = [visit(name).replace(step=next(step)) for name in "xababba"]
    assert "among a ×3, b ×3" in why(error, visits=tuple(uneven)).message
    assert "loop; the run took 25 steps" in why(error, visits=(visit("a"),)).message


def test_input_is_blamed_only_when_nothing_ran() -> None:
    assert why(EmptyInputError("none")).code is ErrorCode.INPUT_INVALID
    assert why(EmptyInputError("none"), "a", (visit("a"),)).code is ErrorCode.NODE_FAILED


def test_our_own_errors_pass() -> None:
    own = AdapterError(ErrorCode.LEASE_LOST, "gone")
    assert why(own) is own


def test_failures_without_node_or_text() -> None:
    assert why(ValueError()).message == "The run failed: ValueError"
    assert why(KeyboardInterrupt()).message == "Node '(unknown)' raised KeyboardInterrupt."


def test_a_long_trace_keeps_head_and_tail() -> None:
    text = trace(ValueError("x" * 2 * MAX_DETAIL + "end"))
    assert len(text) < MAX_DETAIL + 20
    assert text.startswith("ValueError")
    assert text.rstrip().endswith("end")


class Speechless(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")

    __repr__ = __str__


def test_an_exception_that_cannot_say_anything_is_named() -> None:
    found = why(Speechless(), "a")
    assert found.message == "Node 'a' failed: Speechless"
    assert error_text(Speechless()) == "Speechless"
    assert to_json({"e": Speechless()}) == ({"e": "Speechless: "}, False)
