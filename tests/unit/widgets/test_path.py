from __future__ import annotations

from mahavishnu_tui.models import NodeVisit
from mahavishnu_tui.widgets.path import PathState

from .shapes import NOW, RELEASE, RELEASE_VISITS, visits

NO_ENDS: frozenset[str] = frozenset()
STARTS, ENDS = frozenset({"__start__"}), frozenset({"__end__"})


def edges_of(shape):
    return [(edge.source, edge.target) for edge in shape.edges]


def test_edges_taken_on_the_way_of_a_release():
    path = PathState(RELEASE_VISITS)
    taken = path.taken(edges_of(RELEASE), STARTS, ENDS)
    assert taken == set(edges_of(RELEASE)) - {("deploy", "__end__")}
    assert path.focus() == "deploy"
    done = path.update(RELEASE_VISITS[-1].replace(outcome="success", ended_at=990.0))
    assert done == {"deploy"}
    assert ("deploy", "__end__") in path.taken(edges_of(RELEASE), STARTS, ENDS)
    assert path.focus() == "deploy"


def test_the_same_visit_again_changes_nothing():
    path = PathState(RELEASE_VISITS)
    assert path.update(RELEASE_VISITS[0]) == set()
    assert len(path) == len(RELEASE_VISITS)


def test_a_join_of_branches_of_different_length():
    path = PathState(
        visits(
            ("split", 1, "success", 1.0, 2.0),
            ("short", 2, "success", 2.0, 3.0),
            ("long", 2, "success", 2.0, 3.0),
            ("longer", 3, "success", 3.0, 4.0),
            ("join", 4, "success", 4.0, 5.0, {"triggers": ["join:short+longer:join"]}),
        )
    )
    edges = [("split", "short"), ("short", "join"), ("longer", "join"), ("long", "join")]
    assert path.taken(edges, NO_ENDS, NO_ENDS) == {("split", "short"), ("short", "join"), ("longer", "join")}


def test_only_the_branch_that_led_to_the_end_is_taken():
    path = PathState(visits(("a", 1, "success", 1.0, 2.0), ("b", 2, "success", 2.0, 3.0)))
    edges = [("__start__", "a"), ("a", "b"), ("a", "__end__"), ("b", "__end__"), ("b", "a")]
    assert path.taken(edges, STARTS, ENDS) == {("__start__", "a"), ("a", "b"), ("b", "__end__")}


def test_an_unfolded_subgraph():
    inside = visits(
        ("sub", 1, "running", 1.0),
        ("sub/x", 0, "success", 1.0, 2.0),
        ("sub/y", 1, "running", 2.0),
        ("after", 2, "success", 4.0, 5.0),
    )
    edges = [("sub", "sub/x"), ("sub/x", "sub/y"), ("sub/y", "sub/__end__"), ("sub/__end__", "after")]
    ends = frozenset({"sub/__end__"})
    path = PathState(inside[:3])
    assert path.light("sub").inside == "y"
    assert path.light("sub").text(20, 5.0) == "▶ y 4s"
    assert path.taken(edges, NO_ENDS, ends) == {("sub", "sub/x"), ("sub/x", "sub/y")}
    path.update(inside[2].replace(outcome="success", ended_at=4.0))
    path.update(inside[0].replace(outcome="success", ended_at=4.0))
    path.update(inside[3])
    assert path.taken(edges, NO_ENDS, ends) == set(edges)


def test_send_branches_are_counted():
    branches = visits(
        *(("work", 2, "success", 1.0, 3.0, {"branch": f"send:{n}", "task_id": f"t{n}"}) for n in range(3)),
        *(
            ("work", 2, "running", 1.0, None, {"branch": f"send:{n}", "task_id": f"t{n}"})
            for n in range(3, 8)
        ),
    )
    path = PathState(branches)
    assert path.light("work").text(30, 13.0) == "▶ running 12s 3/8"
    for visit in branches[3:7]:
        path.update(visit.replace(outcome="success", ended_at=20.0))
    path.update(branches[7].replace(outcome="error", ended_at=21.0))
    light = path.light("work")
    assert (light.outcome, light.done, light.branches, light.visits) == ("error", 7, 8, 1)
    assert light.text(30, 99.0) == "✘ failed 20s 7/8"


