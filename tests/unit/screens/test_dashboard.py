"""The dashboard: panes, layouts, cursor, filter, commands, loss and return."""

from __future__ import annotations

import pytest

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.run import FINISHED
from mahavishnu_tui.screens.hints import live_hints
from mahavishnu_tui.screens.layout import PANES
from mahavishnu_tui.screens.panes.pane import Pane
from tests.snapshots.need_scenes import needy
from tests.snapshots.scenes import HOSTILE, NOW, World, run, visit, world
from tests.unit.screens.driving import Drive, drive

EMPTY = World([], [], [], [], {}, {}, [])


async def test_the_frame_is_there_before_the_server() -> None:
    async with drive(live=False) as driven:
        await driven.sees("mahavishnu", "staging", "1 Runs", "connecting …", "? help")
        driven.connection.link("starting", attempt=1)
        await driven.sees("starting the server…")
        driven.connection.live()
        await driven.sees("amber-otter", "2 need you")


async def test_one_pane_at_a_time_on_a_small_terminal() -> None:
    async with drive() as driven:
        for key, words in {
            "2": "build",
            "3": "STEP",
            "4": "refund > 500 EUR?",
            "5": "This server has no schedules: they come with Prefect",
            "6": "langgraph",
            "1": "calm-wren",
        }.items():
            await driven.press(key)
            await driven.sees(words)
            assert sum(bool(pane.display) for pane in driven.dashboard.room.panes.values()) == 1


async def test_all_six_panes_on_a_large_terminal() -> None:
    async with drive((200, 50)) as driven:
        await driven.cursor_on("amber-otter")
        await driven.sees("deploy", "● now", "refund > 500 EUR?", "no schedules", "2/10 slots", "step 9")
        assert all(pane.display for pane in driven.dashboard.room.panes.values())


async def test_the_middle_layout_shares_the_right_column() -> None:
    async with drive((120, 40)) as driven:
        await driven.sees("2 Path", "3 Checkpoints", "4 Approvals", "6 Pools")
        room = driven.dashboard.room
        await driven.press("3")
        assert room.checkpoints.display
        assert not room.path.display
        await driven.press("1")
        assert room.checkpoints.display, "the tab stays when the focus goes elsewhere"
        await driven.press("5")
        await driven.sees("no schedules")


async def test_full_screen_and_the_way_back() -> None:
    async with drive((200, 50)) as driven:
        await driven.press("4", "f")
        assert [name for name, pane in driven.dashboard.room.panes.items() if pane.display] == ["approvals"]
        await driven.press("escape")
        assert all(pane.display for pane in driven.dashboard.room.panes.values())
        assert driven.dashboard.active == "approvals"
        await driven.press("escape")
        assert driven.dashboard.active == "runs"
        await driven.press("escape")
        assert driven.app.is_running, "escape never leaves"


async def test_panes_in_a_row() -> None:
    async with drive() as driven:
        seen = []
        for _ in PANES:
            await driven.press("right_square_bracket")
            seen.append(driven.dashboard.active)
        assert seen == [*PANES[1:], "runs"]
        await driven.press("left_square_bracket")
        assert driven.dashboard.active == "pools"


async def test_q_goes_back_and_at_the_root_leaves() -> None:
    async with drive() as driven:
        await driven.press("4", "q")
        assert driven.dashboard.active == "runs"
        await driven.press("q")
        await driven.until(lambda: not driven.app.is_running)
    assert driven.connection.closed


async def test_ctrl_c_does_not_leave() -> None:
    async with drive() as driven:
        await driven.press("ctrl+c")
        await driven.sees("ctrl+c does not quit")
        assert driven.app.is_running


async def test_the_cursor_stays_on_its_row() -> None:
    async with drive() as driven:
        await driven.cursor_on("calm-wren")
        table = driven.dashboard.room.runs.table
        before = table.cursor_key
        for number in range(50, 60):
            driven.connection.event(
                "run", f"run-{number:04}", run(number, f"new-{number}", "release", "running", 1)
            )
        await driven.sees("new-59")
        assert table.cursor_key == before
        calm = next(item for item in driven.connection.world.runs if item.name == "calm-wren")
        driven.connection.event("run", calm.id, calm.replace(status="success", ended_at=NOW))
        await driven.until(lambda: driven.app.session.mirror.runs[calm.id].status == "success")
        assert table.cursor_key == before


