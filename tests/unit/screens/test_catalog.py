"""Pools, deployments, problems, limits, Prefect itself, and launching a deployment."""

from __future__ import annotations

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.prefect import BulkResult, PrefectInfo
from mahavishnu_tui.screens.catalog.deployments import DeploymentsScreen
from mahavishnu_tui.screens.launch import LaunchScreen
from mahavishnu_tui.screens.launch.targets import TargetTable
from tests.snapshots.flow_scenes import READY, flows
from tests.snapshots.flows import flow_run
from tests.snapshots.scenes import NOW
from tests.unit.screens.driving import Drive, drive


async def command(driven: Drive, text: str) -> None:
    await driven.press("colon")
    await driven.type(text)
    await driven.press("enter")


async def test_pools_unfold_into_queues_and_workers() -> None:
    async with drive(world=flows()) as driven:
        await driven.press("6")
        await driven.sees("▸ k8s-prod", "38/50", "9 late", "⏸ paused", "40/64 slots · 9 late")
        assert "k8s-worker-1" not in driven.text
        await driven.press("z")
        await driven.sees("▾ k8s-prod", "└ bulk", "≤10", "└ k8s-worker-1", "no heartbeat 3m")
        await driven.press("z", "g", "j", "j", "enter")
        await driven.sees("▾ k8s-prod")
        await driven.press("j", "j", "o")
        await driven.sees("▸ k8s-prod")
        pools = driven.connection.world.pools
        at = next(place for place, pool in enumerate(pools) if pool.name == "k8s-prod")
        pools[at] = pools[at].replace(used=39)
        begun = flow_run(77, "begun", "running", 1.0, state="Running")
        driven.connection.event("run", begun.id, begun)
        await driven.sees("39/50")


async def test_pools_and_queues_are_paused_and_resized_as_they_were_seen() -> None:
    async with drive(world=flows()) as driven:
        await driven.press("6")
        await driven.sees("k8s-prod")
        await driven.press("p")
        await driven.sees("No work pool: its limit")
        table = driven.dashboard.room.pools.table
        table.move_to("pool:local")
        await driven.press("p")
        await driven.sees("local is at work again")
        assert ("change_pool", "local", {"seen": "a2", "paused": False}) in driven.calls
        table.move_to("pool:k8s-prod")
        await driven.press("o")
        table.move_to("queue:k8s-prod/bulk")
        await driven.press("e")
        await driven.sees("in k8s-prod/bulk")
        await driven.press("backspace", "backspace", "x", "enter")
        await driven.sees("The limit is a whole number")
        await driven.press("backspace", "4", "enter")
        await driven.sees("k8s-prod/bulk: at most 4 runs at work")
        assert ("change_pool", "k8s-prod", {"seen": "a1", "limit": 4, "queue": "bulk"}) in driven.calls


async def test_deployments_and_one_in_full() -> None:
    async with drive((120, 60), world=flows()) as driven:
        await command(driven, "dep")
        await driven.sees("deployments · 3 · 1 paused", "nightly-etl/prod", "k8s-prod", "2/3", "⚠ not ready")
        await driven.press("enter")
        await driven.sees(
            "PARAMETERS", "which day to load", "= 5000", "required", "RECENT RUNS", "calm-cobra"
        )
        await driven.sees("VERSIONS", "2 (current)", "SCHEDULES", "every 10m")
        await driven.press("escape", "slash")
        await driven.type("state:paused")
        await driven.press("enter")
        await driven.sees("1 of 3", "old/legacy")
        await driven.press("escape")
        await driven.sees("deployments · 3")
        await driven.press("escape")
        await driven.until(lambda: driven.app.screen is driven.dashboard)


async def test_a_deployment_is_paused_and_deleted_after_asking() -> None:
    async with drive(world=flows()) as driven:
        await command(driven, "deployments")
        await driven.sees("nightly-etl/prod")
        await driven.press("p")
        await driven.sees("Pause nightly-etl/prod?", "are deleted, and made")
        await driven.press("right", "enter")
        await driven.sees("is paused: its schedules make no runs")
        assert ("change_deployment", "dep-etl", "d1", {"paused": True}) in driven.calls
        await driven.press("x")
        driven.app.screen.dismiss("delete")
        await driven.sees("Type nightly-etl/prod to do it")
        await driven.type("nightly-etl/prod")
        driven.connection.client.fail["delete_deployment"] = MahavishnuError(
            ErrorCode.RUN_STATE, "It has changed since it was shown."
        )
        await driven.press("enter")
        await driven.sees("MHV-101 It has changed")
        await driven.press("s")
        await driven.sees("New schedule")


