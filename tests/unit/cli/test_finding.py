"""What an operator types, and the one thing that is meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.cli.finding import exactly, instead, pick, telling_length
from mahavishnu_tui.cli.prefect.selecting import joined, with_deployment, with_states
from mahavishnu_tui.models.errors import MahavishnuError
from mahavishnu_tui.models.filtering import parse_filter
from mahavishnu_tui.models.run_search import RUN_ATTRIBUTES, run_attributes
from tests.unit.cli.stub import Operator, operator, run

__all__ = ["operator"]
THINGS = [("a1", "nightly"), ("a2", "nightly-two"), ("b1", "a1"), ("c1", "hourly"), ("c2", "hourly")]


def found(text: str) -> str | None:
    thing = pick(text, THINGS, names=lambda item: item, show=" ".join, kind="thing")
    return thing[0] if thing else None


@pytest.mark.parametrize(
    ("text", "meant"),
    [("a2", "a2"), ("nightly", "a1"), ("a1", "a1"), ("nightly-", "a2"), ("b", "b1"), ("x", None), ("", None)],
)
def test_whole_names_win_over_beginnings_and_ids_over_names(text: str, meant: str | None) -> None:
    assert found(text) == meant


@pytest.mark.parametrize("text", ["hourly", "hour", "c", "n"])
def test_what_means_several_names_them(text: str) -> None:
    with pytest.raises(MahavishnuError) as several:
        found(text)
    assert "means 2 things" in several.value.message
    assert len(several.value.details["candidates"]) == 2


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("amber-otter", 11),
        ("00000012-aaaa", 12),
        ("00000012", 12),
        ("amber-ow", 12),
        ("calm, quiet", 15),
        ("calm", 15),
    ],
)
def test_a_run_by_id_name_or_beginning(operator: Operator, name: str, number: int) -> None:
    operator("prefect", "cancel", name)
    assert [item["id"] for item in operator.server.asked("POST", "/v1/runs/bulk")["runs"]] == [
        f"{number:08d}-aaaa"
    ]


@pytest.mark.parametrize("name", ["brisk-heron", "amber", "000000"])
def test_an_ambiguous_run_lists_the_candidates_and_nothing_is_done(operator: Operator, name: str) -> None:
    done = operator("prefect", "cancel", name, code=2)
    assert "means" in done.err
    assert "0000001" in done.err
    assert operator.server.acts() == []


def test_a_run_that_the_mirror_has_not_is_asked_for(operator: Operator) -> None:
    older = run(99, "old-one")
    operator.server.answers["GET", "/v1/runs/old-one"] = {"run": older.to_json(), "input": {}}
    operator("prefect", "retry", "old-one")
    assert operator.server.asked("POST", "/v1/runs/bulk")["runs"] == [{"id": older.id, "version": 3}]
    assert "MHV-100" in operator("prefect", "retry", "nobody", code=1).err


def search(text: str, number: int, name: str, **fields: object) -> bool:
    row = run_attributes(run(number, name, **fields), 0.0)  # type: ignore[arg-type]
    return parse_filter(text, RUN_ATTRIBUTES).matches(row)


@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1).map(str.strip)
)
def test_any_name_is_found_by_the_filter_that_is_made_of_it(name: str) -> None:
    if name:
        assert search(joined("", f"run:^{exactly(name)}$"), 1, name)
        assert search(with_deployment("", f"etl/{name}"), 1, "x", deployment=name)


@pytest.mark.parametrize(
    ("wanted", "state", "status", "passes"),
    [
        (["completed"], "Completed", "success", True),
        (["COMPLETED", "late"], "Late", "queued", True),
        (["failed"], "Failed", "error", True),
        (["failed"], "Crashed", "error", False),
        (["error"], "Crashed", "error", True),
        (["running"], "Cancelling", "running", True),
        (["running"], "", "running", True),
        (["run"], "Running", "running", False),
        (["awaiting retry"], "Awaiting Retry", "scheduled", True),
    ],
)
def test_states_by_prefects_names_and_by_ours(
    wanted: list[str], state: str, status: str, passes: bool
) -> None:
    assert search(with_states("", wanted), 1, "x", state=state, status=status) is passes


def test_as_much_of_an_id_is_shown_as_tells_it_from_the_others() -> None:
    assert telling_length([]) == 8
    assert telling_length(["0123456789"]) == 8
    assert telling_length(["01a226ab-1111", "01a226ab-1122", "01a226ab-1122"]) == 12
    assert telling_length(["0123456789", "01234567890"]) == 11


def test_the_name_next_to_a_wrong_one_is_offered() -> None:
    names = ["nested/slow", "hourly/etl", ""]
    assert instead("nested_slow/d", names, "Look.") == "Did you mean nested/slow?"
    assert instead("x", names, "Look.") == "Look."
    assert instead("x", [], "Look.") == "Look."