async def test_path_and_checkpoints_follow_the_cursor() -> None:
    async with drive((200, 50)) as driven:
        await driven.cursor_on("amber-otter")
        await driven.sees("step 9", "● now")
        amber = driven.connection.world.runs[0]
        driven.connection.event("visit", f"{amber.id}#9", visit(amber.id, 9, "deploy", 12, 12, step=9))
        await driven.sees("✔ 12s")
        await driven.cursor_on("dusty-lynx")
        await driven.sees("nightly-etl · dusty-lynx", "transform", "no checkpoint yet")


async def test_a_late_reply_for_another_run_is_dropped() -> None:
    async with drive((200, 50)) as driven:
        import asyncio

        client = driven.connection.client
        await driven.until(lambda: driven.dashboard.following.now.loaded)
        client.hold["checkpoints run-0020"] = asyncio.Event()
        await driven.cursor_on("amber-otter")
        await driven.until(lambda: ("checkpoints", "run-0020") in driven.calls)
        await driven.cursor_on("dusty-lynx")
        client.hold["checkpoints run-0020"].set()
        await driven.until(lambda: driven.dashboard.following.now.loaded)
        following = driven.dashboard.following.now
        assert following.run_id == "run-0015"
        assert following.checkpoints == ()


async def test_filter_is_kept_per_view() -> None:
    async with drive() as driven:
        await driven.press("slash")
        await driven.type("state:failed")
        await driven.sees("dusty-lynx")
        await driven.until(lambda: "amber-otter" not in driven.text)
        await driven.press("enter")
        await driven.sees("3 of 16")
        await driven.press("4")
        await driven.sees("refund > 500 EUR?", "Deploy 1.4.2")
        await driven.press("1")
        await driven.sees("3 of 16")
        await driven.press("escape")
        await driven.sees("amber-otter")


async def test_filtered_to_nothing_says_so() -> None:
    async with drive() as driven:
        await driven.press("slash")
        await driven.type("zzz")
        await driven.press("enter")
        await driven.sees("0 of 16 match; esc clears the filter")


async def test_a_filter_that_makes_no_sense_is_refused() -> None:
    async with drive() as driven:
        await driven.press("slash")
        await driven.sees("deployment:  engine:  pool:")
        await driven.type("a(")
        await driven.sees("Not a regular expression: missing )")
        await driven.press("enter")
        await driven.sees("MHV-010", "amber-otter")
        await driven.press("slash")
        assert "MHV-010" not in driven.text, "it was about the line before"
        await driven.press("backspace")
        await driven.type("sta")
        await driven.press("tab")
        await driven.sees("/state:", "running  waiting  failed")
        await driven.type("fai")
        await driven.press("tab", "enter")
        await driven.sees("3 of 16 · filter state:failed")


async def test_leaving_the_prompt_clears_the_filter() -> None:
    async with drive() as driven:
        await driven.press("slash")
        await driven.type("zzz")
        await driven.press("escape")
        await driven.sees("amber-otter")
        assert not driven.dashboard.room.runs.filter


async def test_nothing_to_filter_in_a_drawing() -> None:
    async with drive() as driven:
        await driven.cursor_on("dusty-lynx")
        await driven.press("2")
        for keys in ("slash", "enter 1 slash"):  # the pane, then the tab of the opened run
            await driven.press(*keys.split())
            await driven.sees("nothing to filter here")
            await driven.type("error")
            await driven.press("enter")
            await driven.sees("⚠ There is nothing to filter here.")
        assert not [call for call in driven.calls if call[0] == "resume"], (
            "what is typed by habit acts on nothing"
        )


@pytest.mark.parametrize(
    ("command", "seen"),
    [
        ("approvals", "refund > 500 EUR?"),
        ("info", "server pid"),
        ("errors", "No error in this session."),
        ("help", "KEYS HERE"),
        ("logs host:h1", "/var/log/host:h1.log"),
        ("logs", "/var/log/"),
        ("workflows", "Launch a workflow"),
        ("runs state:waiting", "2 of 16"),
        ("approvals /nothing", "0 of 2 match; esc clears the filter"),
        ("pools stat:up", "stat: is taken as text"),
        ("needs xyz", "filter xyz"),
        ("ledger by:ana", "search by:ana"),
        ("q now", ":q takes nothing after it."),
        ("nope", "There is no command :nope."),
    ],
)
async def test_commands(command: str, seen: str) -> None:
    async with drive() as driven:
        await driven.press("colon")
        await driven.type(command)
        await driven.press("enter")
        await driven.sees(seen)


