"""Turns whatever ends a run badly into one sentence with a code and a cure."""

from __future__ import annotations

import sqlite3
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from langgraph.errors import (
    EmptyInputError,
    GraphRecursionError,
    InvalidUpdateError,
    is_invalid_resume,
)

from mahavishnu_tui.engines.base import AdapterError, WorkflowError
from mahavishnu_tui.engines.langgraph.jsonable import words_of
from mahavishnu_tui.engines.langgraph.loops import find_loop
from mahavishnu_tui.engines.langgraph.route import UnknownRouteError
from mahavishnu_tui.models import ErrorCode, MahavishnuError, NodeVisit
from mahavishnu_tui.models.text import clean, clean_line

MAX_DETAIL = 16_000
"""Characters of a traceback that are kept: its head and its tail."""


def storage_error(error: BaseException, path: Path) -> AdapterError:
    """Say what is wrong with the checkpoint file.

    MHV-006 full disk, 004 locked, 430 anything else.
    """
    text = str(error).lower()
    if "disk is full" in text or "no space" in text:
        return AdapterError(
            ErrorCode.DISK_FULL,
            f"The disk is full: nothing more can be stored in {path}.",
            "Free some space, then resume the run; it goes on from its last checkpoint.",
            path=str(path),
        )
    if "locked" in text or "busy" in text:
        return AdapterError(
            ErrorCode.DATABASE_LOCKED,
            f"Another program keeps {path} locked.",
            "End that program (lsof shows it), then resume the run.",
            path=str(path),
        )
    corrupt = "malformed" in text or "not a database" in text
    state = "is damaged" if corrupt else "cannot be used"
    return AdapterError(
        ErrorCode.CHECKPOINT_STORE,
        f"The checkpoint file {path} {state}: {clean_line(error, 200)}.",
        "Move it aside and put back a copy; `sqlite3 FILE .recover` may save what is in it."
        if corrupt
        else "Check that the folder exists and can be written to.",
        path=str(path),
    )


def explain(
    error: BaseException, visits: list[NodeVisit], node: str, limit: int, path: Path
) -> MahavishnuError:
    """Describe why a run ended.

    Args:
        error: what ended it.
        visits: its visits during this dispatch, oldest first.
        node: path of the node that raised it; empty when none did.
        limit: the recursion limit that was set.
        path: the checkpoint file.
    """
    if isinstance(error, MahavishnuError):
        return error
    if isinstance(error, sqlite3.Error) and not node:
        return storage_error(error, path)
    if isinstance(error, UnknownRouteError):
        return _unknown_route(error, node)
    if isinstance(error, GraphRecursionError):
        return _possible_loop(visits, limit, error)
    if isinstance(error, (SystemExit, KeyboardInterrupt)):
        return _node_exited(error, node)
    if is_invalid_resume(error):
        return _invalid_answer(error, node)
    if isinstance(error, (EmptyInputError, InvalidUpdateError)) and not visits:
        return WorkflowError(
            ErrorCode.INPUT_INVALID,
            f"The graph does not take this input: {said(error).rstrip('. ')}.",
            "Give a JSON object with keys of its state.",
        )
    return _node_failed(error, node)


def said(error: BaseException, limit: int = 300) -> str:
    """What an exception says, on one line, without LangGraph's link to its own help."""
    return clean_line(words_of(error).split("\nFor troubleshooting, visit:")[0], limit)


def _unknown_route(error: UnknownRouteError, node: str) -> WorkflowError:
    return WorkflowError(
        ErrorCode.ROUTE_UNKNOWN,
        f"Node {node or error.source!r} routed to {error.target!r}, which does not exist.",
        f"Correct the route and resume; the graph has {', '.join(error.known)}.",
        node=node or error.source,
        target=error.target,
    )


def _possible_loop(visits: list[NodeVisit], limit: int, error: BaseException) -> WorkflowError:
    loop = find_loop(visits)
    often = Counter(visit.path for visit in visits[-100:]).most_common(5)
    uneven = ", ".join(f"{name} ×{count}" for name, count in often if count > 1)
    where = f": {loop}" if loop else f" among {uneven}" if uneven else ""
    last = visits[-1].path if visits else ""
    return WorkflowError(
        ErrorCode.RECURSION_LIMIT,
        f"Possible infinite loop{where}; the run took {limit} steps without an end.",
        "Correct the condition that ends the loop, or resume with a higher recursion limit.",
        node=last,
        limit=limit,
        loop=loop.steps if loop else [],
        times=loop.times if loop else 0,
        detail=trace(error),
    )


def _node_exited(error: BaseException, node: str) -> WorkflowError:
    what = f"called sys.exit({error.code!r})" if isinstance(error, SystemExit) else "raised KeyboardInterrupt"
    return WorkflowError(
        ErrorCode.NODE_EXITED,
        f"Node {node or '(unknown)'!r} {clean_line(what, 200)}.",
        "A node ends by returning; raise an exception to fail the run.",
        node=node,
        detail=trace(error),
    )


def _invalid_answer(error: BaseException, node: str) -> WorkflowError:
    return WorkflowError(
        ErrorCode.ANSWER_INVALID,
        f"The answer does not fit the schema that node {node!r} asks for: {clean_line(error, 300)}.",
        "Answer the question again; it is still open.",
        node=node,
    )


def _node_failed(error: BaseException, node: str) -> WorkflowError:
    words = said(error, 400)
    text = f"{type(error).__name__}: {words}" if words else type(error).__name__
    subject = f"Node {node!r} failed" if node else "The run failed"
    return WorkflowError(
        ErrorCode.NODE_FAILED,
        f"{subject}: {clean_line(text, 400)}",
        "Correct the cause, then resume the run; finished nodes are not run again.",
        node=node,
        exception=type(error).__name__,
        detail=trace(error),
    )


def trace(error: BaseException) -> str:
    """The traceback as text fit for a terminal, at most `MAX_DETAIL` characters."""
    lines: Any = traceback.format_exception(type(error), error, error.__traceback__)
    text = clean("".join(lines))
    half = MAX_DETAIL // 2
    return text if len(text) <= MAX_DETAIL else f"{text[:half]}\n… cut …\n{text[-half:]}"
