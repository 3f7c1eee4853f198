"""Whose turn it is: priorities, ageing, shares, and nobody left behind."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from mahavishnu_tui.models.queue import AGE_SECONDS, PRIORITIES, Waiting, ordinal, places, take_turns
from mahavishnu_tui.models.run import Run

NOW = 10_000.0
WAITING = st.builds(
    Waiting,
    run_id=st.uuids().map(str),
    workflow_id=st.sampled_from("abc"),
    priority=st.sampled_from(PRIORITIES),
    queued_at=st.floats(NOW - 2000, NOW),
    displaced=st.booleans(),
)


def one(run_id: str, workflow: str = "a", priority: str = "normal", waited: float = 0.0) -> Waiting:
    return Waiting(run_id, workflow, priority, NOW - waited)


def test_priority_then_share_then_who_came_first() -> None:
    queue = [one("low", priority="low"), one("a2", waited=1), one("a1", waited=2), one("b1", "b")]
    queue.append(one("urgent", priority="urgent"))
    assert take_turns(queue, {}, NOW) == ["urgent", "b1", "a1", "a2", "low"]
    assert take_turns(queue, {"b": 5}, NOW) == ["urgent", "a1", "a2", "b1", "low"]
    assert take_turns(queue, {}, NOW, 2) == ["urgent", "b1"]


def test_waiting_makes_up_for_a_low_priority_and_a_lost_host_goes_first() -> None:
    old = one("old", priority="low", waited=3 * AGE_SECONDS)
    assert take_turns([one("new", "b", "high"), old], {}, NOW) == ["old", "new"]
    lost = Waiting("lost", "c", "low", NOW, displaced=True)
    assert take_turns([old, lost], {"c": 9}, NOW)[0] == "lost"


@given(st.lists(WAITING, max_size=40, unique_by=lambda item: item.run_id))
def test_everybody_is_in_the_order_once_and_a_part_of_it_is_its_beginning(queue: list[Waiting]) -> None:
    order = take_turns(queue, {"a": 3}, NOW)
    assert sorted(order) == sorted(item.run_id for item in queue)
    assert take_turns(queue, {"a": 3}, NOW, 5) == order[:5]
    levels = {item.run_id: (not item.displaced, -item.level(NOW)) for item in queue}
    assert [levels[run_id] for run_id in order] == sorted(levels[run_id] for run_id in order)


@given(st.integers(1, 6), st.integers(1, 6))
def test_workflows_share_alike_however_long_the_backlog_of_one(many: int, slots: int) -> None:
    queue = [one(f"a{n}", "a", waited=50.0) for n in range(many * 20)] + [
        one(f"b{n}", "b") for n in range(many)
    ]
    first = Counter(run_id[0] for run_id in take_turns(queue, {}, NOW, min(2 * slots, 2 * many)))
    assert abs(first["a"] - first["b"]) <= 1


@settings(max_examples=25)
@given(st.sampled_from(PRIORITIES), st.integers(1, 3), st.integers(1, 4))
def test_nobody_starves_under_a_stream_that_never_ends(priority: str, slots: int, rivals: int) -> None:
    """Each minute every slot is given out again, and more urgent runs come than there are slots."""
    queue = [Waiting("patient", "own", priority, 0.0)]
    for minute in range(200):
        now = minute * 60.0
        queue += [Waiting(f"{minute}.{n}", f"w{n % rivals}", "urgent", now) for n in range(slots + 1)]
        chosen = set(take_turns(queue, {}, now, slots))
        if "patient" in chosen:
            break
        queue = [item for item in queue if item.run_id not in chosen]
    assert minute * 60 <= len(PRIORITIES) * AGE_SECONDS + 60


def test_places_are_those_of_the_queue() -> None:
    def run(name: str, status: str, **fields: object) -> Run:
        return Run(name, name, name, fields.pop("workflow", "a"), "flow", status, NOW, **fields)  # type: ignore[arg-type]

    runs = [
        run("works", "running"),
        run("second", "queued"),
        run("first", "queued", workflow="b", queued_at=NOW),
        run("done", "success"),
    ]
    assert places(runs, NOW) == {"first": 1, "second": 2}
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 112, 1002)] == [
        *("1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th", "1002nd")
    ]