async def test_completion_and_history_of_commands() -> None:
    async with drive() as driven:
        await driven.press("colon")
        await driven.type("p")
        await driven.press("tab")
        await driven.sees("enter submit  esc leave  tab complete", "path  pools  problems  prefect")
        await driven.press("backspace")
        await driven.type("sch")
        await driven.press("tab")
        await driven.until(lambda: driven.dashboard.prompt.line.value == "schedules ")
        await driven.press("enter")
        await driven.sees("no schedules")
        await driven.press("colon", "up")
        assert driven.dashboard.prompt.line.value.strip() == "schedules"
        await driven.press("down")
        assert driven.dashboard.prompt.line.value == ""


async def test_q_command_leaves() -> None:
    async with drive() as driven:
        await driven.press("colon")
        await driven.type("q")
        await driven.press("enter")
        await driven.until(lambda: not driven.app.is_running)


async def test_loss_dims_and_the_return_is_by_itself() -> None:
    async with drive() as driven:
        await driven.sees("amber-otter")
        runs, before = driven.dashboard.room.runs, list(driven.dashboard.room.runs.table.rows)
        driven.app.session.clock.exact = lambda: NOW + 600
        runs._stepped()
        older = list(runs.table.rows)
        others = {row.key for row, old in zip(older, before, strict=True) if row != old}
        going = {run.id for run in driven.connection.world.runs if run.status not in FINISHED}
        assert others
        assert others <= going
        runs.invalidate()
        assert list(runs.table.rows) == older, "ages that move make the rows that a whole look makes"
        driven.app.session.clock.exact = lambda: NOW
        driven.connection.link("lost", since=NOW - 42, attempt=3, message="no answer")
        await driven.sees("STALE 42s · retry 3", "amber-otter", "what you see is old")
        assert driven.dashboard.room.runs.table.stale
        driven.connection.link("starting", since=NOW - 43, attempt=4)
        await driven.sees("The server died; starting it again.")
        await driven.press("ctrl+r")
        assert driven.connection.retried == 1
        driven.connection.live()
        await driven.sees("The server answers again.")
        assert not driven.dashboard.room.runs.table.stale
        assert "STALE" not in driven.text


async def test_never_reached_is_an_error_in_the_panes() -> None:
    async with drive(live=False) as driven:
        driven.connection.link("connecting", attempt=3, message="No server answers at /x.")
        await driven.sees("No server answers at /x.", ":errors")


async def test_settings_that_are_wrong_are_said_and_the_dashboard_stays() -> None:
    from mahavishnu_tui.app import MahavishnuApp
    from mahavishnu_tui.screens.session import DashboardOptions

    async def opener(_: DashboardOptions) -> object:
        raise MahavishnuError(
            ErrorCode.CONFIG_INVALID, "mahavishnu.yaml: ui.them is not known.", "Meant ui.theme?"
        )

    app = MahavishnuApp(DashboardOptions(), opener)  # type: ignore[arg-type]
    async with app.run_test() as pilot:
        driven = Drive(app, pilot, None)  # type: ignore[arg-type]
        await driven.sees("MHV-001", "ui.them")
        await driven.press("a")
        await driven.sees("Nothing is selected")


async def test_empty_says_what_fills_it() -> None:
    async with drive((200, 50), world=EMPTY) as driven:
        await driven.sees("Nothing has run here yet", "Nothing waits for you", "No run is selected")
        for pane in "2345":
            await driven.press(pane)
            await driven.until(lambda: driven.app.screen.focused is driven.dashboard.active_pane.target)
            await driven.settle()
            offered = {word for _, word in live_hints(driven.dashboard)}
            assert offered <= {"launch", "logs", "command", "help"}, f"what has no effect in pane {pane}"


async def test_keys_are_offered_where_they_do_something() -> None:
    async with drive() as driven:
        await driven.press("4")
        await driven.sees("enter open  C claim  a answer", "? help")
        assert "answer marked" not in driven.text
        await driven.press("space")
        await driven.sees("A answer marked")
        await driven.press("escape", "slash")
        await driven.type("nothing like it")
        await driven.press("enter")
        await driven.sees("0 of 2 match", "/ filter")
        assert "enter open" not in driven.text
        await driven.press("escape")
        await driven.sees("enter open")
        await driven.press("escape", "5", "r", "p")
        await driven.sees("No run is selected.")
        assert not [call for call in driven.calls if call[0] in ("pause", "resume")], "unseen"
        await driven.press("6")
        await driven.sees("x actions")
        assert "a answer" not in driven.text


async def test_an_error_of_one_pane_stays_in_it() -> None:
    def broken(connection: object) -> None:
        connection.client.fail["checkpoints"] = ValueError("boom")  # type: ignore[attr-defined]
        connection.client.fail["pools"] = MahavishnuError(ErrorCode.DISK_FULL, "The disk is full.")  # type: ignore[attr-defined]

    async with drive((200, 50), prepare=broken) as driven:
        await driven.sees("MHV-011", "MHV-006 The disk is full.", "amber-otter")
        await driven.press("colon")
        await driven.type("errors")
        await driven.press("enter")
        await driven.sees("ValueError: boom", "Traceback")


