"""What a shell is offered when the tab key is pressed."""

from __future__ import annotations

import pytest
from click.shell_completion import ShellComplete

from mahavishnu_tui.cli.main import COMPLETION, root
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from tests.unit.cli.stub import Operator, operator, run

__all__ = ["operator"]


def offered(line: str) -> list[str]:
    *words, begun = line.split(" ")
    found = ShellComplete(root, {}, "mahavishnu", COMPLETION).get_completions(words, begun)
    return [str(item.value) for item in found]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("prefect sch", ["schedule"]),
        ("sched", ["schedule"]),
        ("prefect deployment sh", ["show"]),
        ("prefect status am", ["amber-otter", "amber-owl"]),
        ("prefect cancel amber-otter br", []),
        ("prefect retry 0000001", ["00000013-aaaa", "00000014-aaaa"]),
        ("prefect deployment show ", ["etl/nightly", "sync/hourly"]),
        ("prefect schedule create --deployment et", ["etl/nightly"]),
        ("schedule pause ", ["night", "s2"]),
        ("pool pause lo", ["local"]),
        ("prefect logs am", ["amber-otter", "amber-owl"]),
        ("prefect execute --pool-selector l", ["least-loaded"]),
    ],
)
def test_names_are_completed(operator: Operator, line: str, words: list[str]) -> None:
    assert offered(line) == words


def test_no_name_does_anything_to_a_shell(operator: Operator) -> None:
    hostile = ["x$(reboot)", "x`reboot`", "x;y", "x y", "x\x1b[2J", "x\ny", "x'y", "x&", "x|y", "x>y"]
    operator.server.runs = [run(number, name) for number, name in enumerate([*hostile, "x-fine"])]
    assert offered("prefect status x") == ["x-fine"]


def test_where_nobody_answers_nothing_is_offered(operator: Operator) -> None:
    operator.server.answers["GET", "/v1/runs"] = MahavishnuError(ErrorCode.SERVER_UNREACHABLE, "No.")
    assert offered("prefect status ") == []
    operator.server.answers["GET", "/v1/pools"] = "nonsense"
    assert offered("pool pause ") == []
