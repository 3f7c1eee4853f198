"""One run, opened; launching; what acts on runs."""

from __future__ import annotations

from typing import Any

from textual.widgets import Button, Input, TextArea

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Project
from mahavishnu_tui.screens.confirm import ConfirmScreen
from mahavishnu_tui.screens.launch import LaunchScreen
from mahavishnu_tui.screens.run import RunScreen
from mahavishnu_tui.widgets.json_editor import JsonEditor
from tests.snapshots.scenes import NOW, run, visit
from tests.unit.screens.driving import Drive, drive
from tests.unit.screens.test_approval import push


def asked(driven: Drive, name: str) -> list[tuple[Any, ...]]:
    return [call[1:] for call in driven.calls if call[0] == name]


ERRORS = str(len(RunScreen.TABS))
"""The key of the last tab."""


async def opened(driven: Drive, name: str = "amber-otter", *keys: str) -> RunScreen:
    await driven.cursor_on(name)
    await driven.press("enter")
    await driven.until(lambda: isinstance(driven.app.screen, RunScreen))
    screen = driven.app.screen
    assert isinstance(screen, RunScreen)
    await driven.until(lambda: screen.following.now.loaded)
    await driven.press(*keys)
    return screen


async def test_tabs_of_a_run() -> None:
    async with drive() as driven:
        screen = await opened(driven)
        await driven.sees("amber-otter · release", "running 42s", "deploy")
        await driven.press("right_square_bracket")
        await driven.sees("TIMELINE", "  legal", "█")
        await driven.press("right_square_bracket")
        await driven.sees("version", "1.4.2", "state at latest")
        await driven.press("4")
        await driven.sees("● now", "14:13")
        await driven.press("5")
        await driven.sees("◆ ai", "7 messages")
        await driven.press("6")
        await driven.sees("deploying to 3 regions")
        await driven.press("7")
        await driven.sees("execution path", "output")
        await driven.press(ERRORS)
        await driven.sees("No node of this run has failed.")
        await driven.press("left_square_bracket")
        assert screen.tab == "audit"
        await driven.press("escape")
        assert driven.dashboard.room.runs.current is driven.app.session.mirror.runs["run-0020"]


async def test_it_goes_on_live() -> None:
    async with drive() as driven:
        await opened(driven, "amber-otter", "2")
        amber = driven.connection.world.runs[0]
        driven.connection.event("visit", f"{amber.id}#9", visit(amber.id, 9, "deploy", 12, 11, step=9))
        ended = amber.replace(status="success", ended_at=NOW, version=2, workflow="export-" * 9)
        driven.connection.event("run", amber.id, ended)
        await driven.sees("· ✔ done 42s", "11s")
        await driven.press("7")
        before = len(asked(driven, "run"))
        await driven.until(lambda: len(asked(driven, "run")) >= max(1, before))


async def test_the_errors_of_a_run_begin_with_the_sentence() -> None:
    async with drive() as driven:
        lynx = next(run for run in driven.connection.world.runs if run.name == "dusty-lynx")
        assert lynx.error is not None
        error = {**lynx.error, "message": "It went wrong.", "detail": "frame\n" * 200}
        await opened(driven, "dusty-lynx", ERRORS)
        driven.connection.event("run", lynx.id, lynx.replace(error=error, version=99))
        await driven.sees("It went wrong.", "frame")


async def test_the_errors_of_a_run() -> None:
    async with drive() as driven:
        await opened(driven, "dusty-lynx", ERRORS)
        await driven.sees("MHV-426", "KeyError: 'price'", "at node transform", "attempt 2", "recovered 1×")


async def test_from_a_checkpoint_to_its_state() -> None:
    async with drive() as driven:
        await opened(driven, "amber-otter", "4")
        await driven.sees("● now")
        await driven.press("j", "enter")
        await driven.until(lambda: ("run-0020", "1f0a0007") in asked(driven, "state"))
        await driven.sees("state at 1f0a0007")


async def test_from_a_visit_to_the_state_after_it() -> None:
    async with drive() as driven:
        await opened(driven, "amber-otter", "2")
        await driven.sees("TIMELINE")
        await driven.press("j", "j", "j", "j", "j", "j", "j", "enter")
        await driven.until(lambda: ("run-0020", "1f0a0006") in asked(driven, "state"))


