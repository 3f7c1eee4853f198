"""The ledger's screen and the audit tab."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, get_args

import pytest

from mahavishnu_tui.models import Act, ErrorCode, LedgerEntry, MahavishnuError
from mahavishnu_tui.models.act import Deed
from mahavishnu_tui.models.ledger_filter import LedgerFilter
from mahavishnu_tui.screens import ledger as ledger_module
from mahavishnu_tui.screens.audit_rows import act_row
from mahavishnu_tui.screens.document import DocumentScreen
from mahavishnu_tui.screens.ledger import LedgerScreen
from mahavishnu_tui.screens.ledger_query import parse_query
from mahavishnu_tui.widgets.table import VirtualTable
from tests.snapshots.scenes import NOW, World, world
from tests.unit.screens.driving import Drive, drive


async def opened(driven: Drive) -> LedgerScreen:
    await driven.press(":")
    await driven.type("ledger")
    await driven.press("enter")
    await driven.until(lambda: isinstance(driven.app.screen, LedgerScreen))
    screen = driven.app.screen
    assert isinstance(screen, LedgerScreen)
    return screen


def asked(driven: Drive) -> list[tuple[Any, ...]]:
    return [call[1:] for call in driven.calls if call[0] == "ledger"]


async def test_answers_are_listed_with_what_became_of_them() -> None:
    async with drive((120, 40)) as driven:
        await opened(driven)
        await driven.sees("ledger · 5 answers", "applied → deploy", "not used: the run", "deadline")
        assert "\x1b" not in driven.text


def test_every_act_has_a_word() -> None:
    for deed in get_args(Deed):
        row = act_row(Act(seq=1, run_id="r", at=NOW, by="ana", what=deed), {})
        assert row.cells[2].text.endswith(("d", "d out", "priority")), deed


async def test_enter_shows_the_proof_of_an_answer() -> None:
    async with drive((120, 40)) as driven:
        screen = await opened(driven)
        await driven.until(lambda: screen.table.move_to("4818"))
        await driven.press("enter")
        await driven.until(lambda: isinstance(driven.app.screen, DocumentScreen))
        await driven.sees("answer #4818", "question hash", "5d1e0c99aa314818", "1f0a0008", "checkpoint after")
        await driven.press("escape")
        await driven.until(lambda: driven.app.screen is screen)


async def test_a_search_is_made_on_the_server_and_escape_clears_it() -> None:
    async with drive() as driven:
        await opened(driven)
        await driven.sees("5 answers")
        await driven.press("/")
        await driven.type("by:bob")
        await driven.press("enter")
        await driven.sees("1 answer · search by:bob")
        assert asked(driven)[-1][-1] == LedgerFilter(by="bob")
        await driven.press("/")
        await driven.type(" applied:maybe")
        await driven.press("enter")
        await driven.sees("MHV-010", "neither applied:yes")
        await driven.press("escape")
        await driven.sees("ledger · 5 answers")
        await driven.press("escape")
        await driven.until(lambda: len(driven.app.screen_stack) == 1)


async def test_nothing_found_and_nothing_there_look_different() -> None:
    async with drive() as driven:
        await opened(driven)
        await driven.sees("5 answers")
        await driven.press("/")
        await driven.type("nowhere")
        await driven.press("enter")
        await driven.sees("No answer matches; esc clears the search")
        await driven.press("E")
        await driven.sees("there is no answer to export")
    async with drive(world=World([], [], [], [], {}, {}, [])) as driven:
        await opened(driven)
        await driven.sees("No question has been answered yet.")


async def test_older_answers_come_when_the_cursor_gets_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "PAGE", 2)
    async with drive() as driven:
        screen = await opened(driven)
        await driven.sees("ledger · 2+ answers")
        await driven.press("G")
        await driven.sees("ledger · 4+ answers")
        await driven.press("G")
        await driven.sees("ledger · 5 answers")
        assert [call[1] for call in asked(driven)] == [None, 4820, 4818]
        assert [row.key for row in screen.table.rows] == ["4821", "4820", "4819", "4818", "4817"]


async def test_a_new_answer_appears_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "AGAIN", 0.01)
    async with drive() as driven:
        await opened(driven)
        await driven.sees("5 answers")
        given = driven.connection.world
        given.ledger.append(given.ledger[0].replace(seq=4822))
        driven.connection.event("act", "9", Act(9, "run-0020", NOW, "ana", "answer", {}))
        await driven.sees("6 answers")


async def test_a_server_that_cannot_tell_is_said_and_asked_again() -> None:
    async with drive() as driven:
        driven.connection.client.fail["ledger"] = MahavishnuError(ErrorCode.TIMEOUT, "No answer in 30 s.")
        await opened(driven)
        await driven.sees("The ledger cannot be read now")
        driven.connection.client.fail.clear()
        await driven.press("ctrl+r")
        await driven.sees("5 answers")


async def test_the_export_goes_into_a_private_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    async with drive() as driven:
        await opened(driven)
        await driven.sees("5 answers")
        await driven.press("e")
        await driven.sees(".csv: 9 bytes, mode 0600")
        (path,) = tmp_path.iterdir()
        assert f"~/{path.name}" in driven.text
        assert (path.suffix, path.read_text(), path.stat().st_mode & 0o777) == (".csv", "all of it", 0o600)
        driven.connection.client.fail["export_ledger"] = MahavishnuError(ErrorCode.TIMEOUT, "Too slow.")
        await driven.press("E")
        await driven.sees("MHV-109")
        assert list(tmp_path.iterdir()) == [path]


async def test_the_audit_says_who_did_what_and_leads_to_the_proof() -> None:
    async with drive((120, 40)) as driven:
        await driven.cursor_on("amber-otter")
        await driven.press("enter")
        await driven.press("[", "[")
        await driven.sees(
            "started", "claimed", "over the claim of bob", "applied → fix", "escalated", "green now"
        )
        table = driven.app.screen.query_one("#audit", VirtualTable)
        await driven.until(lambda: table.move_to("3"))
        await driven.press("enter")
        await driven.sees("answer #4817", "tests are red")
        await driven.press("escape")
        await driven.until(lambda: table.move_to("2"))
        await driven.press("enter")
        await driven.sees("claim by bob@bastion-1")


async def test_the_audit_grows_while_it_is_looked_at() -> None:
    async with drive((120, 40)) as driven:
        await driven.cursor_on("amber-otter")
        await driven.press("enter", "[", "[")
        await driven.sees("started")
        act = Act(8, "run-0020", NOW, "eve", "cancel", {"status": "running"})
        driven.connection.world.acts.append(act)
        driven.connection.event("act", "8", act)
        await driven.sees("eve", "cancelled")


async def test_an_audit_that_cannot_be_read_says_so() -> None:
    async with drive((120, 40)) as driven:
        driven.connection.client.fail["acts"] = MahavishnuError(ErrorCode.TIMEOUT, "Too slow.")
        await driven.cursor_on("amber-otter")
        await driven.press("enter", "[", "[")
        await driven.sees("MHV-109", "Too slow.")


def test_searches_are_understood() -> None:
    at = time.mktime((2026, 11, 20, 14, 30, 0, 0, 0, -1))
    assert parse_query('refund by:ana "500 EUR" node:ask') == LedgerFilter(
        text="refund 500 EUR", by="ana", node="ask"
    )
    assert parse_query("from:2026-11-20T14:30 to:2026-11-21").since == at
    assert parse_query("since:2026-11-20T14:30 until:2026-11-21") == parse_query(
        "from:2026-11-20T14:30 to:2026-11-21"
    )
    assert parse_query("http://x it's") == LedgerFilter(text="http://x it's")
    with pytest.raises(MahavishnuError, match="no time"):
        parse_query("from:soon")


def test_entries_of_the_world_are_whole() -> None:
    assert all(LedgerEntry.from_json(item.to_json()) == item for item in world().ledger)
