"""Playback: what a run looked like at a moment, by key and as it plays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.models import NodeVisit
from mahavishnu_tui.screens.playback import FASTEST, READING, WHOLE, Playback
from mahavishnu_tui.screens.run.screen import RunScreen
from tests.snapshots.scenes import visit
from tests.unit.screens.driving import Drive, drive


@st.composite
def paths(draw: st.DrawFn) -> list[NodeVisit]:
    """Visits that overlap, some of which have not ended."""
    clock, found = 0.0, []
    for number in range(1, draw(st.integers(1, 12)) + 1):
        clock += draw(st.floats(0, 10))
        took = draw(st.one_of(st.none(), st.floats(0, 30)))
        ended = None if took is None else clock + took
        outcome = draw(st.sampled_from(["success", "error", "retried", "cached"]))
        found.append(
            NodeVisit("r", number, f"n{number % 4}", f"t{number}", number, clock, ended_at=ended).replace(
                outcome="running" if took is None else outcome, error="no" if outcome == "error" else None
            )
        )
    return found


@given(paths(), st.integers(-3, 20))
def test_a_frame_shows_the_past_and_nothing_of_the_future(visits: list[NodeVisit], step: int) -> None:
    frame = Playback(visits, step).frame()
    assert 1 <= frame.step <= frame.steps + 1
    if frame.current is None:
        assert frame.step == len(visits) + 1
        assert list(frame.visits) == visits
        return
    assert [shown.number for shown in frame.visits] == [item.number for item in visits[: frame.step]]
    assert frame.current.outcome == "running"
    for shown, real in zip(frame.visits, visits, strict=False):
        assert shown.started_at <= frame.at
        assert shown.outcome == "running" or shown == real
        if shown.ended_at is not None:
            assert shown.ended_at <= frame.at
        else:
            assert shown.error is None


@given(paths())
def test_steps_go_through_all_visits_and_no_further(visits: list[NodeVisit]) -> None:
    playback = Playback(visits, 1)
    seen = [playback.frame().number]
    while not playback.ended:
        playback = playback.moved(1)
        seen.append(playback.frame().number)
    assert seen == [*(item.number for item in visits), visits[-1].number]
    assert playback.moved(1).step == playback.step
    assert playback.moved(-100).step == 1


def test_it_plays_at_reading_speed_and_long_runs_faster() -> None:
    visits = [NodeVisit("r", n, "a", f"t{n}", n, float(n), ended_at=float(n)) for n in range(1, 10_001)]
    assert Playback(visits[:10]).seconds() == READING
    assert Playback(visits[:200]).seconds() == WHOLE / 200
    assert Playback(visits).seconds() == FASTEST


async def opened(driven: Drive) -> RunScreen:
    await driven.cursor_on("amber-otter")
    await driven.press("enter")
    await driven.sees("deploy", "running 42s", "step 9")
    assert isinstance(driven.app.screen, RunScreen)
    return driven.app.screen


async def test_stepping_through_a_run_and_back_to_live() -> None:
    async with drive((120, 40)) as driven:
        await opened(driven)
        await driven.press(".")
        await driven.sees("PLAYBACK · step 1/10", "▶ 0s")
        assert "✔" not in "".join(driven.text.splitlines()[3:])
        await driven.press(".")
        await driven.sees("step 2/10", "✔ 2.1s", "▶ 0s")
        await driven.press(",")
        await driven.sees("step 1/10")
        # What happens meanwhile is kept, and shown when the operator comes back.
        run_id = driven.connection.world.runs[0].id
        driven.connection.event("visit", f"{run_id}#9", visit(run_id, 9, "deploy", 12, 11, step=9))
        await driven.settle()
        await driven.sees("step 1/10", "PLAYBACK")
        await driven.press("escape")
        await driven.until(lambda: "PLAYBACK" not in driven.text)
        await driven.sees("✔ 11s")
        await driven.press("escape")
        await driven.until(lambda: driven.app.screen is driven.dashboard)


async def test_it_plays_to_the_end_and_again() -> None:
    async with drive((120, 40)) as driven:
        await opened(driven)
        await driven.press(",", ",")
        await driven.sees("step 9/10", "paused")
        await driven.press("space")
        await driven.sees("playing")
        await driven.press("space")
        await driven.sees("paused")
        await driven.press("space")
        await driven.sees("end, after 10 steps")
        await driven.press("space")
        await driven.sees("step 1/10", "playing")


async def test_the_state_of_a_node_is_that_of_the_moment() -> None:
    async with drive((120, 40)) as driven:
        screen = await opened(driven)
        asked: list[tuple[str, int]] = []
        screen.view.show_state_after = lambda node, until=0: not asked.append((node, until))  # type: ignore[method-assign,func-returns-value]
        await driven.press(".", ".", "enter")
        await driven.until(lambda: asked == [("test", 2)])


async def test_playback_ends_with_the_run_it_showed() -> None:
    async with drive((200, 50)) as driven:
        await driven.cursor_on("amber-otter")
        await driven.press("2")
        await driven.until(lambda: driven.dashboard.room.path.graph.following and "▶ 12s" in driven.text)
        await driven.press(".")
        await driven.sees("PLAYBACK · release · amber-otter", "step 1/10")
        await driven.press("1")
        await driven.cursor_on("dusty-lynx")
        await driven.until(lambda: "PLAYBACK" not in driven.text)


async def test_a_run_without_visits_is_not_played() -> None:
    async with drive((120, 40)) as driven:
        queued = next(run.name for run in driven.connection.world.runs if run.status == "queued")
        await driven.cursor_on(queued)
        await driven.press("enter", ".", "space", ",")
        await driven.settle()
        assert "PLAYBACK" not in driven.text
