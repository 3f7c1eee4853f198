from __future__ import annotations

from typing import Any

import pytest

from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.models.rules import RunRules, check_priority, check_rules


def test_the_strongest_layer_wins_and_what_is_not_a_rule_is_left_alone() -> None:
    rules = RunRules().over({"isolate": True, "timeout_seconds": 5}, {"timeout_seconds": 9, "tags": ["x"]})
    assert (rules.isolate, rules.timeout_seconds, rules.priority) == (True, 9, "normal")
    assert rules.over({"isolate": None}).isolate


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("isolate", "yes"),
        ("timeout_seconds", -1),
        ("node_timeout_seconds", True),
        ("recursion_limit", 0),
        ("recursion_limit", 1.5),
        ("max_concurrency", "many"),
        ("durability", "never"),
        ("priority", "first"),
        ("timeout_seconds", float("nan")),
        ("recursion_limit", float("inf")),
    ],
)
def test_a_rule_that_makes_no_sense_is_named(key: str, value: Any) -> None:
    with pytest.raises(MahavishnuError) as refused:
        check_rules({key: value})
    assert f"`{key}`" in refused.value.message
    assert "must be" in refused.value.message


def test_what_makes_sense_passes() -> None:
    check_rules(
        {"isolate": False, "timeout_seconds": 0.5, "recursion_limit": 5, "durability": None, "x": object()}
    )
    assert check_priority("low") == "low"
    with pytest.raises(MahavishnuError):
        check_priority("lowest")
