"""What holds for every test."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["tests.integration.prefect.shared"]
HERE = Path(__file__).parent
# What these run is run by other tests too, all but a few lines; tracing it again would double their time.
UNTRACED = (
    "chaos",
    "e2e",
    "snapshots",
    "integration/server/test_control.py",
    "integration/server/test_killed.py",
    "integration/server/test_process.py",
    "integration/server/test_real_runs.py",
    "unit/cli/test_drawings.py",
    "unit/screens/test_answering.py",
    "unit/screens/test_approval.py",
    "unit/screens/test_commanding.py",
    "unit/screens/test_connection.py",
    "unit/screens/test_control.py",
    "unit/screens/test_dashboard.py",
    "unit/screens/test_every_key.py",
    "unit/screens/test_flow_runs.py",
    "unit/screens/test_heat.py",
    "unit/screens/test_keymap.py",
    "unit/screens/test_leftovers.py",
    "unit/screens/test_menus.py",
    "unit/screens/test_run_logs.py",
    "unit/screens/test_run_screen.py",
    "unit/screens/test_sorting.py",
    "unit/screens/test_themes.py",
    "unit/screens/test_times.py",
    "unit/screens/test_typeahead.py",
    "unit/screens/test_unlocking.py",
    "unit/screens/test_ways.py",
    "unit/server/remote/test_visits.py",
    "unit/widgets/test_graph_layout.py",
)
# Here only the tests' own process is traced: what their many children run is traced where one does the same.
UNTRACED_CHILDREN = (
    "integration/agent",
    "integration/cli",
    "integration/remote",
    "integration/server",
    "integration/prefect",
)
# Of those, these few are traced all the same: together they run what the children hold.
TRACED_CHILDREN = (
    "integration/prefect/test_children.py::test_a_deployment_is_made",
    "integration/prefect/test_children.py::test_a_flow_runs_to_its_end",
    "integration/prefect/test_children.py::test_a_cancel_on_the_server_ends_the_flow[waits_async]",
    "integration/prefect/test_children.py::test_what_cannot_be",
    "integration/prefect/test_dates.py::test_a_preview_never_fails",
    "integration/prefect/test_embedded.py",
    "integration/prefect/test_inspecting_flows.py::test_modules_are_found",
    "integration/prefect/test_workflows_by_prefect.py::test_a_retry",
    "integration/prefect/test_workflows_by_prefect.py::test_without_a_server",
)
# A server or a host that all tests of a folder use is started once where one worker runs them all.
TOGETHER = ("integration/agent", "integration/cli", "integration/langgraph")
TRACE_CHILDREN = "COVERAGE_PROCESS_CONFIG"

# What is tested does not depend on the terminal that the suite is started in.
os.environ["TERM"] = "xterm-256color"
os.environ.pop("TMUX", None)

# The suite draws the same examples every time; MAHAVISHNU_HYPOTHESIS=random looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None, max_examples=60)
settings.register_profile("random", deadline=None)
settings.load_profile(os.environ.get("MAHAVISHNU_HYPOTHESIS", "same"))

_tracing = pytest.StashKey[str | None]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = next((folder for folder in TOGETHER if is_in(item, (folder,))), None)
        if folder and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(folder))


def pytest_collection_finish(session: pytest.Session) -> None:
    session.config.stash[_tracing] = os.environ.get(TRACE_CHILDREN)
    # What is loaded by now stays; to look through it for garbage, again and again, costs a tenth of the time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Around the fixtures too: a server for all tests of a module is a child."""
    tracing = item.config.stash[_tracing]
    alone = is_in(item, UNTRACED + UNTRACED_CHILDREN) and not is_in(item, TRACED_CHILDREN)
    if tracing and not alone:
        os.environ[TRACE_CHILDREN] = tracing
    else:
        os.environ.pop(TRACE_CHILDREN, None)
    with untraced() if is_in(item, UNTRACED) else contextlib.nullcontext():
        return (yield)


@contextlib.contextmanager
def untraced() -> Iterator[None]:
    """Without the tracer of coverage, whose own `stop` and `start` patch os._exit once more each time."""
    here, in_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        sys.settrace(here)
        threading.settrace(in_threads)


def is_in(item: pytest.Item, beginnings: tuple[str, ...]) -> bool:
    return f"{item.path.relative_to(HERE)}::{item.name}".startswith(beginnings)
