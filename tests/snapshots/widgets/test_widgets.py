"""Pictures of every widget; behaviour is tested in tests/unit/widgets."""

from __future__ import annotations

import pytest

from . import gallery
from .gallery import FormApp, GraphApp, PartApp, TableApp

SIZES = [(80, 24), (120, 40), (200, 50)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", ["release", "fan", "subgraph", "forty"])
def test_graph(snap_compare, name, size):
    assert snap_compare(GraphApp(name), terminal_size=size)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_graph_unfolded(snap_compare, size):
    assert snap_compare(GraphApp("subgraph", unfolded="review"), terminal_size=size)


@pytest.mark.parametrize("name", ["line", "loop", "waiting", "observed", "hostile", "untouched"])
def test_graph_small(snap_compare, name):
    assert snap_compare(GraphApp(name))


@pytest.mark.parametrize("layout", [1, 2, 3])
def test_graph_turned(snap_compare, layout):
    assert snap_compare(GraphApp("release"), press=["v"] * layout)


def test_graph_in_ascii(snap_compare):
    assert snap_compare(GraphApp("release", ascii_only=True))


@pytest.mark.parametrize("theme", ["textual-light", "ansi-dark"])
def test_graph_themes(snap_compare, theme):
    assert snap_compare(GraphApp("waiting", theme=theme))


def test_graph_without_colour(snap_compare, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(GraphApp("waiting"))


def test_table(snap_compare):
    assert snap_compare(TableApp())


def test_table_stale(snap_compare):
    assert snap_compare(TableApp(stale=True))


def test_table_narrow(snap_compare):
    assert snap_compare(TableApp(theme="textual-light"), terminal_size=(60, 15))


def test_state_tree(snap_compare):
    assert snap_compare(PartApp(gallery.state_tree()), press=["j", "j", "enter", "slash", "l", "a"])


def test_state_tree_raw(snap_compare):
    assert snap_compare(PartApp(gallery.state_tree()), press=["y"])


def test_log_view(snap_compare):
    assert snap_compare(PartApp(gallery.log_view()), press=["slash", "n", "5", "enter"])


def test_json_editor(snap_compare):
    assert snap_compare(PartApp(gallery.json_editor()))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_form(snap_compare, size):
    assert snap_compare(FormApp(), terminal_size=size)


def test_form_with_what_is_wrong(snap_compare):
    assert snap_compare(FormApp(revealed=True), press=["tab", "y"])