async def test_from_a_node_of_the_dashboard_to_its_state() -> None:
    async with drive((200, 50)) as driven:
        await driven.cursor_on("amber-otter")
        await driven.until(lambda: driven.dashboard.following.now.loaded)
        await driven.press("2", "enter")
        await driven.until(lambda: isinstance(driven.app.screen, RunScreen))
        await driven.until(lambda: ("run-0020", "1f0a0001") in asked(driven, "state"))


async def test_from_the_checkpoints_pane() -> None:
    async with drive() as driven:
        await driven.cursor_on("amber-otter")
        await driven.press("3")
        await driven.sees("● now")
        await driven.press("enter")
        await driven.until(lambda: ("run-0020", "1f0a0008") in asked(driven, "state"))


async def test_a_state_that_cannot_be_read() -> None:
    async with drive() as driven:
        driven.connection.client.fail["state"] = MahavishnuError(ErrorCode.CHECKPOINT_UNKNOWN, "Gone.")
        await opened(driven, "amber-otter", "3")
        await driven.sees("MHV-107 Gone.", ":errors")


async def test_resuming_from_a_checkpoint_names_what_runs_again() -> None:
    async with drive() as driven:
        await driven.cursor_on("amber-otter")
        await driven.press("3")
        await driven.sees("● now")
        await driven.press("j", "j", "j", "r")
        await driven.sees("Resume amber-otter from step 5?", "runs again  test", "1f0a0005")
        focused = driven.app.screen.focused
        assert isinstance(focused, Button)
        assert focused.id == "no"
        await driven.press("enter")
        assert asked(driven, "resume") == []
        await driven.press("r", "right", "enter")
        await driven.until(lambda: asked(driven, "resume") == [("run-0020", "1f0a0005")])
        await driven.sees("goes on from step 5")


async def test_nothing_to_resume_after_the_end() -> None:
    async with drive() as driven:
        amber = driven.connection.world.runs[0].id
        stored = driven.connection.world.checkpoints[amber]
        driven.connection.world.checkpoints[amber] = [stored[0].replace(next=[])]
        await driven.cursor_on("amber-otter")
        await driven.press("3")
        await driven.sees("the end")
        await driven.press("r")
        await driven.sees("it is the end")


async def test_cancel_is_only_in_the_menu_and_asks() -> None:
    async with drive() as driven:
        await driven.cursor_on("amber-otter")
        await driven.press("x")
        await driven.sees("cancel …", "pause at the next step boundary")
        await driven.press("G", "enter")
        await driven.until(lambda: isinstance(driven.app.screen, ConfirmScreen))
        await driven.sees("Cancel amber-otter?", "run-0020", "staging")
        await driven.press("escape")
        assert asked(driven, "cancel") == []
        await driven.press("x", "G", "enter")
        await driven.until(lambda: isinstance(driven.app.screen, ConfirmScreen))
        await driven.press("right", "right", "enter")
        await driven.until(lambda: asked(driven, "cancel") == [("run-0020", 1)])
        await driven.sees("amber-otter is cancelled")


async def test_the_menu_can_be_left() -> None:
    async with drive() as driven:
        await driven.cursor_on("dusty-lynx")
        await driven.press("x")
        await driven.sees("retry: transform runs again")
        assert "cancel …" not in driven.text
        await driven.press("escape")
        await driven.until(lambda: len(driven.app.screen_stack) == 1)


async def test_pause_resume_and_retry() -> None:
    async with drive() as driven:
        await driven.cursor_on("amber-otter")
        await driven.press("p")
        await driven.sees("will pause at its next step boundary")
        await driven.press("r")
        await driven.sees("nothing to retry")
        await driven.cursor_on("frosty-gnu")
        await driven.press("p")
        await driven.sees("frosty-gnu goes on")
        await driven.cursor_on("dusty-lynx")
        await driven.press("p")
        await driven.sees("cannot be paused: it has ended")
        await driven.press("r")
        await driven.sees("goes on")
        await driven.cursor_on("brisk-heron")
        await driven.press("p")
        await driven.sees("a answers it")
        assert asked(driven, "pause") == [("run-0020",)]
        assert asked(driven, "resume") == [("run-0013", None), ("run-0015", None)]