async def test_a_deployment_is_launched_with_form_time_tags_and_pool() -> None:
    async with drive((120, 40), world=flows()) as driven:
        await command(driven, "dep")
        await driven.sees("nightly-etl/prod")
        await driven.press("t")
        await driven.sees("which day to load", "when (empty: now)", "Pool: its own")
        screen = driven.app.screen
        assert isinstance(screen, LaunchScreen)
        await driven.press("enter")
        await driven.type("20 Sept")
        screen.query_one("#go").press()  # type: ignore[attr-defined]
        await driven.sees("✘")
        await driven.press(*["backspace"] * 7)
        await driven.type("2026-09-20")
        for name, text in {"when": "in 2h", "name": "by-hand", "tags": "night, etl"}.items():
            screen.query_one(f"#launch-{name}").value = text  # type: ignore[attr-defined]
        screen.query_one("#pool").press()  # type: ignore[attr-defined]
        await driven.sees("Pool: least-loaded", "pool k8s-prod: 3 of 50 slots, the others are fuller")
        screen.query_one("#go").press()  # type: ignore[attr-defined]
        await driven.until(lambda: isinstance(driven.app.screen, DeploymentsScreen))
        await driven.sees("vast-oriole: nightly-etl/prod is queued")
        _, identity, sent = next(call for call in driven.calls if call[0] == "run_deployment")
        assert identity == "dep-etl"
        assert sent["parameters"] == {"day": "2026-09-20", "limit": 5000, "dry": False}
        assert (sent["at"], sent["name"], sent["tags"]) == (NOW + 7200, "by-hand", ["night", "etl"])
        assert sent["selector"] == "least-loaded"


async def test_a_time_that_is_none_and_parameters_that_the_server_refuses() -> None:
    async with drive((120, 40), world=flows()) as driven:
        await driven.press("t")
        await driven.sees("nightly-etl/prod")
        screen = driven.app.screen
        screen.query_one(TargetTable).move_to("dep-etl")
        await driven.sees("which day to load")
        await driven.press("enter")
        await driven.type("2026-09-20")
        screen.query_one("#launch-when").value = "soon"  # type: ignore[attr-defined]
        screen.query_one("#go").press()  # type: ignore[attr-defined]
        await driven.sees("'soon' is no time")
        screen.query_one("#launch-when").value = ""  # type: ignore[attr-defined]
        driven.connection.client.fail["run_deployment"] = MahavishnuError(
            ErrorCode.INPUT_INVALID,
            "day is not a day of the calendar.",
            problems=[{"path": ["day"], "message": "is not a day of the calendar"}],
        )
        screen.query_one("#go").press()  # type: ignore[attr-defined]
        await driven.sees("MHV-429 day is not a day of the calendar", "✘ is not a day of the calendar")
        await driven.press("escape")


async def test_a_flow_run_without_a_deployment_is_run_again() -> None:
    given = flows()
    given.runs.append(
        flow_run(50, "lone-lynx", "success", 60, deployment="", deployment_id="", ended_at=NOW - 9)
    )
    async with drive((120, 40), world=given) as driven:
        await driven.cursor_on("lone-lynx")
        await command(driven, "again")
        await driven.sees("once more like lone-lynx", "2026-09-20")
        driven.app.screen.query_one("#go").press()  # type: ignore[attr-defined]
        await driven.sees("bold-wasp: nightly-etl is queued, like lone-lynx")
        _, identity, sent = next(call for call in driven.calls if call[0] == "again")
        assert identity == flow_run(50, "", "success", 0).id
        assert sent["input"] == {"day": "2026-09-20", "limit": 5000}


async def test_problems_of_one_kind_are_cured_together() -> None:
    async with drive((120, 40), world=flows()) as driven:
        await command(driven, "problems")
        await driven.sees("1 zombie · 1 stuck cancelling · 3 late", "no heartbeat since 13:58:20")
        await driven.press("space", "space", "C")
        await driven.sees("These need different cures (crash, force-cancel)")
        await driven.press("G", "a", "C")
        await driven.sees("Skip 3 runs?", "They are deleted and never start")
        late = flow_run(2, "", "queued", 0).id
        error = MahavishnuError(ErrorCode.RUN_STATE, "It has begun meanwhile.").to_json()
        driven.connection.client.bulk_refuse[late] = BulkResult(late, False, error=error)
        await driven.press("3", "enter")
        await driven.sees("2 of 3 deleted", "It has begun meanwhile")
        await driven.press("escape")
        await driven.sees("2 runs cured")
        act, sent = next(call[1:] for call in driven.calls if call[0] == "bulk")
        assert act == "skip"
        assert len(sent) == 3
        await driven.press("g", "enter")
        await driven.sees("calm-cobra", "6 States")


