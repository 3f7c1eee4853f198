"""What operators do with checkpoints: compare, search, edit, keep, rewind, prune."""

from __future__ import annotations

from typing import Any

from textual.widgets import Button, Input, TextArea

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.screens.asking import AskScreen
from mahavishnu_tui.screens.confirm import ConfirmScreen
from mahavishnu_tui.screens.diffing import DiffScreen
from mahavishnu_tui.screens.document import DocumentScreen
from mahavishnu_tui.screens.editing import EditScreen
from mahavishnu_tui.screens.run import RunScreen
from mahavishnu_tui.screens.searching import StateSearch
from mahavishnu_tui.widgets.json_editor import JsonEditor
from tests.unit.screens.driving import Drive, drive

MOVED = MahavishnuError(ErrorCode.CHECKPOINT_MOVED, "The thread has gone on.", "Look again.")


def asked(driven: Drive, name: str) -> list[tuple[Any, ...]]:
    return [call[1:] for call in driven.calls if call[0] == name]


async def listed(driven: Drive, name: str = "amber-otter", status: str = "paused") -> str:
    """The cursor on the newest checkpoint of a run that rests; the run's id."""
    run = next(run for run in driven.connection.world.runs if run.name == name)
    if status:
        driven.connection.event("run", run.id, run.replace(status=status, version=9))
    await driven.cursor_on(name)
    await driven.until(lambda: driven.dashboard.following.now.checkpoints)
    await driven.press("3")
    await driven.until(lambda: driven.dashboard.room.checkpoints.current)
    return run.id


def ids(driven: Drive) -> list[str]:
    return [item.id for item in driven.dashboard.room.checkpoints.checkpoints]


async def test_a_checkpoint_is_compared_with_its_parent_or_with_a_marked_one() -> None:
    async with drive((120, 40)) as driven:
        run_id = await listed(driven)
        await driven.press("D")
        await driven.until(lambda: isinstance(driven.app.screen, DiffScreen))
        await driven.sees("+ added", "− removed", "~ changed", "changes[1]", "= equal", "1 added, 1 removed")
        assert asked(driven, "diff") == [(run_id, "parent", ids(driven)[0])]
        await driven.press("enter")
        await driven.until(lambda: isinstance(driven.app.screen, DocumentScreen))
        await driven.press("escape", "escape")
        await driven.press("space", "down", "D")
        await driven.until(lambda: isinstance(driven.app.screen, DiffScreen))
        assert asked(driven, "diff")[-1] == (run_id, *sorted((ids(driven)[0], ids(driven)[2])))
        await driven.press("escape", "space", "space", "D")
        await driven.sees("not more")


async def test_a_comparison_that_cannot_be_had_says_why() -> None:
    async with drive((120, 40)) as driven:
        driven.connection.client.fail["diff"] = MOVED
        await listed(driven)
        await driven.press("D")
        await driven.sees("MHV-121 The thread has gone on")


async def test_an_edit_is_seen_before_it_is_made() -> None:
    async with drive((120, 40)) as driven:
        run_id = await listed(driven)
        await driven.press("e")
        await driven.until(lambda: isinstance(driven.app.screen, EditScreen))
        screen = driven.app.screen
        make = screen.query_one("#make", Button)
        assert make.disabled
        screen.query_one(TextArea).load_text("{no")
        await driven.press("ctrl+t")
        await driven.sees("The values are not JSON")
        screen.query_one(JsonEditor).load({"changes": ["z"]})
        await driven.settle()
        await driven.press("ctrl+t")
        await driven.sees("as build: 1 added. Resumed, it runs test.", "Drops an open question", "+ added")
        assert not make.disabled
        screen.query_one("#edit-node", Input).value = "build"
        await driven.until(lambda: make.disabled)
        await driven.press("ctrl+t")
        await driven.until(lambda: not make.disabled)
        assert asked(driven, "edit_state") == []
        make.press()
        await driven.sees("state edited; it is paused")
        (_, order, version) = asked(driven, "edit_state")[0]
        assert (order.values, order.as_node, order.seen, version) == (
            {"changes": ["z"]},
            "build",
            "latest-id",
            9,
        )
        assert order.checkpoint_id == ids(driven)[0]
        assert len(asked(driven, "checkpoints")) > 1
        assert run_id == asked(driven, "edit_state")[0][0]


async def test_an_edit_that_is_refused_stays_open_and_says_why() -> None:
    async with drive((80, 24)) as driven:
        await listed(driven)
        await driven.press("e")
        await driven.until(lambda: isinstance(driven.app.screen, EditScreen))
        await driven.press("ctrl+t")
        make = driven.app.screen.query_one("#make", Button)
        await driven.until(lambda: not make.disabled)
        driven.connection.client.fail["edit_state"] = MOVED
        make.press()
        await driven.sees("MHV-121 The thread has gone on")
        assert make.disabled
        driven.connection.client.fail["preview_edit"] = MOVED
        await driven.press("ctrl+t")
        await driven.until(lambda: len(asked(driven, "preview_edit")) == 2)
        driven.app.screen.query_one("#edit-node", Input).value = "review"
        await driven.press("escape")
        await driven.sees("esc again leaves; what was typed is not kept")
        await driven.press("escape")
        await driven.until(lambda: not isinstance(driven.app.screen, EditScreen))


