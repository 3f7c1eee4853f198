"""Flow runs beside workflows' runs: one list, one filter language, acts in honest words."""

from __future__ import annotations

import asyncio

import pytest

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.prefect import BulkResult, PrefectInfo
from mahavishnu_tui.screens.actions import actions_for
from tests.snapshots.flow_scenes import READY, flows
from tests.snapshots.flows import flow_run
from tests.snapshots.scenes import NOW
from tests.unit.screens.driving import Drive, drive


def line_with(driven: Drive, word: str) -> str:
    return next((line for line in driven.text.splitlines() if word in line), "")


async def test_runs_of_both_engines_in_one_list_in_their_own_words() -> None:
    async with drive((120, 40), world=flows()) as driven:
        await driven.press("f")
        await driven.sees("ENG", "calm-cobra", "▶ running", "transform 40/200", "28 · 3 scheduled")
        for name, word in {
            "damp-dodo": "⚠ late",
            "eager-eel": "✘ crashed",
            "grey-gnat": "⏸ suspended",
            "hasty-hog": "⊘ cancelling",
            "icy-ibis": "↻ will retry",
        }.items():
            assert word in line_with(driven, name), name
        assert " pf " in line_with(driven, "damp-dodo")
        assert " lg " in line_with(driven, "amber-otter")
        assert "jolly-jay" not in driven.text, "the flow run that started amber-otter is amber-otter"


async def test_one_filter_language_and_scheduled_runs_where_they_are_asked_for() -> None:
    async with drive(world=flows()) as driven:
        assert "keen-kite" not in driven.text
        await driven.press("slash")
        await driven.type("engine:prefect state:late,crashed")
        await driven.press("enter")
        await driven.sees("damp-dodo", "eager-eel", "2 of 31")
        await driven.press("escape", "slash")
        await driven.type("state:sched !kite-2")
        await driven.press("enter")
        await driven.sees("keen-kite-0", "keen-kite-1", "2 of 31")
        assert "keen-kite-2" not in driven.text
        assert " 1h " in line_with(driven, "keen-kite-0"), "until it begins"
        for run_id in [
            run.id for run in driven.app.session.mirror.runs.values() if run.status != "scheduled"
        ]:
            driven.connection.gone(run_id)
        await driven.press("escape")
        await driven.sees("No runs but scheduled ones: / and state:scheduled lists them.", "0 · 3 scheduled")


async def test_all_runs_are_counted_and_older_ones_fetched_at_the_end() -> None:
    given = flows()
    given.older = [
        flow_run(1000 + n, f"old-oryx-{n}", "success", 400_000 + n, ended_at=NOW - 400_000)
        for n in range(230)
    ]
    async with drive((120, 40), world=given) as driven:
        await driven.press("f")
        await driven.sees("newest 28 of 258")
        assert "runs" not in [call[0] for call in driven.calls], "nothing is fetched before it is wanted"
        await driven.press("G")
        await driven.sees("newest 228 of 258")
        await driven.press("G")
        await driven.sees("old-oryx-199", "runs: 258 · 3 scheduled")
        await driven.press("G")
        await driven.sees("old-oryx-229")
        last = driven.dashboard.room.runs.cursor
        await driven.press("enter")
        await driven.sees("old-oryx-229 > Path")
        await driven.press("escape")
        await driven.sees("runs: 258 · 3 scheduled", "old-oryx-229")
        assert driven.dashboard.room.runs.cursor == last, "what was fetched is there to come back to"
        driven.connection.client.hold["count_runs"] = held = asyncio.Event()
        await driven.press("g", "slash")
        await driven.type("oryx-22")
        await driven.sees("0+ of 261", "asking the server for older ones …")
        held.set()
        await driven.sees("tab complete", "11 of 261")
        await driven.press("enter")
        await driven.sees("11 of 261 · filter", "old-oryx-229")
        await driven.press("enter")
        await driven.sees("old-oryx-22")


async def test_a_server_that_cannot_count_leaves_what_is_known() -> None:
    async with drive(world=flows(), live=False) as driven:
        driven.connection.client.fail["count_runs"] = MahavishnuError(ErrorCode.TIMEOUT, "It is slow.")
        driven.connection.live()
        await driven.sees("calm-cobra", "runs: 28 · 3 scheduled")
        await driven.press("slash")
        await driven.type("run:calm")
        await driven.press("enter")
        await driven.sees("2 of 31 · filter run:calm")
        await driven.until(lambda: any("It is slow" in str(item.error) for item in driven.app.session.errors))