async def test_limits() -> None:
    async with drive(world=flows()) as driven:
        await command(driven, "limits")
        await driven.sees("concurrency limits · 3 · 1 full", "database", "5/5", "full", "tag")


async def test_prefect_is_started_checked_and_stopped() -> None:
    given = flows()
    given.flows.info = PrefectInfo("auto", "off")
    async with drive(world=given) as driven:
        await command(driven, "prefect start")
        await driven.sees("Prefect starts: that takes some 15 seconds", "◌ starting")
        up = READY.replace(mode="auto", embedded=True, pid=4711, worker="ready")
        driven.connection.world.flows.info = up
        driven.connection.event("prefect", "prefect", up)
        await driven.sees("● ready", "4711", "we started it", "last agreed 1s ago")
        await driven.press("s")
        await driven.sees("SELF-TEST", "SQLite 3.40", "Use 3.44 or newer")
        await driven.press("x")
        await driven.sees("the log of its worker", "stop it …")
        driven.app.screen.dismiss("stop")
        await driven.sees("Stop the embedded Prefect?")
        await driven.press("right", "enter")
        await driven.until(lambda: ("stop_prefect",) in driven.calls)
        await driven.sees("Prefect is stopped")
        await driven.press("L")
        await driven.sees("log of prefect")
        await driven.press("q", "q")
        await command(driven, "prefect jump")
        await driven.sees(":prefect knows start, stop, check, log, not jump")


async def test_what_is_wrong_with_prefect_is_shown_as_it_is() -> None:
    given = flows()
    finding = {"kind": "k", "severity": "error", "where": "sqlalchemy", "message": "2.1 schedules nothing."}
    given.flows.info = READY.replace(
        mode="embedded",
        state="failed",
        error={"code": "MHV-411", "message": "It ended at once.", "hint": "Look at its log."},
        findings=[finding],
    )
    async with drive(world=given) as driven:
        await command(driven, "prefect")
        await driven.sees(
            "✘ failed", "MHV-411 It ended at once.", "→ Look at its log.", "2.1 schedules nothing."
        )


async def test_a_read_only_dashboard_binds_none_of_it() -> None:
    async with drive(world=flows(), readonly=True) as driven:
        before = {call[0] for call in driven.calls}
        for key in ("5", "6"):
            await driven.press(key)
            await driven.sees("slots" if key == "6" else "report/weekly")
            await driven.press("n", "e", "p", "r", "x")
            await driven.press("escape")
        for name, keys in {"dep": "tps", "problems": "Ca", "prefect": ""}.items():
            await command(driven, name)
            await driven.press(*keys, "x", "escape", "q")
        writes = {
            "change_schedule",
            "change_pool",
            "run_schedule",
            "change_deployment",
            "bulk",
        }
        assert not writes & ({call[0] for call in driven.calls} - before)
        await command(driven, "prefect start")
        await driven.sees(":prefect start is off")
        assert ("start_prefect",) not in driven.calls
        await command(driven, "prefect")
        await driven.press("s")  # the self-test leaves nothing behind
        await driven.sees("SELF-TEST", "SQLite 3.40")


async def test_lists_say_what_keeps_them_from_being_there() -> None:
    async with drive(world=flows()) as driven:
        driven.connection.client.fail["deployments"] = MahavishnuError(ErrorCode.TIMEOUT, "Prefect is slow.")
        await command(driven, "dep")
        await driven.sees("MHV-109 Prefect is slow.")
        del driven.connection.client.fail["deployments"]
        driven.connection.listed("deployments")
        await driven.sees("nightly-etl/prod")
        driven.connection.client.fail["deployments"] = MahavishnuError(ErrorCode.TIMEOUT, "Slow again.")
        driven.connection.listed("deployments")
        await driven.sees("STALE: Slow again.", "nightly-etl/prod")
        await driven.press("slash")
        await driven.type("zzz")
        await driven.press("enter")
        await driven.sees("0 of 3 match; esc clears the filter")
        driven.connection.link("lost", since=NOW - 5, attempt=1)
        await driven.sees("STALE 5s")
