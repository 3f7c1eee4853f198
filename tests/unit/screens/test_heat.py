"""The heat line: how the last runs went, and how long they took against the usual."""

from __future__ import annotations

from mahavishnu_tui.models import Run
from mahavishnu_tui.screens.details import details
from mahavishnu_tui.screens.heat import HeatLines, heat_cell, histories, tone_of, usual
from tests.snapshots.scenes import NOW, run, world
from tests.unit.screens.driving import drive


def took(number: int, seconds: float, status: str = "success", flow: str = "f") -> Run:
    begun = run(number, f"r{number}", flow, status, 10_000 - number)
    return begun.replace(ended_at=None if status == "running" else (begun.started_at or 0) + seconds)


def line(*runs: Run) -> str:
    return heat_cell(histories(runs)[runs[-1].id], ascii_only=False).text


def test_height_is_the_length_against_the_median() -> None:
    usually = [took(n, 10) for n in range(5)]
    assert line(*usually) == "▄▄▄▄▄"
    assert line(*usually, took(6, 50)) == "▄▄▄▄▄█"
    assert line(*usually, took(6, 1), took(7, 5), took(8, 16), took(9, 25)) == "▄▄▄▄▄▁▃▅▆"


def test_other_outcomes_are_signs_of_one_cell_with_their_own_tone() -> None:
    runs = [took(1, 10), took(2, 3, "error"), took(3, 1, "cancelled"), took(4, 0, "interrupted")]
    runs += [took(5, 0, "paused"), took(6, 0, "running")]
    cell = heat_cell(histories(runs)["run-0006"], ascii_only=False)
    assert cell.text == "▄✘⊘◇‖▶"
    tones = ["success", "error", "muted", "warning", "warning", "running"]
    assert list(map(tone_of, cell.text)) == tones
    plain = heat_cell(histories(runs)["run-0006"], ascii_only=True).text
    assert plain == "+x-?=>"
    assert list(map(tone_of, plain)) == tones


def test_a_line_ends_with_the_run_itself_and_knows_twenty() -> None:
    found = histories([took(n, 10, "success" if n else "error") for n in range(30)])
    assert found["run-0000"] == "✘"
    assert found["run-0019"][0] == "✘"
    assert len(found["run-0029"]) == 20
    assert set(found["run-0029"]) == {"▄"}


def test_families_do_not_mix() -> None:
    lines, runs = HeatLines(), [took(1, 10), took(2, 90, flow="other"), took(3, 10)]
    found = lines.of(runs)
    assert found["run-0003"] == "▄▄"
    assert found["run-0002"] == "▄"
    later = lines.of([*runs, took(4, 1, "error", flow="other")])
    assert later["run-0003"] is found["run-0003"]
    assert later["run-0004"] == "▄✘"


def test_details_say_what_is_usual() -> None:
    runs = [took(n, 12) for n in range(9)]
    slow = took(20, 40)
    assert usual(slow, [*runs, slow], NOW) == "median 12s of 9 runs, this one 40s (3.3x)"
    assert usual(slow, [slow], NOW) == ""
    assert details(slow, usual="median 12s")["compared"] == "median 12s"
    at_work = run(30, "r30", "f", "running", 6)
    assert usual(at_work, [*runs, at_work], NOW).endswith("this one 6.0s so far (0.5x)")


async def test_more_of_the_past_where_there_is_room() -> None:
    async with drive((200, 50), world=world()) as driven:
        await driven.sees("LAST 10")
        await driven.press("f")
        await driven.sees("LAST 20")
        await driven.press("d")
        await driven.sees("compared")
