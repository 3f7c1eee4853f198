"""Checks of a data set before anybody uses it: each rule a task, the findings a table.

mahavishnu prefect execute --flow-file examples/prefect/data_validation.py
"""

from collections import Counter
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_table_artifact

Rows = list[dict[str, Any]]
Findings = list[dict[str, Any]]

READINGS: Rows = [
    {"sensor": "north-1", "celsius": 4.2, "at": "2026-11-02T08:00"},
    {"sensor": "north-1", "celsius": 4.4, "at": "2026-11-02T09:00"},
    {"sensor": "south-2", "celsius": 41.0, "at": "2026-11-02T08:00"},
    {"sensor": "", "celsius": 7.1, "at": "2026-11-02T08:00"},
    {"sensor": "north-1", "celsius": 4.4, "at": "2026-11-02T09:00"},
]


@task
def complete(rows: Rows) -> Findings:
    """Every field has a value."""
    return [
        {"row": number, "rule": "complete", "problem": f"{field} is missing"}
        for number, row in enumerate(rows)
        for field, value in row.items()
        if value in ("", None)
    ]


@task
def plausible(rows: Rows, low: float, high: float) -> Findings:
    """Temperatures are such as occur here."""
    return [
        {"row": number, "rule": "plausible", "problem": f"{row['celsius']} °C"}
        for number, row in enumerate(rows)
        if not low <= row["celsius"] <= high
    ]


@task
def unique(rows: Rows) -> Findings:
    """One reading per sensor and time."""
    seen = Counter((row["sensor"], row["at"]) for row in rows)
    return [
        {"row": "", "rule": "unique", "problem": f"{sensor} has {count} readings of {at}"}
        for (sensor, at), count in seen.items()
        if count > 1
    ]


@flow(name="data-validation", log_prints=True)
def validate(rows: Rows = READINGS, low: float = -30, high: float = 40, strict: bool = False) -> Findings:
    """Check readings; the findings are kept as a table.

    Args:
        rows: readings with sensor, celsius and at.
        low: the lowest plausible temperature.
        high: the highest one.
        strict: whether a finding fails the run.
    """
    checks = [complete.submit(rows), plausible.submit(rows, low, high), unique.submit(rows)]
    found = [finding for check in checks for finding in check.result()]
    create_table_artifact(key="data-validation", table=found, description=f"{len(found)} findings")
    print(f"{len(rows)} rows, {len(found)} findings")
    if found and strict:
        raise ValueError(f"{len(found)} findings; the first: {found[0]['problem']}.")
    return found


if __name__ == "__main__":
    validate()
