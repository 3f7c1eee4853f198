"""The `x` menu, the details of a run, the strip of tabs, and what fits into the row of hints."""

from __future__ import annotations

from mahavishnu_tui.screens.actions import MenuScreen
from mahavishnu_tui.screens.details import details
from mahavishnu_tui.screens.document import DocumentScreen
from mahavishnu_tui.screens.launch import LaunchScreen
from mahavishnu_tui.screens.run import RunScreen
from tests.snapshots.scenes import run

from .driving import drive


async def test_the_keys_that_a_menu_names_work_in_it() -> None:
    async with drive() as driven:
        await driven.cursor_on("brisk-heron")
        await driven.press("x")
        await driven.until(lambda: isinstance(driven.app.screen, MenuScreen))
        await driven.sees("brisk-heron · waiting", "log of its host", "compare with", "esc close")
        assert ": command" not in driven.text, "the keys of what is below do nothing"
        await driven.press("question_mark")
        await driven.sees("KEYS HERE", "actions.close")
        await driven.press("escape")
        await driven.until(lambda: isinstance(driven.app.screen, MenuScreen))
        await driven.press("d")
        await driven.until(lambda: isinstance(driven.app.screen, DocumentScreen))
        await driven.sees("brisk-heron · details", "waiting (interrupted)")


async def test_the_tabs_of_a_run_have_names_at_80_columns() -> None:
    async with drive() as driven:
        await driven.cursor_on("brisk-heron")
        await driven.press("enter")
        await driven.until(lambda: isinstance(driven.app.screen, RunScreen))
        await driven.sees("1 Path", "2 Time", "4 Chkpts", "5 Msgs", "7 I/O", "9 Errors")


async def test_where_there_is_no_room_for_all_hints_the_menu_and_help_stay() -> None:
    async with drive() as driven:
        await driven.press("4", "space")
        await driven.sees("A answer marked", "C claim", "x actions", "? help")
        assert ": command" not in driven.text


async def test_durability_is_chosen_with_its_price() -> None:
    async with drive() as driven:
        await driven.press("t")
        await driven.until(lambda: isinstance(driven.app.screen, LaunchScreen))
        button = driven.app.screen.query_one("#durability")
        await driven.sees("Durability: as set")
        button.focus()
        await driven.until(lambda: driven.app.screen.focused is button)
        for word in ("each step waits", "beside the next step", "a crash loses all progress"):
            await driven.press("enter")
            await driven.sees(word)
            await driven.until(lambda: not button.has_class("-active"))
        await driven.sees("Durability: exit")
        go = driven.app.screen.query_one("#go")
        go.focus()
        await driven.until(lambda: driven.app.screen.focused is go)
        await driven.press("enter")
        await driven.until(lambda: any(call[0] == "start_run" for call in driven.calls))
        (request,) = [call[1] for call in driven.calls if call[0] == "start_run"]
        assert request["config"] == {"durability": "exit"}


async def test_a_read_only_dashboard_binds_no_key_that_writes() -> None:
    async with drive(readonly=True) as driven:
        await driven.cursor_on("brisk-heron")
        for pane in ("1", "3", "4"):
            await driven.press(pane)
            bound = set(driven.app.screen.active_bindings)
            assert not bound & {"a", "t", "p", "r", "e", "P", "T", "A", "C"}, pane
        await driven.press("3", "x")
        await driven.until(lambda: isinstance(driven.app.screen, MenuScreen))
        assert not set(driven.app.screen.active_bindings) & {"a", "p", "r", "e", "P", "T"}


def test_details_say_times_as_people_do_and_leave_out_what_is_empty() -> None:
    found = details(run(1, "amber-otter", "release", "success", 60, note="", room="60 MB"))
    assert found["state"] == "done (success)"
    assert str(found["started"]).startswith("2026-09-21")
    assert found["room"] == "60 MB"
    assert "error" not in found
    assert not any(name.endswith("_at") for name in found)
