from __future__ import annotations

import asyncio
import threading
import time

import pytest

from mahavishnu_tui.models import GraphEdge, GraphNode, GraphShape
from mahavishnu_tui.widgets.graph import GraphView
from mahavishnu_tui.widgets.graph_layout import draw

from . import shapes
from .shapes import NOW, RELEASE_VISITS, visits
from .views import painted, settle, shown, text


def view(**more) -> GraphView:
    return GraphView(now=lambda: NOW, **more)


def styles(graph: GraphView, word: str) -> list[str]:
    """Styles of the segments that hold `word`."""
    return [
        str(segment.style)
        for y in range(graph.size.height)
        for segment in graph.render_line(y)
        if word in segment.text
    ]


async def test_nodes_light_up_and_nothing_moves():
    graph = view()
    async with shown(graph, (120, 10)) as (pilot, _):
        graph.show(shapes.RELEASE)
        await settle(pilot)
        unlit = text(graph)
        for visit in RELEASE_VISITS:
            graph.update_visit(visit)
        await settle(pilot)
        lit = text(graph)
        for name in ("build", "legal", "finance", "approve", "deploy", "fix", "▶ ", "◉", "┬", "└"):
            assert [line.find(name) for line in unlit if "◀" not in line][:1] == [
                line.find(name) for line in lit if "◀" not in line
            ][:1]
        assert "▶ 12s" in "\n".join(lit)
        assert "✔ 9.0s ×2" in "\n".join(lit)


async def test_only_changed_lines_are_painted():
    graph = view()
    async with shown(graph, (120, 10)) as (pilot, _):
        graph.show(shapes.RELEASE)
        graph.set_visits(RELEASE_VISITS[:1])
        await settle(pilot)
        with painted(graph) as lines:
            graph.update_visit(RELEASE_VISITS[0])
            graph.show(shapes.RELEASE)
            await settle(pilot)
        assert lines == set()
        with painted(graph) as lines:
            graph.update_visit(RELEASE_VISITS[0].replace(ended_at=905.0))
            await settle(pilot)
        assert lines == {1, 2}


async def test_cursor_moves_in_the_drawing():
    graph = view()
    async with shown(graph, (120, 10)) as (pilot, app):
        graph.show(shapes.RELEASE)
        await settle(pilot)
        assert graph.cursor_path == "build"
        await pilot.press("l", "l")
        first = graph.cursor_path
        await pilot.press("down" if first == "legal" else "up")
        assert {first, graph.cursor_path} == {"legal", "finance"}
        await pilot.press("right", "left", "h", "enter")
        assert [message.path for message in app.sent(GraphView.NodeActivated)] == ["test"]
        assert app.sent(GraphView.NodeSelected)[-1].path == "test"
        assert app.sent(GraphView.NodeSelected)[-1].control is graph
        assert not graph.move_to("nobody")
        assert graph.move_to("fix")
        assert graph.cursor_path == "fix"


async def test_subgraph_unfolds_with_enter_and_folds_again():
    graph = view()
    async with shown(graph, (120, 12)) as (pilot, app):
        graph.show(shapes.SUBGRAPH)
        graph.set_visits(
            visits(
                ("collect", 1, "success", 900.0, 902.0),
                ("review", 2, "running", 902.0),
                ("review/draft", 0, "running", 940.0),
            )
        )
        await settle(pilot)
        assert "▣ review ▶ draft 1m" in "\n".join(text(graph)).replace("─", "")
        graph.move_to("review")
        await pilot.press("enter")
        await settle(pilot)
        assert "▾ review" in "\n".join(text(graph))
        assert "draft" in "\n".join(text(graph))
        graph.move_to("review/check")
        await pilot.press("z")
        await settle(pilot)
        assert graph.cursor_path == "review", "the cursor goes to what holds its node"
        assert graph.unfolded == frozenset()
        await pilot.press("z")
        assert graph.unfolded == {"review"}
        assert app.sent(GraphView.NodeActivated) == []