async def test_a_run_at_work_is_not_edited() -> None:
    async with drive() as driven:
        await listed(driven, status="")
        await driven.press("e")
        await driven.sees("pause it first")


async def test_a_name_and_a_pin_keep_checkpoints() -> None:
    async with drive((120, 40)) as driven:
        run_id = await listed(driven)
        await driven.press("P")
        await driven.until(lambda: asked(driven, "pin") == [(run_id, True)])
        await driven.sees("pinned, its checkpoints stay")
        await driven.press("T")
        await driven.until(lambda: isinstance(driven.app.screen, AskScreen))
        await driven.type("good")
        await driven.press("enter")
        await driven.until(lambda: asked(driven, "tag") == [(run_id, ids(driven)[0], "good", False)])
        await driven.press("T", "escape")
        assert len(asked(driven, "tag")) == 1


async def choose(driven: Drive, action: str) -> None:
    await driven.press("x")
    table = driven.app.screen.query_one("#actions-list")
    assert table.move_to(action), driven.text  # type: ignore[attr-defined]
    await driven.press("enter")


async def test_rewinding_is_asked_and_names_what_was_seen() -> None:
    async with drive((120, 40)) as driven:
        run_id = await listed(driven)
        await driven.press("down")
        await choose(driven, "rewind")
        await driven.until(lambda: isinstance(driven.app.screen, ConfirmScreen))
        await driven.sees("Nothing is run")
        driven.app.screen.query_one("#yes", Button).press()
        await driven.until(lambda: asked(driven, "edit_state"))
        (_, order, _) = asked(driven, "edit_state")[0]
        assert (order.as_node, order.checkpoint_id, order.values) == ("__copy__", ids(driven)[1], None)
        assert order.seen == ids(driven)[0]
        assert run_id == asked(driven, "edit_state")[0][0]
        await driven.sees("is at step")


async def test_pruning_wants_its_number_typed() -> None:
    async with drive((120, 40)) as driven:
        run_id = await listed(driven, status="success")
        await choose(driven, "prune")
        await driven.until(lambda: isinstance(driven.app.screen, AskScreen))
        await driven.sees("3 checkpoints, 4.1 KB")
        await driven.type("4")
        await driven.press("enter")
        await driven.sees("Type 3 to do it")
        await driven.press("backspace", "3", "enter")
        await driven.until(lambda: asked(driven, "prune") == [(run_id, None), (run_id, 3)])
        await driven.sees("3 checkpoints removed")


async def test_what_cannot_be_pruned_or_edited_now_is_not_offered() -> None:
    async with drive((120, 40)) as driven:
        await listed(driven, status="")
        await driven.press("x")
        assert "prune" not in driven.text
        assert "rewind" not in driven.text
    async with drive((120, 40), readonly=True) as driven:
        await listed(driven)
        await driven.press("e", "P", "T")
        assert [name for name, *_ in driven.calls if name in ("pin", "tag", "preview_edit")] == []
        await driven.press("x")
        assert "rewind" not in driven.text
        await driven.press("escape", "D")
        await driven.until(lambda: isinstance(driven.app.screen, DiffScreen))


async def test_a_text_is_found_in_all_states_page_by_page() -> None:
    async with drive((120, 40)) as driven:
        run_id = await listed(driven)
        await driven.press("S")
        await driven.until(lambda: isinstance(driven.app.screen, StateSearch))
        await driven.type("changes=feature")
        await driven.press("enter")
        await driven.sees("changes[0]", "3 more in this checkpoint")
        assert asked(driven, "search_state")[:2] == [
            (run_id, "feature", "changes", ""),
            (run_id, "feature", "changes", "more"),
        ]
        await driven.press("enter")
        await driven.until(lambda: isinstance(driven.app.screen, RunScreen))
        screen = driven.app.screen
        assert isinstance(screen, RunScreen)
        assert (screen.tab, screen.view.checkpoint_id) == ("state", ids(driven)[0])


async def test_a_text_that_is_nowhere_and_a_search_that_fails_say_so() -> None:
    async with drive((120, 40)) as driven:
        await listed(driven)
        await driven.press("S")
        await driven.type("nowhere")
        await driven.press("enter")
        await driven.sees("Not found in")
        driven.connection.client.fail["search_state"] = MOVED
        driven.app.screen.query_one("#search-line", Input).focus()
        await driven.press("enter")
        await driven.sees("MHV-121")


async def test_the_keys_work_in_the_tab_of_a_run_and_nowhere_else() -> None:
    async with drive((120, 40)) as driven:
        await listed(driven)
        await driven.press("1", "D", "e")
        assert driven.app.screen is driven.dashboard
        assert asked(driven, "diff") == []
        await driven.press("enter", "4")
        await driven.until(
            lambda: isinstance(driven.app.screen, RunScreen) and driven.app.screen.selected_checkpoint
        )
        await driven.press("D")
        await driven.until(lambda: isinstance(driven.app.screen, DiffScreen))


async def test_branches_tags_and_growth_are_listed() -> None:
    async with drive((200, 50)) as driven:
        amber = driven.connection.world.runs[0].id
        found = driven.connection.world.checkpoints[amber]
        found[0] = found[0].replace(pinned=True, size=90_000_000)
        found[1] = found[1].replace(tags=["good"], label="by hand")
        found[2] = found[2].replace(branch="b1")
        await listed(driven)
        await driven.sees("good by hand", "↳ b1", "pinned", "a step", "prune it")
