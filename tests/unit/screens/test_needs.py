"""What needs the operator on the screen: the list, its cures, claims, and what opening a failed run means."""

from __future__ import annotations

from typing import Any

from mahavishnu_tui.models import Need, Schedule
from mahavishnu_tui.models.need import KINDS, failure_key, need_of_question
from mahavishnu_tui.screens.approval import ApprovalScreen
from mahavishnu_tui.screens.bulk import BulkScreen
from mahavishnu_tui.screens.catalog.problems import ProblemsScreen
from mahavishnu_tui.screens.confirm import ConfirmScreen
from mahavishnu_tui.screens.needs import NeedsScreen
from mahavishnu_tui.screens.pane_screen import PaneScreen
from mahavishnu_tui.screens.run import RunScreen
from mahavishnu_tui.widgets.need_marks import next_change, sums
from tests.snapshots.need_scenes import calm, need, needy
from tests.snapshots.scenes import NOW, world
from tests.unit.screens.driving import Drive, drive


async def opened(driven: Drive) -> NeedsScreen:
    await driven.press("!")
    await driven.until(lambda: isinstance(driven.app.screen, NeedsScreen))
    screen = driven.app.screen
    assert isinstance(screen, NeedsScreen)
    return screen


async def on_row(driven: Drive, screen: NeedsScreen, kind: str) -> Need:
    """The cursor on the first need of a kind."""
    found = next(item for item in driven.app.session.needs() if item.kind == kind)
    await driven.until(lambda: screen.table.move_to(found.key))
    await driven.settle()
    return found


def keys(driven: Drive) -> str:
    return driven.text.splitlines()[-1]


async def test_each_need_has_the_keys_that_cure_it() -> None:
    async with drive((160, 45), world=needy()) as driven:
        screen = await opened(driven)
        await driven.sees("needs you", "3 answers (1 escalated)", "5 failures (bob on 1)")
        for kind, there, absent in (
            ("approval", ["a answer"], ["retry", "s seen", "skip"]),
            ("failure", ["r retry", "s seen"], ["a answer", "skip"]),
            ("paused", ["p resume"], ["a answer", "retry", "s seen", "skip"]),
            ("late", ["S skip backlog"], ["a answer", "retry", "s seen"]),
            ("pool", ["C claim"], ["a answer", "retry", "s seen", "skip"]),
        ):
            await on_row(driven, screen, kind)
            await driven.until(lambda there=there: all(word in keys(driven) for word in there))
            assert not [word for word in absent if word in keys(driven)], kind
        await on_row(driven, screen, "approval")
        await driven.press("space")
        await on_row(driven, screen, "failure")  # its keys are its own, whatever is marked
        await driven.until(lambda: "r retry" in keys(driven))
        assert "a answer" not in keys(driven)
        await driven.press("escape", "Z", "Z")
        await driven.sees("by 14:", "@14:")  # moments, as in every other list
        await driven.press("Z", "Z")
        await on_row(driven, screen, "approval")
        await driven.press("a")
        await driven.until(lambda: isinstance(driven.app.screen, ApprovalScreen))


async def test_a_schedule_without_runs_has_them_made_by_one_key() -> None:
    coming = Schedule("d.s", "etl/nightly", "0 * * * *", coming=[NOW + 60, NOW + 3660])
    quiet = Need("schedule:d.s", "schedule", "0 * * * * makes no runs", "etl/nightly", NOW - 600, count=0)
    known = needy()
    known.schedules, known.needs = [coming], [quiet]
    async with drive((120, 40), world=known) as driven:
        await opened(driven)
        await driven.sees("1 schedule without runs", "◷ no runs", "r has its runs made", "r retry")
        await driven.press("r")
        await driven.sees("etl/nightly: 2 runs ahead, made by Prefect just now")
        assert ("make_runs", "d.s") in driven.calls
        await driven.press("enter")
        await driven.sees("runs > needs > schedules", "0 * * * *")
        screen = driven.app.screen
        assert isinstance(screen, PaneScreen)
        assert screen.copied_text() == "d.s"


