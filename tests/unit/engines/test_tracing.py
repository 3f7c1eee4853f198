"""Where LangSmith has the trace of a run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from mahavishnu_tui.engines.langgraph import tracing
from mahavishnu_tui.engines.langgraph.tracing import SWITCHES, Tracing, project_traced


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from langsmith.utils import get_env_var, get_tracer_project

    for name in (*SWITCHES, "LANGSMITH_PROJECT", "LANGCHAIN_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    get_env_var.cache_clear()
    get_tracer_project.cache_clear()
    yield
    # The library keeps what it has read: all later tests of this process would be traced, over the network.
    monkeypatch.undo()
    get_env_var.cache_clear()
    get_tracer_project.cache_clear()


def told(monkeypatch: pytest.MonkeyPatch, client: Any, times: int, runs: int = 1) -> list[dict[str, Any]]:
    monkeypatch.setattr("langchain_core.tracers.langchain.get_client", lambda: client)
    found: list[dict[str, Any]] = []
    enough = threading.Event()

    def tell(trace: dict[str, Any]) -> None:
        found.append(trace)
        if len(found) >= times:
            enough.set()

    traces = Tracing()
    for number in range(runs):
        traces.began(f"t{number}", tell)
    assert enough.wait(10)
    return found


def test_nothing_is_told_of_what_is_not_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    assert project_traced() == ""
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    assert project_traced() == ""
    found: list[dict[str, Any]] = []
    Tracing().began("t0", found.append)
    assert found == []


def test_the_project_and_once_it_is_known_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("LANGSMITH_PROJECT", "staging")

    class Client:
        def read_project(self, *, project_name: str) -> Any:
            assert project_name == "staging"
            return type("Project", (), {"url": "https://smith.example/o/1/projects/p/2"})()

    first, *_, last = told(monkeypatch, Client(), 2)
    assert first == {"id": "t0", "project": "staging", "url": ""}
    assert last == {
        "id": "t0",
        "project": "staging",
        "url": "https://smith.example/o/1/projects/p/2/r/t0",
    }


def test_without_an_answer_there_is_no_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGCHAIN_TRACING_V2", "true")

    class Client:
        def read_project(self, *, project_name: str) -> Any:
            raise ConnectionError("nobody there")

    assert told(monkeypatch, Client(), 2, runs=2) == [
        {"id": "t0", "project": "default", "url": ""},
        {"id": "t1", "project": "default", "url": ""},
    ]
    assert tracing.project_traced() == "default"
