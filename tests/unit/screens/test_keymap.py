"""Remapped keys: they work, help and menus show them, and what is wrong with them is said by name."""

from __future__ import annotations

import pytest

from mahavishnu_tui.screens.keymap import is_key, keymap_problems
from mahavishnu_tui.screens.session import Taste
from tests.snapshots.scenes import WorldConnection
from tests.unit.screens.driving import drive


def remapped(**keymap: str) -> dict[str, str]:
    return {identity.replace("__", "."): keys for identity, keys in keymap.items()}


def test_nothing_is_wrong_with_free_keys_and_swapped_ones() -> None:
    assert keymap_problems({}) == []
    assert keymap_problems({"run.retry": "f6", "table.down": "j,down,ctrl+n"}) == []
    assert keymap_problems({"buttons.next": "left,up", "buttons.previous": "right,down"}) == []
    assert keymap_problems({"prompt.complete": "z"}) == [], "what is typed into takes its keys itself"


@pytest.mark.parametrize(
    ("keymap", "said"),
    [
        ({"run.retri": "z"}, "there is no key with the id run.retri. Did you mean run.retry?"),
        ({"zzz": "z"}, "there is no key with the id zzz. `?` shows the ids."),
        ({"run.retry": "hyperspace"}, "`hyperspace` of run.retry is not a key"),
        ({"run.retry": "ctrl+"}, "`ctrl+` of run.retry is not a key"),
        ({"run.retry": "c"}, "run.copy and run.retry are both on c on the dashboard and the needs,"),
        ({"run.retry": "j"}, "run.retry and table.down are both on j on the dashboard"),
        ({"app.times": "question_mark"}, "app.help and app.times are both on question_mark on the"),
        ({"run.retry": "f6", "run.pause": "f6"}, "run.pause and run.retry are both on f6"),
        ({"log.wrap": "F"}, "log.follow and log.wrap are both on F on the log view: log.wrap wins."),
        ({"graph.turn": "z"}, "graph.fold and graph.turn are both on z on the graph view: graph.turn wins."),
        ({"tree.next": "c"}, "run.copy and tree.next are both on c on the run screen: tree.next wins."),
        ({"run.tab_path": "a"}, "run.answer and run.tab_path are both on a on the run screen:"),
        ({"run.tab_tasks": "a"}, "run.answer and run.tab_tasks are both on a on the flow run screen:"),
        ({"run.retry": "w"}, "log.wrap and run.retry are both on w on the"),
        ({"choice.next": "left"}, "choice.next and choice.previous are both on left on the choice input:"),
        ({"confirm.refuse": "right"}, "buttons.next and confirm.refuse are both on right on the confirm"),
    ],
)
def test_what_is_wrong_is_said_by_name(keymap: dict[str, str], said: str) -> None:
    problems = keymap_problems(keymap)
    assert any(said in problem for problem in problems), problems


def test_who_wins() -> None:
    (said,) = keymap_problems({"run.retry": "c"})
    assert "on the dashboard and the needs, run and search screens: run.retry wins" in said
    assert said.endswith("run.retry wins.")
    said = "\n".join(keymap_problems({"run.retry": "j"}))
    for view in ("graph", "log", "table", "tree"):  # each has the focus on some screen with that key
        assert f"{view}.down wins." in said


def test_panes_that_never_have_the_focus_together_may_share_a_key() -> None:
    problems = keymap_problems({"schedules.run": "f6", "pools.fold": "f6"})
    assert not any("are both on f6" in problem for problem in problems)


@pytest.mark.parametrize("key", ["x", "?", "+", "ctrl+x", "shift+f5", "question_mark", "space", "pagedown"])
def test_names_of_keys(key: str) -> None:
    assert is_key(key)


async def test_they_work_and_are_shown_where_keys_are_shown() -> None:
    def prepare(connection: WorldConnection) -> None:
        connection.taste = Taste(keymap={"run.pause": "f6", "run.retry": "c", "table.down": "n,down"})

    async with drive((100, 60), prepare=prepare) as driven:
        await driven.until(lambda: driven.app.session.errors)
        await driven.sees("MHV-001 ui.keymap:", "things are wrong (:errors)")
        said = [str(entry.error) for entry in driven.app.session.errors]
        assert any("MHV-001 ui.keymap: run.copy and run.retry are both on c" in line for line in said)
        await driven.cursor_on("amber-otter")
        await driven.press("f6")
        await driven.until(lambda: ("pause", "run-0020") in driven.calls)
        await driven.press("x")
        await driven.sees("f6", "pause at the next step boundary")
        await driven.press("f6")
        await driven.until(lambda: driven.calls.count(("pause", "run-0020")) == 2)
        await driven.press("?")
        await driven.sees("f6", "run.pause")