async def test_from_every_need_escape_leads_back_to_it() -> None:
    away = Need("server:elsewhere", "server", "it does not answer", "elsewhere", NOW - 60)
    full = Need("disk:data", "disk", "the disk is full", "data", NOW - 60)
    quiet = Need("schedule:sch-etl", "schedule", "makes no runs", "etl/nightly", NOW - 600, count=0)
    known = needy()
    assert known.needs is not None
    known.needs += [away, full, quiet, Need("prefect:state", "prefect", "it is away", "prefect", NOW)]
    async with drive((80, 24), world=known) as driven:
        await driven.press("enter")
        await driven.until(lambda: isinstance(driven.app.screen, RunScreen))
        screen = await opened(driven)
        for kind in KINDS:
            there = await on_row(driven, screen, kind)
            await driven.press("enter")
            await driven.until(lambda: driven.app.screen is not screen)
            await driven.press("escape")
            await driven.until(lambda: driven.app.screen is screen)
            assert screen.table.cursor_key == there.key
        await driven.press("escape")
        assert isinstance(driven.app.screen, RunScreen)


async def test_a_dead_worker_s_pool_is_under_the_cursor() -> None:
    async with drive((80, 24), world=needy()) as driven:
        screen = await opened(driven)
        await on_row(driven, screen, "pool")
        await driven.press("enter")
        await driven.sees("pools: ", "k8s-prod")
        pane = driven.app.screen
        assert isinstance(pane, PaneScreen)
        await driven.until(lambda: pane.copied_text() == "pool:k8s-prod")
        await driven.press("slash", *"nothing_like_it", "enter")
        await driven.sees("match; esc clears the filter")
        await driven.press("escape")
        assert driven.app.screen is pane  # the filter first
        await driven.press("escape")
        assert driven.app.screen is screen


async def test_the_command_that_starts_a_worker_is_read_whole_and_copied() -> None:
    given, said = needy(), "no worker has ever come; 1 run waits: prefect worker start --pool gpu-bureau"
    given.needs = [need("pool", "gpu-bureau", "gpu-bureau", said, 60, pool="gpu-bureau")]
    async with drive((80, 24), world=given) as driven:
        await opened(driven)
        await driven.sees(said)
        await driven.press("y")
        await driven.sees("gpu-bureau · need", "what  ")
        await driven.press("escape", "c")
        await driven.sees("copied: no worker has ever come")


async def test_what_is_needed_is_read_beside_its_cure_at_80_columns() -> None:
    said = "5 late; pool local: queue default paused"
    for readonly, cured in ((False, "S skips them"), (True, "enter shows it")):
        given = needy()
        given.needs = [need("late", "d", "etl/prod", said, 60).replace(deployment_id="d")]
        async with drive((80, 24), world=given, readonly=readonly) as driven:
            await opened(driven)
            await driven.sees(f"{cured} → {said}")


async def test_a_key_that_cures_something_else_says_that_it_does_nothing_here() -> None:
    async with drive((80, 24), world=needy()) as driven:
        screen = await opened(driven)
        await on_row(driven, screen, "approval")
        for key, said in (
            ("r", "r (retry)"),
            ("S", "S (skip backlog)"),
            ("s", "s (seen)"),
            ("t", "t (launch)"),
        ):
            await driven.press(key)
            await driven.sees(f"{said} does nothing here.")
        await on_row(driven, screen, "failure")
        await driven.press("a")
        await driven.sees("a (answer) does nothing here.")


async def test_marked_failures_are_seen_at_once_and_go_with_their_events() -> None:
    async with drive((120, 40), world=needy()) as driven:
        screen = await opened(driven)
        first = await on_row(driven, screen, "failure")
        await driven.press("space", "space")
        marked = screen.table.marked
        assert first.key in marked
        await driven.sees("needs you · 2 marked · ")
        await driven.press("r")
        await driven.until(lambda: isinstance(driven.app.screen, BulkScreen))
        await driven.sees("Retry 2 runs?", first.where)
        await driven.press("escape")
        await driven.until(lambda: driven.app.screen is screen)
        await driven.press("s")
        await driven.sees("2 marked as seen")
        assert [call for call in driven.calls if call[0] == "see"] == [("see", *marked)]
        for key in marked:
            gone = next(item for item in needy().needs or [] if item.key == key).replace(gone="seen by ana")
            driven.connection.event("need", key, gone)
        await driven.sees("3 failures")
        assert first.where not in driven.text