async def test_a_filter_that_loses_the_cursor_begins_at_the_top() -> None:
    async with drive(world=flows()) as driven:
        await driven.press("G", "slash")
        await driven.type("state:scheduled")
        await driven.press("enter")
        await driven.sees("keen-kite-0")
        table = driven.dashboard.room.runs.table
        assert table.cursor_key == table.rows[0].key


async def test_a_run_that_is_gone_where_it_lived_is_gone_here() -> None:
    given = flows()
    given.older = [flow_run(1000, "old-oryx", "success", 400_000, ended_at=NOW - 400_000)]
    async with drive((120, 40), world=given) as driven:
        await driven.press("f", "G")
        await driven.sees("old-oryx")
        given.older.clear()
        driven.connection.gone(flow_run(1000, "", "success", 0).id)
        driven.connection.gone(flow_run(1, "", "success", 0).id)
        await driven.until(lambda: "old-oryx" not in driven.text)
        await driven.until(lambda: "calm-cobra" not in driven.text)


async def test_suspend_and_resume_say_what_they_do() -> None:
    async with drive(world=flows()) as driven:
        await driven.cursor_on("calm-cobra")
        await driven.press("p")
        await driven.sees("stops at its next task boundary, no sooner")
        await driven.cursor_on("grey-gnat")
        driven.connection.client.fail["resume"] = MahavishnuError(
            ErrorCode.RUN_STATE, "grey-gnat cannot go on yet: its old process 4711 still lives."
        )
        await driven.press("p")
        await driven.sees("its old process 4711 still lives")
        await driven.cursor_on("hasty-hog")
        await driven.press("p")
        await driven.sees("cannot be suspended: it is being cancelled")
        await driven.cursor_on("damp-dodo")
        await driven.press("p")
        await driven.sees("it has not begun")
        await driven.cursor_on("fluffy-fox")
        await driven.press("p")
        await driven.sees("a answers it")
        assert [call[0] for call in driven.calls if call[0] in ("pause", "resume")] == ["pause", "resume"]


async def test_a_retry_keeps_the_id_and_a_new_run_has_its_parameters_in_a_form() -> None:
    async with drive((120, 40), world=flows()) as driven:
        await driven.cursor_on("eager-eel")
        await driven.press("r")
        await driven.sees("runs once more, under the same id")
        await driven.press("x")
        await driven.sees("run again, as a new run, with a form")
        driven.app.screen.dismiss("again")
        await driven.sees("Launch a workflow or a deployment", "nightly-etl/prod", "which day to load")
        await driven.press("escape")


async def test_cancel_delete_and_cures_are_in_the_menu_alone_and_asked_for() -> None:
    async with drive(world=flows()) as driven:
        await driven.cursor_on("hasty-hog")
        await driven.press("x")
        await driven.sees("stuck: set it to Cancelled", "delete it for ever")
        assert "suspend" not in driven.text
        driven.app.screen.dismiss("cure('force-cancel')")
        await driven.sees("Set it to Cancelled: hasty-hog?", "Nobody waits any longer")
        await driven.press("right", "enter")
        await driven.until(lambda: ("bulk", "force-cancel", [(run_id("hasty-hog"), 1)]) in driven.calls)
        await driven.press("x")
        driven.app.screen.dismiss("delete")
        await driven.sees("Delete hasty-hog for ever?", "deleting it does not stop its process")
        await driven.press("enter")
        await driven.sees("Type hasty-hog to do it; esc")
        await driven.type("hasty-hog")
        await driven.press("enter")
        await driven.sees("hasty-hog is deleted")
        await driven.press("x")
        driven.app.screen.dismiss("cancel")
        await driven.sees("Prefect calls it Cancelled after five minutes")
        await driven.press("right", "enter")
        await driven.until(lambda: ("cancel", run_id("hasty-hog"), 1) in driven.calls)


def run_id(name: str) -> str:
    return next(run.id for run in flows().runs if run.name == name)


async def test_what_cannot_be_done_is_absent() -> None:
    words = {run.name: [action.id for action in actions_for(run, readonly=False)] for run in flows().runs}
    assert "pause" in words["calm-cobra"]
    assert "retry" not in words["calm-cobra"]
    assert "retry" in words["eager-eel"]
    assert "cancel" not in words["eager-eel"]
    assert words["keen-kite-0"][-2:] == ["cancel", "delete"]
    reading = [action.id for run in flows().runs for action in actions_for(run, readonly=True)]
    assert set(reading) <= {"details", "raw", "copy", "logs", "host_log", "compare"}


