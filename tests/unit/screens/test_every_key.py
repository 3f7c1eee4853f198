"""A walk through every key that the help names, on every screen: nothing breaks, and no key is dead."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from textual.screen import Screen

import mahavishnu_tui.screens
from tests.snapshots.flow_scenes import flows
from tests.snapshots.need_scenes import needy
from tests.snapshots.screens.test_screens import batch, claimed, form, resting
from tests.unit.screens.walking import Place, Walker

# Bases alone: nobody sees one of these.
BASES = {
    "CheckpointActs",
    "Dialog",
    "Filtered",
    "ListScreen",
    "MarkedRuns",
    "NeedRuns",
    "OperatorScreen",
    "Prompting",
    "Refusing",
    "RunActs",
}
OTTER, HERON, LYNX, GNU, COBRA = "amber-otter", "brisk-heron", "dusty-lynx", "frosty-gnu", "calm-cobra"
# A new screen gets its line here: how it is opened from the dashboard, once for each face that it has.
PLACES: dict[str, list[Place]] = {
    "ActionsScreen": [Place("x", OTTER)],
    "ApprovalScreen": [
        Place("a", HERON),
        Place("a", HERON, prepare=lambda c: batch(c, None)),
        Place("a tab tab enter", HERON, prepare=lambda c: form(c, None)),
        Place("a tab tab tab tab enter", HERON),
    ],
    "AskScreen": [Place("3 T", OTTER)],
    "BatchScreen": [Place("4 j space space A", given=claimed)],
    "BulkScreen": [Place("space j space x G k enter", COBRA, flows)],
    "CompareScreen": [Place("equals_sign", OTTER)],
    "ConfirmScreen": [Place("x G enter", OTTER)],
    "Dashboard": [
        Place(run=OTTER, given=flows),
        Place("2", OTTER),
        Place("3", OTTER),
        Place("3 j", GNU, prepare=lambda c: resting(c, None)),
        Place("4", HERON),
        Place("5 j j", given=flows),
        Place("6", given=flows),
    ],
    "ContextsScreen": [Place("colon 'ctx enter", prepare=lambda c: setattr(c.client, "socket", "/nowhere"))],
    "DeploymentScreen": [Place("colon 'dep enter enter", given=flows)],
    "DeploymentsScreen": [Place("colon 'dep enter", given=flows)],
    "DiffScreen": [Place("3 D", OTTER)],
    "DocsScreen": [Place("colon 'docs enter")],
    "DocumentScreen": [Place("y", LYNX), Place("d", LYNX)],
    "EditScreen": [Place("3 e", GNU, prepare=lambda c: resting(c, None))],
    "ErrorsScreen": [Place("colon 'nope enter colon 'errors enter")],
    "FlowRunScreen": [Place(f"enter {tab}", COBRA, flows) for tab in (1, 3)],
    "HelpScreen": [Place("question_mark")],
    "HostsScreen": [Place("colon 'hosts enter")],
    "InfoScreen": [Place("colon 'info enter")],
    "LaunchScreen": [Place("t G k"), Place("colon 'dep enter t", given=flows)],
    "LedgerScreen": [Place("colon 'ledger enter")],
    "LimitsScreen": [Place("colon 'limits enter", given=flows)],
    "LogsScreen": [Place("colon 'logs enter")],
    "MenuScreen": [Place("colon 'hosts enter x")],
    "NeedsScreen": [Place("exclamation_mark", given=needy)],
    "NotificationsScreen": [Place("colon 'notifications enter")],
    "PaneScreen": [Place("exclamation_mark G k enter", given=needy)],
    "PastInputsScreen": [Place("t G k ctrl+o")],
    "PrefectScreen": [Place("colon 'prefect enter", given=flows)],
    "ProblemsScreen": [Place("colon 'problems enter", given=flows)],
    "RunScreen": [*(Place(f"enter {tab}", OTTER) for tab in (1, 2, 3, 4, 6)), Place("enter 9", LYNX)],
    "ScheduleDetails": [Place("5 j j enter", given=flows)],
    "ScheduleScreen": [Place("5 j j e", given=flows)],
    "SearchScreen": [Place("ctrl+f")],
    "StateSearch": [Place("3 S 'feature enter", OTTER)],
    "ThemeScreen": [Place("colon 'theme enter")],
}


def screens(cls: type[Screen] = Screen) -> Iterator[str]:
    """The names of all our screens."""
    for found in cls.__subclasses__():
        if found.__module__.startswith("mahavishnu_tui"):
            yield found.__name__
        yield from screens(found)


def test_every_screen_has_a_place() -> None:
    for module in pkgutil.walk_packages(mahavishnu_tui.screens.__path__, "mahavishnu_tui.screens."):
        importlib.import_module(module.name)
    assert set(screens()) - BASES == set(PLACES)


@pytest.mark.parametrize("screen", PLACES)
async def test_every_key_of(screen: str) -> None:
    walker = Walker(screen)
    for place in PLACES[screen]:
        await walker.go(place)
    assert walker.pressed
    assert not walker.broken, "\n".join(walker.broken)
    assert not walker.dead, "\n".join(walker.dead)


READS = {
    *("acts", "checkpoints", "count_runs", "graph", "ledger", "pools", "run", "runs", "said", "schedules"),
    *("deployments", "limits", "logs", "prefect", "state", "states", "troubles", "visits"),
}


@pytest.mark.parametrize("screen", ["Dashboard", "NeedsScreen", "RunScreen"])
async def test_no_key_acts_where_one_only_looks(screen: str) -> None:
    walker = Walker(screen, readonly=True)
    for place in PLACES[screen][::4]:
        await walker.go(place)
    assert walker.asked <= READS
    assert not walker.broken, "\n".join(walker.broken)
    assert not walker.dead, "\n".join(walker.dead)
