"""The files that hosts write are read page by page, whatever a crash has left in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.engines.langgraph.runlog import RunLog
from mahavishnu_tui.models.said import MAX_TEXT, SaidPage, said_files
from mahavishnu_tui.server import runlogs
from mahavishnu_tui.server.runlogs import Wanted, read, sweep
from tests.unit.server.conftest import Desk, finished, visit

LIMIT = 1 << 20


def log(folder: Path, limit: int = LIMIT, told: list[int] | None = None) -> RunLog:
    return RunLog(folder, "r1", limit, (told if told is not None else []).append)


def numbers(page: dict[str, Any]) -> list[int]:
    return [line["number"] for line in page["lines"]]


def test_pages_follow_each_other_without_a_gap(tmp_path: Path) -> None:
    spoken = log(tmp_path)
    spoken.say(1, "stdout", [f"line {number}" for number in range(2500)])
    spoken.close()
    first = read(tmp_path, "r1", Wanted(after=0, limit=1000))
    assert (numbers(first)[0], first["last"], first["more"], first["dropped"]) == (1, 1000, True, 0)
    last = read(tmp_path, "r1", Wanted(after=2000, limit=1000))
    assert (len(last["lines"]), last["last"], last["more"]) == (500, 2500, False)
    assert numbers(read(tmp_path, "r1", Wanted(limit=3))) == [2498, 2499, 2500]
    after_the_end = read(tmp_path, "r1", Wanted(after=2500))
    assert SaidPage.from_json(after_the_end) == SaidPage([], 2500)


def test_a_run_that_has_said_nothing_has_an_empty_page(tmp_path: Path) -> None:
    assert SaidPage.from_json(read(tmp_path, "none", Wanted())) == SaidPage([])


def test_lines_are_filtered_by_visit_level_and_text(tmp_path: Path) -> None:
    spoken = log(tmp_path)
    spoken.say(1, "stdout", ["Ready"])
    spoken.say(2, "stderr", ["not ready"], level="warning")
    spoken.say(2, "log", ["bad\nreally"], level="error", logger="a.b")
    spoken.close()
    assert numbers(read(tmp_path, "r1", Wanted(visit=2))) == [2, 3]
    assert numbers(read(tmp_path, "r1", Wanted(least="error"))) == [3]
    assert numbers(read(tmp_path, "r1", Wanted(text="READY"))) == [1, 2]
    assert numbers(read(tmp_path, "r1", Wanted(after=1, text="ready", limit=1))) == [2]
    found = read(tmp_path, "r1", Wanted(after=0, visit=7))
    assert (found["lines"], found["last"], found["dropped"]) == ([], 3, 0)


def test_the_beginning_and_the_end_of_much_are_kept_and_the_gap_is_counted(tmp_path: Path) -> None:
    spoken = log(tmp_path, 64 * 1024)
    for number in range(200):
        spoken.say(1, "stdout", [f"{number} {'x' * 1000}"])
    spoken.close()
    files = said_files(tmp_path, "r1")
    assert sum(path.stat().st_size for path in files) <= 64 * 1024
    page = read(tmp_path, "r1", Wanted(after=0))
    found = numbers(page)
    assert found[:5] == [1, 2, 3, 4, 5]
    assert found[-1] == 200
    assert page["dropped"] == 200 - len(found)


def test_a_flood_costs_lines_and_not_its_last_words(tmp_path: Path) -> None:
    told: list[int] = []
    spoken = log(tmp_path, 1 << 20, told)
    for number in range(30_000):
        spoken.say(1, "stdout", [f"{number}"])
    spoken.tick()
    spoken.tick()
    assert told == [30_000]
    found = numbers(read(tmp_path, "r1", Wanted(after=0, limit=30_000)))
    begun = next(index for index, number in enumerate(found, 1) if number != index)
    assert begun * 90 > 400_000
    assert found[-2000:] == [*range(28_001, 30_001)]
    assert read(tmp_path, "r1", Wanted(after=0, limit=30_000))["dropped"] == 30_000 - len(found)
    spoken.say(1, "stdout", ["calm again"])
    assert numbers(read(tmp_path, "r1", Wanted(limit=1))) == [30_001]
    spoken.close()
    assert not spoken.say(1, "stdout", ["too late"])


def test_one_enormous_print_stays_within_the_limit(tmp_path: Path) -> None:
    spoken = log(tmp_path, 1 << 20)
    spoken.say(1, "stdout", ["y" * 5000] * 500)
    spoken.say(1, "stdout", ["after it"])
    spoken.close()
    assert sum(path.stat().st_size for path in said_files(tmp_path, "r1") if path.exists()) <= 1 << 20
    page = read(tmp_path, "r1", Wanted(after=0))
    assert page["lines"][-1]["text"] == "after it"
    assert page["dropped"] == 501 - len(page["lines"]) > 0


def test_long_lines_keep_both_ends(tmp_path: Path) -> None:
    spoken = log(tmp_path)
    spoken.say(1, "stdout", ["a" * MAX_TEXT + "b" * MAX_TEXT])
    (line,) = read(tmp_path, "r1", Wanted())["lines"]
    assert len(line["text"]) < MAX_TEXT + 60
    assert line["text"].startswith("aaa")
    assert line["text"].endswith("bbb")
    assert f"… {MAX_TEXT:,} characters dropped …" in line["text"]
    spoken.close()


def test_a_line_torn_by_a_crash_spoils_no_other(tmp_path: Path) -> None:
    first = log(tmp_path)
    first.say(1, "stdout", ["one", "two"])
    first.close()
    head = said_files(tmp_path, "r1")[0]
    head.write_bytes(head.read_bytes()[:-9])
    second = log(tmp_path)
    second.say(2, "stdout", ["three"])
    second.close()
    page = read(tmp_path, "r1", Wanted(after=0))
    assert [(line["number"], line["text"]) for line in page["lines"]] == [(1, "one"), (2, "three")]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=20))
def test_any_text_comes_back_as_it_was_said(texts: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        spoken = log(Path(name))
        spoken.say(1, "stdout", texts)
        spoken.close()
        page = read(Path(name), "r1", Wanted(after=0))
    said = [text.encode("utf-8", "replace").decode() for text in texts]
    assert [line["text"] for line in page["lines"]] == said


def test_a_full_disk_loses_lines_and_raises_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoken = log(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("os.write", lambda fd, rows: (_ for _ in ()).throw(OSError(28, "full")))
        assert spoken.say(1, "stdout", ["lost"])
    spoken._refused_until = 0.0
    spoken.say(1, "stdout", ["kept"])
    spoken.close()
    page = read(tmp_path, "r1", Wanted(after=0))
    assert (numbers(page), page["dropped"]) == ([2], 1)


def test_where_no_file_can_be_had_the_word_is_left_to_others(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    spoken = log(tmp_path / "runs")
    assert not spoken.say(1, "stdout", ["somebody else's"])
    assert not spoken.say(1, "stdout", ["nor this"])
    spoken.close()


def test_a_scan_ends_somewhere_and_goes_on_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken = log(tmp_path)
    spoken.say(1, "stdout", [f"line {number}" for number in range(1500)])
    spoken.close()
    monkeypatch.setattr(runlogs, "SCAN", 20_000)
    after, found = 0, []
    while True:
        page = read(tmp_path, "r1", Wanted(after=after, text="line 7"))
        found += page["lines"]
        after = page["last"]
        if not page["more"]:
            break
    assert len(found) == 111


def test_logs_go_with_their_runs(tmp_path: Path) -> None:
    for run_id in ("kept", "gone/../x"):
        spoken = RunLog(tmp_path, run_id, LIMIT, lambda last: None)
        spoken.say(1, "stdout", ["a word"])
        spoken.close()
    (tmp_path / "not ours.txt").touch()
    said_files(tmp_path, "gone/../x")[2].touch()
    assert sweep(tmp_path, ["kept"]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.jsonl", "not ours.txt"]
    assert sweep(tmp_path / "none", []) == 0


def test_files_are_private_and_json_lines(tmp_path: Path) -> None:
    spoken = log(tmp_path / "runs")
    spoken.say(3, "custom", ['{"done": 1}'])
    spoken.close()
    (path,) = (tmp_path / "runs").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text())["visit"] == 3


async def test_a_trace_and_how_far_nodes_are_stand_in_the_run(desk: Desk) -> None:
    run = await desk.running()
    trace = {"id": "t", "project": "p", "url": ""}
    await desk.tell(run, {"ev": "trace", "trace": trace}, visit(1, "load", progress="40/200"))
    now = await desk.run(run.id)
    assert (now.trace, now.progress, now.where) == (trace, {"load": "40/200"}, ["load"])
    await desk.tell(run, finished("success"))
    assert (await desk.run(run.id)).progress == {}
