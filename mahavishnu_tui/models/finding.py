"""What a check of a workflow found before anything ran."""

from __future__ import annotations

import dataclasses
from typing import Literal

from mahavishnu_tui.models.record import Record

Severity = Literal["error", "warning", "note"]
"""`error`: it will go wrong. `warning`: it may, or cannot be told. `note`: good to know."""
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclasses.dataclass(frozen=True)
class Finding(Record):
    """One thing that was found."""

    rule: str
    """`unreachable`, `open-route`, `endless`, `no-way-out`, `loop`, `unknown-key`, `never-written`,
    `not-storable`, `lost-pause` or `not-checked`."""
    severity: Severity
    where: str
    """A node as `subgraph/node`, a key of the state, or a run."""
    message: str
    hint: str = ""


def worst_first(findings: list[Finding]) -> list[Finding]:
    """Errors before warnings before notes, each in the order in which they were found."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
