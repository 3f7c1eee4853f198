"""Schedules: the pane, what is done to them, the form with its preview."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.models.prefect import PrefectInfo
from mahavishnu_tui.models.schedule import SchedulePreview, ScheduleRule
from mahavishnu_tui.screens.schedules.form import ScheduleScreen
from mahavishnu_tui.screens.schedules.rules import read_moment, read_rule, read_span, typed
from tests.snapshots.flow_scenes import flows
from tests.snapshots.scenes import NOW, World
from tests.unit.screens.driving import Drive, drive


async def pane(driven: Drive, row: int = 0) -> None:
    await driven.press("5")
    await driven.sees("report/")
    await driven.press("g", *["j"] * row)


async def test_the_pane_says_when_what_is_late_and_what_is_held() -> None:
    async with drive((120, 40), world=flows()) as driven:
        await driven.press("5", "f")
        await driven.sees(
            "7 · 12 runs late", "LATE 5m", "⚠ 12 late", "in 2m", "in 11h54m", "~in 11h54m", "Paris"
        )
        await driven.sees("⏸ paused", "⏸ dep. paused", "once", "in 6d")
        await driven.press("slash")
        await driven.type("state:late")
        await driven.press("enter")
        await driven.sees("1 of 7", "report/weekly")
        assert "sweep" not in driven.text


async def test_a_schedule_in_full_with_its_next_starts() -> None:
    async with drive((120, 40), world=flows()) as driven:
        await pane(driven, 2)
        await driven.press("enter")
        await driven.sees(
            "0 2 * * *", "Europe/Paris", '{"limit": 5000}', "exact, as the server reckons", "in 20h"
        )
        asked = next(call for call in driven.calls if call[0] == "preview_schedule")
        assert asked[1] == ScheduleRule("cron", cron="0 2 * * *", timezone="Europe/Paris")
        await driven.press("escape", "y")
        await driven.sees('"schedule_id": "s1"')


async def test_pause_run_now_skip_and_delete() -> None:
    async with drive(world=flows()) as driven:
        await pane(driven)
        await driven.press("p")
        await driven.sees("is paused: it makes no runs")
        assert ("change_schedule", "dep-etl.s3", "v3", {"active": False}) in driven.calls
        await driven.press("r")
        await driven.sees("calm-boa is queued")
        await driven.press("x")
        await driven.sees("skip the backlog: delete 12 late runs")
        driven.app.screen.dismiss("skip")
        await driven.sees("Skip the backlog of report/weekly?", "Type 12 to do it")
        await driven.press("1", "enter")
        assert not [call for call in driven.calls if call[0] == "skip_backlog"]
        await driven.press("2", "enter")
        await driven.sees("12 of 12 deleted")
        await driven.press("x")
        driven.app.screen.dismiss("delete")
        await driven.sees("Delete this schedule?")
        await driven.press("right", "enter")
        await driven.sees("schedule deleted")
        await driven.press("G", "p")
        await driven.sees("cannot be paused: delete it")
        await driven.press("e")
        await driven.sees("is not edited: delete it")


async def test_a_rule_is_previewed_while_it_is_typed_and_saved_with_its_parameters() -> None:
    async with drive((120, 40), world=flows()) as driven:
        await pane(driven)
        await driven.press("n")
        await driven.sees("New schedule", "nightly-etl/prod", "minute hour day month weekday")
        screen = driven.app.screen
        assert isinstance(screen, ScheduleScreen)
        await driven.until(lambda: screen.target is not None)
        assert screen._table is not None
        screen._table.move_to("dep-etl")
        await driven.press("enter")
        await driven.type("99 * * * *")
        await driven.sees("MHV-404", "minute 99")
        await driven.press("home", "delete", "delete", "5")
        await driven.sees("starts (exact)", "in 1h")
        await driven.press("tab", "tab")
        await driven.type("2026-09-20")
        screen.query_one("#go").press()  # type: ignore[attr-defined]
        await driven.sees("schedule made; it starts first")
        made = next(call for call in driven.calls if call[0] == "create_schedule")
        assert made[1].cron == "5 * * * *"
        assert made[2]["deployment_id"] == "dep-etl"
        assert made[2]["parameters"] == {"day": "2026-09-20", "limit": 5000, "dry": False}


async def test_a_change_of_the_rule_leaves_the_parameters_alone_and_shows_collisions() -> None:
    async with drive((120, 40), world=flows()) as driven:
        await pane(driven, 2)
        conflicts = ["sweep/all at 02:00"]
        driven.connection.client.preview = SchedulePreview([NOW + 60], False, conflicts=conflicts)
        await driven.press("e")
        await driven.sees(
            "Change a schedule", "an estimate", "CONFLICT sweep/all at 02:00", "which day to load"
        )
        screen = driven.app.screen
        screen.query_one("#go").press()  # type: ignore[attr-defined]
        await driven.sees("schedule changed")
        rule = ScheduleRule("cron", cron="0 2 * * *", timezone="Europe/Paris")
        assert ("change_schedule", "dep-etl.s1", "v1", {"rule": rule}) in driven.calls
        await driven.press("e")
        await driven.sees("which day to load")
        driven.app.screen.query_one("LineInput").focus()
        await driven.type("soon")
        driven.app.screen.query_one("#go").press()  # type: ignore[attr-defined]
        await driven.sees("MHV-429 day", "✘")
        await driven.press("escape")
        await driven.sees("esc again leaves; what was typed is not kept")
        await driven.press("escape")
        await driven.until(lambda: not isinstance(driven.app.screen, ScheduleScreen))


async def test_a_collision_is_wanted_only_when_it_is_saved_once_more() -> None:
    async with drive((120, 40), world=flows()) as driven:
        await driven.press("5", "n")
        await driven.sees("New schedule", "nightly-etl/prod")
        screen = driven.app.screen
        assert isinstance(screen, ScheduleScreen)
        assert screen._table is not None
        screen._table.move_to("wf-refund")
        await driven.press("enter")
        await driven.type("@daily")
        conflict = MahavishnuError("MHV-404", "It collides with another schedule.", conflicts=["at 02:00"])
        driven.connection.client.fail["create_schedule"] = conflict
        screen.query_one("#go").press()  # type: ignore[attr-defined]
        await driven.sees("It collides with another schedule.", "Save once more")
        del driven.connection.client.fail["create_schedule"]
        screen.query_one("#go").press()  # type: ignore[attr-defined]
        await driven.sees("schedule made")
        made = [call[2] for call in driven.calls if call[0] == "create_schedule"]
        assert [item["force"] for item in made] == [False, True]
        assert made[1]["workflow_id"] == "wf-refund"
        assert made[1]["parameters"] == {"input": None}


async def test_without_prefect_it_says_why_and_how_to_have_one() -> None:
    given_ = World([], [], [], [], {}, {}, [], needs=[])
    given_.flows.info = PrefectInfo("auto", "off")
    async with drive(world=given_) as driven:
        await driven.press("5")
        await driven.sees("Prefect is off. `:prefect start` starts an embedded one")
        assert "n new" not in driven.text
        driven.connection.event("prefect", "prefect", PrefectInfo("auto", "starting", since=NOW - 3))
        await driven.sees("Prefect is starting", "starting 3s…")
        lost = PrefectInfo("remote", "lost", error={"code": "MHV-400", "message": "Connection refused."})
        driven.connection.event("prefect", "prefect", lost)
        await driven.sees("Connection refused. (:prefect says more)")
        unknown = "what Prefect has is not known: Connection refused."
        for key, said in (("4", "No graph waits for you"), ("!", "Nothing of ours needs you")):
            await driven.press(key)
            await driven.until(lambda said=said: f"{said}; {unknown}" in " ".join(driven.text.split()))  # type: ignore[misc]
        await driven.press("escape", "ctrl+f")
        await driven.sees("search every run")
        await driven.type("zebra")
        await driven.until(lambda: f"No run has zebra; {unknown}" in " ".join(driven.text.split()))
        await driven.press("escape", "5")
        driven.connection.event("prefect", "prefect", PrefectInfo("remote", "ready", seen_at=NOW, live=True))
        await driven.sees("No schedules: n makes one", "n new")
        assert "e edit" not in driven.text, "there is nothing to edit"


async def test_a_list_that_has_changed_is_asked_for_again() -> None:
    async with drive(world=flows()) as driven:
        await pane(driven)
        driven.connection.world.schedules = driven.connection.world.schedules[1:]
        driven.connection.listed("schedules")
        await driven.until(lambda: "report/weekly" not in driven.text)
        await driven.press("1")
        driven.connection.world.schedules = driven.connection.world.schedules[1:]
        driven.connection.listed("schedules")  # while nobody sees it
        await driven.settle()
        await driven.press("5")
        await driven.until(lambda: "old/legacy" in driven.text and "sweep/all" not in driven.text)


def test_moments_and_spans() -> None:
    assert read_span("1h30m") == 5400
    assert read_span("every 10m") == 600
    assert read_span("90") == 90
    assert read_moment("in 2h", "UTC", NOW) == NOW + 7200
    assert read_moment("14:13", "UTC", NOW) == NOW - 20 + 86400, "the next one"
    assert read_moment("15:13:20", "UTC", NOW) == NOW + 3600
    assert read_moment("2026-09-21 16:13:20", "Europe/Paris", NOW) == NOW
    assert read_moment("2026-09-21T14:13:20+00:00", "Europe/Paris", NOW) == NOW
    for text, zone in (("soon", "UTC"), ("25:00", "UTC"), ("02:00", "Mars/Olympus"), ("in -3", "UTC")):
        with pytest.raises(MahavishnuError, match=r"is no|There is no|is no time"):
            read_moment(text, zone, NOW)


@given(st.text(max_size=40), st.sampled_from(["cron", "interval", "rrule", "once"]), st.text(max_size=20))
def test_whatever_is_typed_is_a_rule_or_one_sentence(text: str, kind: str, zone: str) -> None:
    try:
        rule = read_rule(kind, text, zone, NOW)  # type: ignore[arg-type]
    except MahavishnuError as error:
        found = error.code.value
    else:
        found = rule.kind
    assert found in (kind, "MHV-010")


def test_a_rule_is_typed_as_it_was() -> None:
    for rule in (
        ScheduleRule("cron", cron="0 2 * * *"),
        ScheduleRule("interval", interval=5400),
        ScheduleRule("rrule", rrule="DTSTART:20260101T000000\nRRULE:FREQ=DAILY"),
    ):
        again = read_rule(rule.kind, typed(rule), rule.timezone, NOW)
        assert again == rule
