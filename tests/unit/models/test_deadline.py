from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.models import DeadlineRule, DeadlineRules
from mahavishnu_tui.models.deadline import HUMAN_INPUT

GENERAL = DeadlineRule(60, "escalate")
RULES = DeadlineRules(GENERAL, {"release": DeadlineRule(5, "default", False), "patient": DeadlineRule()})


def ask(**fields: Any) -> dict[str, Any]:
    return {"type": HUMAN_INPUT, "prompt": "Go?", **fields}


def test_a_question_without_limits_has_those_of_its_workflow_or_the_general_ones() -> None:
    assert RULES.of("other", "Ship?", 0) == GENERAL
    assert RULES.of("release", "Ship?", 0) == DeadlineRule(5, "default", False)
    assert RULES.of("patient", ask(), 0).seconds == 0
    assert RULES.of("other", ask(timeout_seconds=None), 0) == GENERAL


def test_a_question_of_its_own_kind_sets_its_own_limit() -> None:
    rule = RULES.of("release", ask(timeout_seconds=9, on_timeout="default", default={"a": 1}), 0)
    assert rule == DeadlineRule(9.0, "default", {"a": 1})
    assert RULES.of("release", ask(timeout_seconds=0), 0).seconds == 0
    assert RULES.of("release", ask(deadline=130.0, timeout_seconds=90), 100).seconds == 30
    assert RULES.of("release", ask(deadline=1.0), 100).seconds == 0.001  # passed already: at once, not never


def test_somebody_elses_value_that_looks_alike_sets_nothing() -> None:
    assert RULES.of("other", {"timeout_seconds": 1}, 0) == GENERAL


@pytest.mark.parametrize("nonsense", ["soon", -1, True, float("nan"), float("inf"), [], {}])
def test_a_limit_that_makes_no_sense_is_none(nonsense: Any) -> None:
    assert RULES.of("other", ask(timeout_seconds=nonsense), 0) == GENERAL


def test_an_unknown_word_for_what_comes_after_means_fail() -> None:
    assert RULES.of("other", ask(timeout_seconds=3, on_timeout="explode"), 0).on_timeout == "fail"


@given(
    st.dictionaries(
        st.sampled_from(["timeout_seconds", "deadline", "on_timeout", "default"]),
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    )
)
def test_whatever_a_question_says_there_is_a_usable_rule(fields: dict[str, Any]) -> None:
    rule = RULES.of("other", ask(**fields), 1000.0)
    assert 0 <= rule.seconds < 4e8
    assert rule.on_timeout in ("fail", "default", "escalate")
