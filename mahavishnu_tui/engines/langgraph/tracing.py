"""LangSmith: whether the library traces this process's runs, and where one finds them.

Tracing itself is the library's own business, by its environment variables and beside the runs. Nothing here
may wait for its server: the one question that is asked of it is asked in a thread, and may stay unanswered.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from typing import Any

SWITCHES = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2")
Tell = Callable[[dict[str, Any]], None]
"""Called with `{"id", "project", "url"}`, again when the url is known; from any thread."""


class Tracing:
    """Tells where the trace of a run is. One per process: a project's address is asked for once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._addresses: dict[str, str | None] = {}
        """Project → its page; None while it is asked for, empty when it cannot be had."""

    def began(self, trace_id: str, tell: Tell) -> None:
        """A run has begun, as `trace_id` in its trace when it has one."""
        project = project_traced()
        if not project:
            return
        with self._lock:
            asked = project in self._addresses
            address = self._addresses.setdefault(project, None)
        tell(_trace(trace_id, project, address or ""))
        if not asked:
            threading.Thread(
                target=self._ask, args=(project, trace_id, tell), name="langsmith-address", daemon=True
            ).start()

    def _ask(self, project: str, trace_id: str, tell: Tell) -> None:
        address = ""
        with contextlib.suppress(Exception):  # no network, no key, no such project yet: then there is no link
            from langchain_core.tracers.langchain import get_client

            address = str(get_client().read_project(project_name=project).url or "")
        with self._lock:
            if address:
                self._addresses[project] = address
            else:
                del self._addresses[project]  # the next run asks again
        if address:
            tell(_trace(trace_id, project, address))


def project_traced() -> str:
    """The LangSmith project that runs of this process are traced to; empty when they are not."""
    if not any(os.environ.get(name) for name in SWITCHES):
        return ""
    try:
        from langsmith.utils import get_tracer_project, tracing_is_enabled

        return str(get_tracer_project() or "default") if tracing_is_enabled() is True else ""
    except Exception:  # another version of it: what it does is not known
        return ""


def _trace(trace_id: str, project: str, address: str) -> dict[str, Any]:
    return {"id": trace_id, "project": project, "url": f"{address}/r/{trace_id}" if address else ""}