async def test_marked_runs_are_acted_on_once_their_number_is_typed_and_each_says_its_result() -> None:
    async with drive((120, 40), world=flows()) as driven:
        await driven.cursor_on("calm-cobra")
        await driven.press("space")
        await driven.sees("1 marked")
        await driven.cursor_on("eager-eel")
        await driven.press("space")
        await driven.cursor_on("dusty-lynx")
        await driven.press("space", "c")
        await driven.sees(f"copied: {run_id('calm-cobra')}")
        await driven.press("p")
        await driven.sees("Pause 1 run?", "2 of the 3 marked cannot pause now.", "type 1 to do it")
        await driven.press("escape", "slash")
        await driven.type("cobra")
        await driven.press("enter")
        await driven.sees("3 marked, 2 hidden")
        await driven.press("r")
        await driven.sees("Retry 2 runs?", "2 of them hidden by the filter.", "type 2 to do it")
        await driven.press("escape", "slash", "escape", "x")
        await driven.sees("3 marked runs", "retry 2 of the 3 marked", "delete 2 of", "cancel 1 of")
        driven.app.screen.dismiss("bulk('retry')")
        await driven.sees("Retry 2 runs?", "type 2 to do it")
        refused = MahavishnuError(ErrorCode.RUN_STATE, "dusty-lynx has changed.").to_json()
        driven.connection.client.bulk_refuse["run-0015"] = BulkResult("run-0015", False, error=refused)
        await driven.type("3")
        await driven.press("enter")
        await driven.sees("Type 2 to do it")
        assert not [call for call in driven.calls if call[0] == "bulk"]
        await driven.press("backspace", "2", "enter")
        await driven.sees("1 of 2 taken up again", "MHV-101 dusty-lynx has changed")
        await driven.press("escape")
        await driven.sees("1 of 2 taken up again")
        assert not driven.dashboard.marked_runs
        bulk = next(call for call in driven.calls if call[0] == "bulk")
        assert bulk[1] == "retry"
        assert {item[0] for item in bulk[2]} == {"run-0015", run_id("eager-eel")}


async def test_a_bulk_act_that_does_not_arrive_can_be_tried_again() -> None:
    async with drive(world=flows()) as driven:
        await driven.cursor_on("calm-cobra")
        await driven.press("space", "x")
        driven.app.screen.dismiss("bulk('suspend')")
        await driven.sees("type 1 to do it")
        client = driven.connection.client
        client.fail["bulk"] = MahavishnuError(ErrorCode.TIMEOUT, "The server did not answer.")
        gate = client.hold["bulk"] = asyncio.Event()
        await driven.press("1", "enter")
        await driven.sees("sending …")
        await driven.press("escape")
        await driven.sees("it is on its way")
        gate.set()
        await driven.sees("MHV-109")
        del client.fail["bulk"]
        await driven.press("enter")
        await driven.sees("1 of 1 asked to pause")


@pytest.mark.parametrize(
    ("info", "words"),
    [
        (READY, "prefect ● live"),
        (READY.replace(live=False, interval=15.0), "prefect ● ≤15s"),
        (READY.replace(slow=4.0), "prefect ● slow 4s"),
        (READY.replace(seen_at=NOW - 90), "prefect ● 1m"),
        (READY.replace(state="lost", seen_at=NOW - 42), "prefect ⚠ STALE 42s"),
        (PrefectInfo("embedded", "starting", since=NOW - 7), "prefect ◌ starting 7s…"),
        (PrefectInfo("auto", "off"), "prefect ○ off"),
        (PrefectInfo("embedded", "failed"), "prefect ✘ failed"),
    ],
)
async def test_the_header_says_how_prefect_is_and_how_old_its_news(info: PrefectInfo, words: str) -> None:
    given = flows()
    given.flows.info = info
    async with drive((120, 40), world=given) as driven:
        await driven.sees(words)


async def test_who_wants_no_prefect_sees_nothing_of_it() -> None:
    given = flows()
    given.flows.info = PrefectInfo("off")
    async with drive((120, 40), world=given) as driven:
        await driven.sees("langgraph ●")
        assert "prefect" not in driven.text.splitlines()[0]


async def test_being_heard_in_time_is_no_news() -> None:
    async with drive((120, 40), world=flows()) as driven:
        await driven.sees("prefect ● live")
        header = driven.dashboard.header
        painted = header._painted
        mirror = driven.app.session.mirror
        mirror.apply({"type": "beat", "seq": 1, "prefect_at": NOW - 0.5})
        header._stepped()
        assert header._painted == painted
        assert header.state.engines[1].seen_at == NOW - 0.5, "the age is taken from the last beat"