def test_retries_and_loops_are_told_apart():
    path = PathState(
        visits(
            ("flaky", 1, "retried", 1.0, 2.0, {"task_id": "t"}),
            ("flaky", 1, "retried", 2.0, 3.0, {"task_id": "t", "attempt": 2}),
            ("flaky", 1, "success", 3.0, 4.5, {"task_id": "t", "attempt": 3}),
        )
    )
    assert path.light("flaky").text(16, 9.0) == "✔ 1.5s ↻3"
    assert path.light("flaky").text(30, 9.0) == "✔ done 1.5s ↻3"
    assert path.light("flaky").text(16, 9.0, ascii_only=True) == "+ 1.5s ~3"
    assert path.light("flaky").text(16, 9.0, glyph=False) == "done 1.5s ↻3"
    path.update(visits(("flaky", 5, "success", 8.0, 8.04))[0].replace(number=4))
    assert path.light("flaky").text(16, 9.0) == "✔ 40ms ×2"


def test_text_fits_whatever_the_room():
    light = PathState(RELEASE_VISITS).light("test")
    for room in range(30):
        assert len(light.text(room, NOW)) <= room
    waiting = PathState(visits(("approve", 1, "interrupted", 1.0, 40.0))).light("approve")
    assert waiting.text(16, 100.0) == "✋ waiting 1m"
    assert waiting.text(3, 100.0) == "✋"
    assert waiting.since == 40.0, "it waits since the question was asked"


def test_focus_prefers_what_runs_then_what_waits():
    some = visits(("a", 1, "running", 1.0), ("b", 1, "interrupted", 1.0, 2.0), ("c", 1, "success", 1.0, 2.0))
    assert PathState(some).focus() == "a"
    assert PathState(some[1:]).focus() == "b"
    assert PathState(some[2:]).focus() == "c"
    assert PathState().focus() == ""


def test_a_node_at_work_shows_how_far_it_is() -> None:
    going = NodeVisit("r", 1, "load", "t1", 1, 100.0, progress="40/200")
    light = PathState([going]).light("load")
    assert light is not None
    assert light.text(14, 112.0) == "▶ 12s 40/200"
    assert light.text(9, 112.0) == "▶ 40/200"
    done = PathState([going.replace(outcome="success", ended_at=103.0)]).light("load")
    assert done is not None
    assert "40/200" not in done.text(30, 112.0)


def test_a_node_that_waits_for_its_next_attempt_does_not_seem_to_run():
    first, second = visits(
        ("flaky", 1, "running", 1.0, None), ("flaky", 1, "running", 4.0, None, {"attempt": 2})
    )
    path = PathState([first])
    assert path.update(first.replace(ended_at=2.0, error="no")) == {"flaky"}
    light = path.light("flaky")
    assert light is not None
    assert (light.mark.word, light.time(NOW)) == ("retried", "1.0s")
    assert path.going() == []
    path.update(second)
    light = path.light("flaky")
    assert light is not None
    assert (light.outcome, light.attempt) == ("running", 2)


def test_calls_of_one_task_of_a_flow_are_counted_and_the_one_that_failed_is_seen():
    calls = [
        ("load", 2, "success", 2.0, 5.0, {"branch": "map:0", "task_id": "a"}),
        ("load", 3, "error", 2.0, 15.0, {"branch": "map:1", "task_id": "b", "attempt": 3}),
        ("load", 4, "success", 3.0, 6.0, {"branch": "map:2", "task_id": "c"}),
    ]
    light = PathState(visits(*calls)).light("load")
    assert light is not None
    assert (light.outcome, light.done, light.branches, light.visits) == ("error", 2, 3, 1)