async def test_too_small_says_so_until_it_is_larger() -> None:
    async with drive((50, 12)) as driven:
        await driven.sees("MHV-009", "50x12", "60x15")
        await driven.press("x", "p", "t")
        assert len(driven.app.screen_stack) == 1
        assert not [call for call in driven.calls if call[0] == "pause"]
        await driven.pilot.resize_terminal(80, 24)
        await driven.sees("amber-otter")
        assert "MHV-009" not in driven.text


async def test_what_was_too_small_for_a_moment_has_its_keys_back() -> None:
    async with drive((80, 24)) as driven:
        table = driven.app.focused
        await driven.pilot.resize_terminal(50, 12)
        await driven.until(lambda: driven.app.focused is None)
        await driven.pilot.resize_terminal(80, 24)
        await driven.until(lambda: driven.app.focused is table)
        await driven.sees("enter open")
        await driven.press("exclamation_mark")
        await driven.pilot.resize_terminal(50, 12)
        await driven.press("escape")
        await driven.sees("MHV-009")
        await driven.pilot.resize_terminal(80, 24)
        await driven.sees("x actions")


async def test_resizing_changes_the_layout() -> None:
    async with drive((80, 24)) as driven:
        await driven.pilot.resize_terminal(200, 50)
        await driven.sees("3 Checkpoints", "no schedules")
        await driven.pilot.resize_terminal(120, 40)
        await driven.sees("2 Path", "5 Schedules")


async def test_a_dead_host_is_news_once() -> None:
    async with drive() as driven:
        host = driven.connection.world.hosts[0]
        driven.connection.event("host", host.id, host.replace(state="lost", note="signal 9"))
        await driven.sees("The engine host of flows died", "signal 9")
        driven.connection.event("host", host.id, host.replace(state="ready"))
        driven.connection.event("host", host.id, host.replace(state="failed", error={"message": "no python"}))
        await driven.sees("cannot be started", "no python")


async def test_hostile_names_do_no_harm() -> None:
    async with drive((200, 50)) as driven:
        await driven.cursor_on(HOSTILE)
        await driven.sees("evil\N{REPLACEMENT CHARACTER}[31m[red]name")
        assert "\x1b" not in driven.text
        assert "\x9b" not in driven.text
        await driven.press("d")
        await driven.sees("· details")
        assert "\x1b" not in driven.text


async def test_read_only_leaves_dangerous_keys_unbound() -> None:
    async with drive(readonly=True) as driven:
        await driven.cursor_on("brisk-heron")
        await driven.sees("read-only")
        for key in ("a", "t", "p", "r"):
            assert key not in driven.app.screen.active_bindings
            await driven.press(key)
            assert len(driven.app.screen_stack) == 1
        await driven.sees("Keys that act are off: this dashboard is read-only.")
        driven.app.say("something else")
        await driven.press("r")
        await driven.sees("Keys that act are off: this dashboard is read-only.")
        await driven.press("x")
        await driven.sees("raw JSON")
        assert "cancel" not in driven.text
        await driven.press("escape", "4", "enter")
        await driven.sees("Questions are shown, not answered: this dashboard is read-only.")


async def test_read_only_answers_each_key_that_would_act_wherever_it_is_pressed() -> None:
    said = "Keys that act are off: this dashboard is read-only."
    places = {
        "4": "AC",
        "5": "nepr",
        "6": "pe",
        "2": "ar",
        "3": "rePT",
        "! end": "aCrpSs",
        ": d e p enter": "tsp",
        ": p r o b enter": "Ca",
        ": d e p enter enter": "ts",
    }
    for way, keys in places.items():
        async with drive((120, 40), world=needy(), readonly=True) as driven:
            await driven.press(*way.split())
            await driven.settle()
            for key in keys:
                driven.app.screen.flash_row.dismiss()  # type: ignore[attr-defined]
                await driven.press(key)
                await driven.sees(said)


async def test_read_only_answers_each_command_that_would_act() -> None:
    async with drive((120, 40), world=needy(), readonly=True) as driven:
        for line in (":again", ":workflows", ":prefect start", ":prefect stop"):
            await driven.press("colon")
            await driven.type(line[1:])
            await driven.press("enter")
            await driven.sees(f"{line} is off: this dashboard is read-only.")
            assert driven.app.screen is driven.dashboard
        await driven.press("colon", *"prefect", "enter")
        await driven.sees("runs > prefect")


