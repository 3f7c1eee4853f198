from __future__ import annotations

from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda
from langchain_core.runnables.config import var_child_runnable_config
from langgraph.config import get_config
from langgraph.graph import START, StateGraph

from mahavishnu_tui.engines.langgraph import context
from mahavishnu_tui.engines.langgraph.context import InContext, code_of, in_context
from mahavishnu_tui.engines.langgraph.nodes import sync_nodes_at_work
from mahavishnu_tui.engines.langgraph.route import guard
from mahavishnu_tui.models import NodeVisit


def user(state: dict[str, Any]) -> dict[str, Any]:
    return {"user": get_config()["configurable"]["user"]}


async def test_code_finds_its_config() -> None:
    found = await InContext(RunnableLambda(user)).ainvoke({}, {"configurable": {"user": "ana"}})
    assert found == {"user": "ana"}
    assert var_child_runnable_config.get() is None
    assert InContext(RunnableLambda(lambda x: x + 1)).invoke(1) == 2


async def test_graphs_run_wrapped_as_they_do_bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "NEEDED", True)
    inner: StateGraph[Any] = StateGraph(dict)
    inner.add_node("user", user)
    inner.add_edge(START, "user")
    graph: StateGraph[Any] = StateGraph(dict)
    graph.add_node("user", user)
    graph.add_node("sub", inner.compile())
    graph.add_edge(START, "user")
    graph.add_edge("user", "sub")
    wrapped = guard(graph.compile(), lambda *_: None)
    assert isinstance(wrapped.nodes["user"].bound, InContext)
    assert not isinstance(wrapped.nodes["sub"].bound, InContext)
    assert await wrapped.ainvoke({}, {"configurable": {"user": "ana"}}) == {"user": "ana"}
    visits = [NodeVisit("r", 1, "user", "t", 1, 0.0), NodeVisit("r", 2, "user", "t", 1, 0.0, namespace="sub")]
    assert sync_nodes_at_work(wrapped, visits) == ["user", "sub/user"]
    assert (
        sync_nodes_at_work(wrapped, [visits[0].replace(node="gone"), visits[1].replace(namespace="x")]) == []
    )


def test_nothing_is_wrapped_where_it_is_not_needed() -> None:
    graph: StateGraph[Any] = StateGraph(dict)
    graph.add_node("user", user)
    graph.add_edge(START, "user")
    node = graph.compile().nodes["user"]
    assert in_context(node) == {}
    assert code_of(node.bound) is node.bound