async def test_somebody_elses_claim_is_taken_over_only_after_asking() -> None:
    async with drive((120, 40), world=needy()) as driven:
        screen = await opened(driven)
        claimed = next(item for item in driven.app.session.needs() if item.claimed_by)
        await driven.until(lambda: screen.table.move_to(claimed.key))
        await driven.press("C")
        await driven.until(lambda: isinstance(driven.app.screen, ConfirmScreen))
        await driven.sees("Take over from bob")
        await driven.press("escape")
        await on_row(driven, screen, "pool")
        await driven.press("C")
        await driven.sees("you are on it for 15 minutes")
        assert [call for call in driven.calls if call[0] == "claim_need"] == [
            ("claim_need", "pool:k8s-prod", "")
        ]


async def test_a_failed_run_that_is_opened_is_seen_and_says_who_is_on_it() -> None:
    async with drive((120, 40), world=needy()) as driven:
        await driven.cursor_on("dusty-lynx")
        await driven.press("C")
        await driven.until(lambda: isinstance(driven.app.screen, ConfirmScreen))
        await driven.press("escape")
        await driven.press("enter")
        await driven.until(lambda: isinstance(driven.app.screen, RunScreen))
        await driven.sees("bob is on it")
        await driven.settle()
        assert not [call for call in driven.calls if call[0] == "see"], "it is bob's until it is cured"
        await driven.press("escape")
        await driven.cursor_on("eager-eel")
        await driven.press("enter")
        await driven.sees("its failure is marked as seen")
        run = next(item for item in driven.connection.world.runs if item.name == "eager-eel")
        assert ("see", failure_key(run.id)) in driven.calls
    async with drive((120, 40), world=needy(), readonly=True) as driven:
        await driven.cursor_on("dusty-lynx")
        await driven.press("enter")
        await driven.sees("bob is on it")
        assert not [call for call in driven.calls if call[0] == "see"], "who only reads leaves no trace"


async def test_late_runs_are_skipped_once_their_number_is_typed() -> None:
    async with drive((120, 40), world=needy()) as driven:
        screen = await opened(driven)
        await on_row(driven, screen, "late")
        await driven.press("S")
        await driven.until(lambda: isinstance(driven.app.screen, BulkScreen))
        await driven.sees("Skip 1 run?", "damp-dodo")
        await driven.press("escape")
        await driven.until(lambda: driven.app.screen is screen)
        await driven.press("enter")
        await driven.until(lambda: isinstance(driven.app.screen, ProblemsScreen))


async def test_pools_and_hosts_are_one_key_away() -> None:
    async with drive((120, 40), world=needy()) as driven:
        screen = await opened(driven)
        await on_row(driven, screen, "host")
        await driven.press("enter")
        await driven.sees("hosts ·")
        await driven.press("escape")
        await driven.until(lambda: driven.app.screen is screen)
        await on_row(driven, screen, "pool")
        await driven.press("enter")
        await driven.sees("runs > needs > pools")


async def test_a_run_that_the_mirror_has_forgotten_is_asked_for() -> None:
    given = needy()
    old = next(run for run in given.runs if run.name == "happy-owl")
    given.runs.remove(old)
    given.older.append(old)
    async with drive((120, 40), world=given) as driven:
        screen = await opened(driven)
        await driven.until(lambda: screen.table.move_to(failure_key(old.id)))
        await driven.press("enter")
        await driven.until(lambda: isinstance(driven.app.screen, RunScreen))
        await driven.sees("happy-owl")


async def test_marked_failures_that_the_mirror_has_forgotten_are_asked_for() -> None:
    given = needy()
    old = [run for run in given.runs if run.name in ("happy-owl", "eager-eel")]
    for run in old:
        given.runs.remove(run)
    given.older.append(old[0])
    async with drive((120, 40), world=given) as driven:
        screen = await opened(driven)
        for run in old:
            await driven.until(lambda run=run: screen.table.move_to(failure_key(run.id)))
            await driven.press("space")
        assert not screen.marked_runs
        await driven.press("r")
        await driven.until(lambda: isinstance(driven.app.screen, BulkScreen))
        await driven.sees("Retry 1 run?", old[0].name, "1 of the 2 marked left out: MHV-")
        await driven.press("escape")
        await driven.until(lambda: driven.app.screen is screen)
        await driven.press("x")
        await driven.sees("1 marked run", "retry 1 marked")