async def test_keys_can_be_remapped_by_id() -> None:
    from mahavishnu_tui.screens.session import Taste

    def tasteful(connection: object) -> None:
        connection.taste = Taste(theme="textual-light", ascii=True, keymap={"app.help": "f1"})  # type: ignore[attr-defined]
        connection.notes = ("./mahavishnu.yaml is not trusted.",)  # type: ignore[attr-defined]

    async with drive(prepare=tasteful) as driven:
        await driven.sees("is not trusted", "> running", "? waiting")
        assert driven.app.theme == "textual-light"
        await driven.press("f1")
        await driven.sees("KEYS HERE")


async def test_every_binding_of_ours_has_an_id() -> None:
    async with drive() as driven:
        for screen_key in ("escape", "enter"):
            await driven.press(screen_key)
            for active in driven.app.screen.active_bindings.values():
                module = type(active.node).__module__
                if module.startswith("mahavishnu_tui") and not active.binding.system:
                    own = active.binding.action not in _TEXTUAL_ACTIONS
                    assert active.binding.id or not own, active.binding


_TEXTUAL_ACTIONS = {
    "app.focus_next",
    "app.focus_previous",
    "screen.copy_text",
    "command_palette",
    "scroll_up",
    "scroll_down",
    "scroll_left",
    "scroll_right",
    "scroll_home",
    "scroll_end",
    "page_up",
    "page_down",
    "page_left",
    "page_right",
    "screen.maximize",
    "screen.minimize",
}


async def test_no_row_can_be_marked_where_no_act_would_take_the_marks() -> None:
    async with drive() as driven:
        await driven.press("6")
        await driven.sees("slots")
        table = driven.dashboard.room.pools.table
        first = table.cursor_key
        await driven.press("space")
        assert (table.marked, table.cursor_key) == ([], first)
        await driven.press("question_mark")
        await driven.sees("KEYS HERE", "table.open")
        assert "table.mark" not in driven.text


async def test_the_palette_offers_the_commands() -> None:
    async with drive() as driven:
        names = {command.title for command in driven.app.get_system_commands(driven.app.screen)}
        assert {"runs", "approvals", "errors", "q"} <= names
        await driven.press("ctrl+p")
        await driven.type("approv")
        await driven.sees("questions that wait")
        await driven.press("enter")
        await driven.until(lambda: driven.dashboard.active == "approvals")


async def test_nothing_ticks_when_nothing_runs() -> None:
    still = world()
    still.runs = [item for item in still.runs if item.ended_at is not None]
    still.approvals = []
    async with drive(world=still) as driven:
        pane = driven.dashboard.room.runs
        await driven.sees("dusty-lynx")
        assert pane.until_step() is None
        assert driven.dashboard.room.approvals.until_step() is None
    async with drive() as driven:
        step = driven.dashboard.room.runs.until_step()
        assert step is not None
        assert 0 < step <= 1


async def test_what_is_wrong_with_the_server_is_in_the_header() -> None:
    async with drive() as driven:
        server = driven.app.session.mirror.server
        assert server is not None
        driven.connection.event("server", "server", server.replace(note="the disk is full; retrying"))
        await driven.sees("the disk is full; retrying")


async def test_many_changes_are_gathered() -> None:
    async with drive() as driven:
        seen: list[int] = []
        dashboard = driven.dashboard
        taken = dashboard.note_changes
        dashboard.note_changes = lambda changes: (seen.append(len(changes)), taken(changes))[1]  # type: ignore[method-assign]
        for number in range(200, 260):
            driven.connection.event(
                "run", f"run-{number:04}", run(number, f"n-{number}", "release", "queued", 1)
            )
        await driven.sees("runs: 76")
        await driven.until(lambda: sum(seen) >= 60)
        assert len(seen) < 20


async def test_a_run_that_gets_on_costs_its_own_row_and_no_other(monkeypatch):
    drawn: list[Pane] = []
    note = Pane.note
    monkeypatch.setattr(
        Pane, "note", lambda pane, *told, **more: (drawn.append(pane), note(pane, *told, **more))
    )
    async with drive((120, 40)) as driven:
        pane = driven.dashboard.room.runs
        run = next(item for item in driven.connection.world.runs if item.status == "running")
        drawn.clear()
        driven.connection.event("run", run.id, run.replace(where=["elsewhere"]))
        await driven.sees("elsewhere")
        assert pane not in drawn
        driven.connection.event("run", run.id, run.replace(where=["elsewhere"], status="error"))
        await driven.until(lambda: pane in drawn)
