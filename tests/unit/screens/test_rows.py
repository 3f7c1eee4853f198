"""What records look like as rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.engines.prefect.workflow_order import FLOW_FILE
from mahavishnu_tui.models import Checkpoint, Host, Pool, Run, Schedule
from mahavishnu_tui.models.run_search import CARRIER
from mahavishnu_tui.screens import catalog_rows, rows
from mahavishnu_tui.screens.times import Times
from mahavishnu_tui.widgets.table import Cell, Row
from tests.snapshots.scenes import HOSTILE, NOW, run, world

WORLD = world()
BY_NAME = {item.name: item for item in WORLD.runs}


def texts(row: Row) -> list[str]:
    return [cell.text if isinstance(cell, Cell) else cell for cell in row.cells]


def shown(item: Run, since: float | None = None) -> list[str]:
    age = rows.run_age(item, since, Times(now=NOW))
    return texts(rows.run_row(item, "▄✘", age, ascii_only=False))


def test_what_waits_for_a_human_is_on_top_then_what_runs_then_the_queue() -> None:
    names = [item.name for item in rows.order_runs(WORLD.runs)]
    assert names[:5] == ["brisk-heron", "swift-ibis", "amber-otter", "calm-wren", "eager-mole"]
    rest = [BY_NAME[name].created_at for name in names[5:]]
    assert rest == sorted(rest, reverse=True)


def test_a_long_queue_does_not_push_down_what_waits() -> None:
    busy = [run(100 + n, f"queued-{n}", "release", "queued", 1) for n in range(19)]
    busy += [run(200 + n, f"running-{n}", "release", "running", 2) for n in range(9)]
    statuses = [item.status for item in rows.order_runs([*busy, *WORLD.runs])]
    assert statuses[:2] == ["interrupted"] * 2
    assert statuses[2:13] == ["running"] * 11
    assert statuses[13:33] == ["queued"] * 20


@given(st.permutations(WORLD.runs))
def test_the_order_does_not_depend_on_arrival(runs: list[Run]) -> None:
    assert rows.order_runs(runs) == rows.order_runs(WORLD.runs)


def test_rows_say_state_place_and_age() -> None:
    assert shown(BY_NAME["amber-otter"])[:5] == ["▶ running", "amber-otter", "release", "deploy", "42s"]
    assert shown(BY_NAME["brisk-heron"], since=NOW - 240)[3:5] == ["approve", "4m"]
    assert shown(BY_NAME["dusty-lynx"])[3:5] == ["transform", "1m40s"]
    assert shown(BY_NAME["eager-mole"])[3] == "queued behind 10 others"
    assert shown(BY_NAME["frosty-gnu"])[4] == "1h"
    assert shown(run(1, "a", "b", "interrupted", 30))[4] == "<1m"
    fan = run(1, "a", "b", "running", 3, where=["load", "load", "other"])
    assert shown(fan)[3] == "load ×2, other"
    assert "\x1b" not in "".join(shown(BY_NAME[HOSTILE]))


def test_waiting_never_ticks_by_the_second() -> None:
    question = WORLD.approvals[0]

    def waits(seconds: float) -> Cell:
        return rows.waits(question, Times(now=question.asked_at + seconds))

    assert waits(61) == waits(119)
    assert waits(3).text == "<1m"
    dated = WORLD.approvals[1]
    assert rows.waits(dated, Times(now=NOW)).text == "25m left"
    assert rows.waits(dated, Times(now=NOW + 9999))[:2] == ("LATE", "error")
    assert rows.waits(dated, Times("utc", NOW)).text == "by 14:38"
    assert rows.waits(question, Times("utc", NOW)).text == "@14:09"


def test_forks_are_counted() -> None:
    def made(identity: str, parent: str | None) -> Checkpoint:
        return Checkpoint(identity, "t", NOW, 0, "loop", parent_id=parent)

    found = rows.forks([made("a", None), made("b", "a"), made("c", "a"), made("d", "c")])
    assert found == {"a": 1}
    row = rows.checkpoint_row(made("a", None).replace(latest=True, interrupts=1, tags=["v1"]), 1, False)
    assert texts(row)[-1] == "● now ✋ ⑂ 1 v1", "names may be long: they come last"
    assert texts(row)[1] == "the end"


def shown_schedule(schedule: Schedule) -> list[str]:
    cells = texts(catalog_rows.schedule_row(schedule, Times(now=NOW), ascii_only=False))
    return [cells[3], cells[5]]


def test_schedules_late_and_coming() -> None:
    coming = Schedule("s", "nightly", "0 2 * * *", next_at=NOW + 7300)
    late = coming.replace(next_at=NOW - 400, active=False)
    assert shown_schedule(coming) == ["in 2h01m", "✔ active"]
    assert shown_schedule(coming.replace(estimated=True))[0] == "~in 2h01m"
    passed = coming.replace(estimated=True, next_at=NOW - 5)
    assert shown_schedule(passed)[0] == "~now", "what nobody has made yet is not late"
    assert shown_schedule(late) == ["LATE 6m", "⏸ paused"]
    assert shown_schedule(coming.replace(late=3, late_since=NOW - 90)) == ["LATE 1m", "⚠ 3 late"]
    assert shown_schedule(coming.replace(deployment_paused=True)) == ["", "⏸ dep. paused"]
    assert shown_schedule(coming.replace(next_at=None))[0] == ""


def test_hosts_say_what_is_wrong() -> None:
    host = Host("h", "p", "/srv/flows/", "py", "blocked", lag=4.2, note="busy", error={"message": "no"})
    row = texts(catalog_rows.host_row(host, ascii_only=True))
    assert row[0] == "- flows"
    assert row[1] == "! blocked"
    assert row[-1] == "busy; no; late by 4s"


def test_what_a_lost_server_tells_is_called_stale() -> None:
    item = BY_NAME["brisk-heron"].replace(note="STALE: what is shown is of 12:00:00 UTC; dev does not answer")
    assert shown(item)[3].startswith("STALE ")
    assert shown(item.replace(where=[]))[3] == "STALE"


def test_a_pool_without_known_slots_shows_what_runs() -> None:
    elsewhere = Pool("dev", "LangGraph server", "healthy", slots=0, used=3, queued=1)
    assert texts(catalog_rows.pool_row(elsewhere, ascii_only=False))[2:4] == ["3", "1"]


def test_a_workflow_that_prefect_starts_is_called_by_its_own_name() -> None:
    carried = BY_NAME["amber-otter"].replace(engine="prefect", workflow=CARRIER, deployment="release")
    assert shown(carried)[2] == "release"
    assert f'@flow(name="{CARRIER}"' in FLOW_FILE.read_text()


def test_a_pool_says_once_how_many_are_late_and_why() -> None:
    late = Pool("local", "process", "degraded", 0, 1, 6, engine="prefect", late=6)
    for note, said in {
        "6 late": "6 late · no worker · process",
        "queue default paused; 6 late": "6 late · queue default paused · process",
        "every worker is gone; 6 late": "6 late · every worker is gone · process",
        "paused: its runs wait": "6 late · paused: its runs wait · process",
    }.items():
        assert texts(catalog_rows.pool_row(late.replace(note=note), ascii_only=False))[-1] == said