async def test_v_turns_the_drawing():
    graph = view()
    async with shown(graph, (120, 14)) as (pilot, _):
        graph.show(shapes.RELEASE)
        graph.set_visits(RELEASE_VISITS)
        await settle(pilot)
        layouts = [graph.layout_shown]
        for _ in range(4):
            await pilot.press("v")
            await settle(pilot)
            layouts.append(graph.layout_shown)
        assert layouts == ["across", "across", "down", "list", "across"]


async def test_down_shows_states_in_a_column_of_words():
    graph = view()
    async with shown(graph, (60, 14)) as (pilot, _):
        graph.show(shapes.RELEASE)
        graph.set_visits(RELEASE_VISITS)
        await settle(pilot)
        assert graph.layout_shown == "down"
        lines = text(graph)
        found = {line.split()[-3]: line.index("done") for line in lines if "done" in line}
        assert len(set(found.values())) == 1
        assert any(line.startswith("▶") and "running 12s" in line for line in lines)


async def test_follows_the_running_node_until_one_looks_elsewhere():
    graph = view()
    async with shown(graph, (60, 10)) as (pilot, _):
        graph.show(shapes.FORTY)
        path = visits(*((f"n{i:02}", i + 1, "success", 900.0 + i, 901.0 + i) for i in range(30)))
        graph.set_visits(path)
        await settle(pilot)
        assert any("n29" in line for line in text(graph))
        graph.update_visit(visits(*[("n30", 31, "running", 990.0)])[0].replace(number=31))
        graph.update_visit(visits(*[("n35", 36, "running", 995.0)])[0].replace(number=36))
        await settle(pilot)
        assert any("n35" in line for line in text(graph))
        graph.on_mouse_scroll_up()
        graph.scroll_to(y=0, animate=False)
        graph.update_visit(visits(*[("n36", 37, "running", 996.0)])[0].replace(number=37))
        await settle(pilot)
        assert any("n00" in line for line in text(graph))
        await pilot.press("F")
        await settle(pilot)
        assert any("n36" in line for line in text(graph))


async def test_nothing_ticks_while_nothing_runs():
    graph = view(until_step=lambda: 0.7)
    async with shown(graph, (120, 10)) as (pilot, _):
        graph.show(shapes.LINE)
        graph.set_visits(visits(("fetch", 1, "success", 900.0, 902.0)))
        await settle(pilot)
        assert graph._timer is None
        graph.update_visit(
            visits(("fetch", 1, "success", 900.0, 902.0), ("transform", 2, "running", NOW - 11.99))[1]
        )
        assert graph._timer is not None
        assert graph._timer._interval == 0.7, "before that its clock does not move"
        graph.clear("no run is selected")
        assert graph._timer is None
        await settle(pilot)
        assert text(graph)[0] == "no run is selected"
        await pilot.press("j", "enter", "z", "v", "F")
        graph.show(None)
        assert graph.layout_shown == ""


async def test_ages_go_on_while_something_runs():
    clock = [NOW]
    graph = GraphView(now=lambda: clock[0])
    async with shown(graph, (120, 10)) as (pilot, _):
        graph.show(shapes.LINE)
        graph.set_visits(visits(("fetch", 1, "running", NOW - 5)))
        await settle(pilot)
        assert "▶ running 5s" in text(graph)[0]
        clock[0] += 3
        with painted(graph) as lines:
            graph._tick()
            await settle(pilot)
        assert lines == {0}
        assert "▶ running 8s" in text(graph)[0]