async def test_an_act_that_is_refused_is_said() -> None:
    async with drive() as driven:
        driven.connection.client.fail["pause"] = MahavishnuError(
            ErrorCode.RUN_STATE, "amber-otter has ended.", "Look."
        )
        await driven.cursor_on("amber-otter")
        await driven.press("p")
        await driven.sees("MHV-101 amber-otter has ended.")


async def test_the_log_of_a_run_that_has_ended_is_that_of_its_projects_host() -> None:
    async with drive() as driven:
        workflow = driven.connection.world.workflows[0]
        ended = driven.connection.world.runs[0].replace(
            status="error", host_id=None, workflow_id=workflow.id, version=99
        )
        driven.connection.event("run", ended.id, ended)
        await driven.cursor_on("amber-otter")
        await driven.until(lambda: driven.dashboard.selected_run == ended)
        await driven.press("colon", *"logs", "enter")
        await driven.sees(f"log of host:{Project.from_json(workflow.project).id}")


async def test_details_raw_logs_and_copy() -> None:
    async with drive() as driven:
        await driven.cursor_on("amber-otter")
        await driven.press("d")
        await driven.sees("amber-otter · details", "thread_id")
        await driven.press("c")
        await driven.sees("copied")
        await driven.press("q", "y")
        await driven.sees("amber-otter · JSON", '"thread_id": "thread-0020"')
        await driven.press("q", "c")
        await driven.sees("copied: run-0020")
        await driven.press("colon", *"logs", "enter")
        await driven.sees("log of host:h1", "visit deploy evil")
        assert "\x1b" not in driven.text
        await driven.press("s")
        await driven.sees("log of server")
        await driven.press("c")
        await driven.sees("copied")
        driven.connection.event("run", "run-0020", driven.connection.world.runs[0].replace(step=10))
        before = len(asked(driven, "logs"))
        await driven.until(lambda: len(asked(driven, "logs")) > before)


async def test_a_log_that_cannot_be_read() -> None:
    async with drive() as driven:
        driven.connection.client.fail["logs"] = MahavishnuError(ErrorCode.SERVER_UNREACHABLE, "No server.")
        await driven.press("colon")
        await driven.type("logs")
        await driven.press("enter")
        await driven.sees("MHV-002", "cannot be read now")


async def to_release(driven: Drive) -> LaunchScreen:
    await driven.press("t")
    await driven.sees("Launch a workflow", "nightly-etl", "does not load")
    await driven.press("G", "k")
    screen = driven.app.screen
    assert isinstance(screen, LaunchScreen)
    await driven.until(lambda: screen.target is not None and screen.target.name == "release")
    await driven.until(lambda: screen.entry.as_form)
    return screen


async def test_launch_asks_for_what_the_schema_names() -> None:
    async with drive() as driven:
        screen = await to_release(driven)
        await driven.press("enter")
        await driven.until(lambda: isinstance(screen.focused, Input))
        await driven.sees("checked: 1 error. lost: Nothing leads to 'lost'")
        await driven.press("tab")
        await driven.type("x")
        await driven.press("escape")
        await driven.sees("esc again leaves; what was typed is not kept")
        await push(driven, "Launch")
        await driven.sees("MHV-429", "pace")
        await driven.press("shift+tab", "tab", "backspace", "backspace", "backspace", "backspace")
        await driven.type("2")
        await push(driven, "Launch")
        await driven.sees("zesty-yak: release is queued")
        ((sent,),) = asked(driven, "start_run")
        assert sent["input"] == {"version": "1.4.2", "pace": 2}