async def test_a_filter_and_marks_are_steps_back() -> None:
    async with drive((120, 40), world=needy()) as driven:
        screen = await opened(driven)
        await driven.press("/")
        await driven.type("kind:failed")
        await driven.press("enter")
        await driven.sees("5 of 13")
        await driven.press("space")
        await driven.press("escape")
        assert not screen.table.marked
        await driven.press("escape")
        await driven.sees("3 answers")
        await driven.press("escape")
        await driven.until(lambda: driven.app.screen is driven.dashboard)


async def test_the_strip_comes_and_goes_with_the_first_and_the_last_need() -> None:
    async with drive((120, 40), world=calm()) as driven:
        assert driven.dashboard.needs is None, "nothing is made for it before"
        await driven.until(lambda: "need you" not in driven.text)
        pool = need("pool", "gpu", "gpu", "worker w1 is gone; 3 runs wait", 60)
        driven.connection.event("need", pool.key, pool)
        await driven.sees("gpu: worker w1 is gone", "! shows them", "1 needs you")
        driven.connection.event("need", pool.key, pool.replace(gone="it came right"))
        await driven.until(lambda: "needs you" not in driven.text)


async def test_the_runs_do_not_jump_when_the_strip_comes() -> None:
    given = calm()
    given.runs += [given.runs[-1].replace(id=f"more-{n}", name=f"more-{n}") for n in range(60)]
    async with drive((120, 30), world=given) as driven:
        line = next(n for n, text in enumerate(driven.text.splitlines()) if "mild-owl" in text)
        pool = need("pool", "gpu", "gpu", "worker w1 is gone", 60)
        driven.connection.event("need", pool.key, pool)
        await driven.sees("! shows them")
        await driven.until(lambda: "mild-owl" in driven.text.splitlines()[line])
        driven.connection.event("need", pool.key, pool.replace(gone="it came right"))
        await driven.until(lambda: "shows them" not in driven.text)
        await driven.until(lambda: "mild-owl" in driven.text.splitlines()[line])


async def test_a_failure_that_went_by_itself_is_said_to_have() -> None:
    async with drive((120, 40), world=needy()) as driven:
        await driven.sees("5 failures")
        failed = next(item for item in driven.app.session.needs() if item.kind == "failure")
        driven.connection.event("need", failed.key, failed.replace(gone="calm-cat succeeded"))
        await driven.sees(f"calm-cat succeeded; the failure of {failed.where} is settled.", "4 failures")


async def test_the_header_counts_what_the_list_shows() -> None:
    async with drive(world=needy()) as driven:
        await driven.sees("13 need you")
        assert driven.dashboard.needs is None, "no row to spare"
        await opened(driven)
        await driven.sees("13 need you", "needs you ·")


async def test_an_older_server_is_said_to_be_one() -> None:
    async with drive((120, 40)) as driven:
        await opened(driven)
        await driven.sees("older than the dashboard", "2 need you")


def test_sums_name_what_is_alone_and_count_the_rest() -> None:
    asked = need_of_question(world().approvals[1])
    found: list[Any] = [
        asked,
        asked.replace(key="approval:2", due=NOW + 240),
        need("host", "a", "flows", "no", 1),
        need("server", "b", "staging", "no", 1),
        need("server", "c", "prod", "no", 1),
        need("disk", "disk", "disk", "full", 1),
        need("nonsense", "x", "x", "x", 1),
        need("late", "d", "etl/sched", "30 late", 1).replace(count=30),
        need("late", "e", "etl/prod", "6 late", 1).replace(count=6),
    ]
    assert [item.text for item in sums(found, NOW, False)] == [
        "✋ 2 answers (2 in 4m)",
        "◷ 36 late",
        "⚠ host flows failed",
        "⚠ 2 servers away",
        "⚠ disk full",
    ]
    assert sums(found[:1], NOW, True)[0].text == "? 1 answer (1 in 25m)"
    assert next_change(found, NOW) is not None
    assert next_change([], NOW) is None
