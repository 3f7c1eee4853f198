"""Known bad combinations of versions."""

from __future__ import annotations

import sys

import pytest

from mahavishnu_tui.server.prefect.selftest import combinations, fatal, versions

GOOD = {"prefect": "3.8.8", "fastapi": "0.150.1", "sqlalchemy": "2.0.58", "sqlite": "3.45.0"}


@pytest.mark.parametrize(
    ("changes", "database", "rule", "severity"),
    [
        ({"fastapi": "0.151.0"}, "", "fastapi", "error"),
        ({"sqlalchemy": "2.1.0"}, "", "sqlalchemy", "error"),
        ({"sqlite": "3.40.1"}, "", "sqlite", "note"),
        ({}, "3.9.1", "database", "error"),
        ({"prefect": ""}, "", "version", "error"),
        ({"prefect": "4.0.0"}, "", "version", "warning"),
    ],
)
def test_each_is_told_by_its_rule(changes: dict[str, str], database: str, rule: str, severity: str) -> None:
    (found,) = combinations({**GOOD, **changes}, database)
    assert (found.rule, found.severity) == (rule, severity)


def test_what_works_is_not_complained_of() -> None:
    assert combinations(GOOD, "3.8.8") == []
    assert combinations({**GOOD, "prefect": "3.9.1", "fastapi": "0.165", "sqlalchemy": "2.1"}) == []


def test_only_what_keeps_it_from_starting_is_fatal() -> None:
    assert fatal({**GOOD, "sqlalchemy": "2.1.0", "sqlite": "3.40.1"}, "") is None
    found = fatal(GOOD, "3.9.1")
    assert found is not None
    assert "cannot read it any more" in found.message


async def test_versions_are_asked_of_the_interpreter() -> None:
    found = await versions(sys.executable)
    assert found["prefect"].startswith("3.")
    assert await versions("/nowhere/python") == {}