async def test_taken_edges_are_brighter_and_states_have_colours():
    graph = view()
    async with shown(graph, (120, 10)) as (pilot, _):
        graph.show(shapes.FAN)
        graph.set_visits(
            visits(
                ("plan", 1, "success", 900.0, 902.0),
                ("north", 2, "success", 902.0, 905.0),
                ("east", 2, "error", 902.0, 903.0),
                ("south", 2, "running", 902.0),
            )
        )
        await settle(pilot)
        assert len({styles(graph, name)[0] for name in ("plan", "east", "south", "merge")}) == 4
        north, merge = styles(graph, "─▶ ") or styles(graph, "▶"), styles(graph, "merge")
        assert north
        assert merge


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark", "ansi-light"])
async def test_themes_are_followed_at_once(theme):
    graph = view(ascii_only=True)
    async with shown(graph, (100, 10)) as (pilot, app):
        graph.show(shapes.RELEASE)
        graph.set_visits(RELEASE_VISITS)
        await settle(pilot)
        app.theme = theme
        await settle(pilot)
        assert all(segment.text.isascii() for y in range(10) for segment in graph.render_line(y))
        assert len({styles(graph, name)[0] for name in ("build", "deploy")}) == 2


async def test_another_width_another_drawing():
    graph = view()
    async with shown(graph, (120, 14)) as (pilot, _):
        graph.show(shapes.RELEASE)
        await settle(pilot)
        assert graph.layout_shown == "across"
        await pilot.resize_terminal(50, 14)
        await settle(pilot)
        assert graph.layout_shown == "down"
        graph.show(shapes.LINE)
        await settle(pilot)
        assert graph.cursor_path == "fetch"


async def test_hostile_names_and_states():
    graph = view()
    async with shown(graph, (80, 14)) as (pilot, _):
        graph.show(shapes.HOSTILE)
        graph.set_visits(visits(("[bold]markup[/bold]", 2, "\x1b[31mstrange", 900.0)))
        await settle(pilot)
        screen = "\n".join(text(graph))
        assert "[bold]markup[/bold]" in screen
        assert "\x1b" not in screen


def tangle(edges: int) -> GraphShape:
    """A graph that takes long to draw."""
    names = [f"n{number}" for number in range(40)]
    pairs = [(names[n % 40], names[(n * 7 + n // 40 + 1) % 40]) for n in range(edges)]
    return GraphShape(
        [GraphNode("__start__", "start"), *map(GraphNode, names)],
        [GraphEdge("__start__", "n0"), *(GraphEdge(*pair) for pair in pairs)],
    )


async def test_a_dense_graph_is_drawn_beside_the_message_pump(monkeypatch):
    begun, go = threading.Event(), threading.Event()

    def slow(*args, **options):
        if len(args[0].edges) > 100:
            begun.set()
            assert go.wait(20)
        return draw(*args, **options)

    graph = view()
    async with shown(graph, (120, 30)) as (pilot, _):
        monkeypatch.setattr("mahavishnu_tui.widgets.graph_layout.draw", slow)
        graph.show(tangle(600))
        graph.set_visits([shapes.RELEASE_VISITS[0].replace(node="n3")])
        assert await asyncio.to_thread(begun.wait, 20)
        await settle(pilot)
        await pilot.press("down", "v")  # keys are taken in meanwhile, and nothing is drawn twice
        assert text(graph)[0] == "drawing …"
        go.set()
        await until(lambda: graph.layout_shown)
        assert graph.layout_shown == "across" or graph.turned == "across"
        assert graph.move_to("n3")
        # Another graph in the meantime: the drawing of the first one is dropped.
        go.clear()
        graph.show(tangle(601))
        graph.show(shapes.RELEASE)
        go.set()
        await until(lambda: "build" in "\n".join(text(graph)))


async def until(condition):
    """Wait for a condition, with a deadline."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_o_folds_the_subgraph_that_the_cursor_is_in():
    graph = view()
    async with shown(graph, (120, 20)) as (pilot, _):
        graph.show(shapes.SUBGRAPH)
        await settle(pilot)
        graph.action_fold_all()
        opened = set(graph.unfolded)
        inner = next(path for path in graph._placed if "/" in path and not path.endswith("__end__"))
        graph.move_to(inner)
        await pilot.press("o")
        assert graph.unfolded == opened - {inner.rpartition("/")[0]}
        assert graph.cursor_path == inner.rpartition("/")[0]
        await pilot.press("o")
        assert graph.unfolded == opened