async def test_the_input_as_json_keeps_what_was_typed() -> None:
    async with drive() as driven:
        screen = await to_release(driven)
        await driven.press("enter")
        await driven.until(lambda: isinstance(screen.focused, Input))
        await driven.press("ctrl+t")
        await driven.until(lambda: isinstance(screen.focused, TextArea))
        editor = screen.query_one(JsonEditor)
        assert isinstance(editor.value, dict)
        assert editor.value["version"] == "1.4.2"
        editor.query_one(TextArea).text = '{"version": 3}'
        await push(driven, "Launch")
        await driven.sees("MHV-429", "version must be")
        editor.query_one(TextArea).text = "{"
        await push(driven, "Launch")
        await driven.sees("MHV-010")
        await driven.press("ctrl+t")
        await driven.sees("MHV-010 The input is not JSON: line 1")
        editor.query_one(TextArea).text = '{"version": "2", "more": [1]}'
        await driven.settle()
        await driven.press("ctrl+t")
        await driven.until(lambda: screen.entry.as_form)
        driven.connection.client.fail["start_run"] = MahavishnuError(ErrorCode.THREAD_BUSY, "Busy.")
        screen.query_one("#launch-thread", Input).value = "thread-7"
        await push(driven, "Launch")
        await driven.sees("MHV-102 Busy.")
        driven.connection.client.fail.clear()
        await push(driven, "Launch")
        await driven.sees("zesty-yak: release is queued")
        first, second = (call[0] for call in asked(driven, "start_run"))
        assert first["request_id"] == second["request_id"], "sent again it is the same run"
        assert (second["thread_id"], second["input"]) == ("thread-7", {"version": "2", "more": [1]})
        driven.connection.event("run", "run-0099", run(99, "zesty-yak", "release", "queued", 0))
        await driven.until(lambda: driven.dashboard.room.runs.cursor == "run-0099")


async def test_an_input_of_before_is_taken_again() -> None:
    async with drive() as driven:
        screen = await to_release(driven)
        await driven.press("ctrl+o")
        await driven.sees("Inputs of release so far", '{"version": "1.4.1", "pace": 0.5}')
        await driven.press("enter")
        await driven.until(lambda: driven.app.screen is screen)
        await driven.until(lambda: screen.entry.value == {"version": "1.4.1", "pace": 0.5})
        driven.connection.client.fail["inputs"] = MahavishnuError(ErrorCode.TIMEOUT, "Slow.")
        await driven.press("ctrl+o")
        await driven.sees("MHV-109 Slow.")


async def test_a_workflow_is_checked_before_it_is_launched() -> None:
    async with drive() as driven:
        screen = await to_release(driven)
        await push(driven, "Check")
        await driven.sees("ERROR    lost: Nothing leads to 'lost'", "→ Add an edge to it.", "NOTE")
        await driven.press("escape")
        await driven.until(lambda: driven.app.screen is screen)
        driven.connection.client.fail["validate"] = MahavishnuError(ErrorCode.LOAD_FAILED, "It is broken.")
        await push(driven, "Check")
        await driven.sees("MHV-420 It is broken.")


async def test_nothing_to_launch() -> None:
    from tests.unit.screens.test_dashboard import EMPTY

    async with drive(world=EMPTY) as driven:
        await driven.press("t")
        await driven.sees("No workflow is known")
        await push(driven, "Launch")
        await driven.sees("Nothing is chosen.")
        await driven.press("escape")
        await driven.until(lambda: len(driven.app.screen_stack) == 1)


async def test_without_a_run_the_keys_say_so() -> None:
    from tests.unit.screens.test_dashboard import EMPTY

    async with drive(world=EMPTY) as driven:
        for key in ("p", "r", "x", "d", "y"):
            await driven.press(key)
            await driven.sees("No run is selected.")
        await driven.press("c")
        await driven.sees("Nothing to copy here.")


async def test_copying_what_is_under_the_cursor() -> None:
    async with drive() as driven:
        await driven.press("4", "c")
        await driven.sees("copied: run-0017.ask")
        await driven.press("1")
        await opened(driven, "amber-otter", "4")
        await driven.sees("● now")
        await driven.press("c")
        await driven.sees("copied: 1f0a0008")
        await driven.press("7")
        await driven.sees("execution path")
        await driven.press("c")
        await driven.sees("copied: {", " lines)")


async def test_too_long_to_copy_goes_to_a_private_file() -> None:
    async with drive() as driven:
        driven.dashboard.copy("x" * 100_000)
        await driven.sees("written to")


async def test_pools_lead_to_the_log_of_a_host() -> None:
    async with drive() as driven:
        await driven.press("6")
        await driven.sees("flows")
        await driven.press("G", "enter")
        await driven.sees("log of host:h1")


async def test_a_run_screen_survives_the_loss_of_the_server() -> None:
    async with drive() as driven:
        await opened(driven, "amber-otter", "2")
        driven.connection.link("lost", since=NOW - 3, attempt=1)
        await driven.sees("STALE 3s", "deploy")
        driven.connection.live()
        await driven.until(lambda: "STALE" not in driven.text)
