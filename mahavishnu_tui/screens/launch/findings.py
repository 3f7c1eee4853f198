"""What a check of a workflow found, in one line and as a text."""

from __future__ import annotations

from collections.abc import Sequence

from mahavishnu_tui.models.finding import SEVERITIES, Finding


def in_short(findings: Sequence[Finding]) -> tuple[str, str]:
    """One line about a check, and its severity: the worst finding, and how many there are of each kind."""
    told = [item for item in findings if item.severity != "note"]
    if not told:
        return "checked: nothing is wrong with it, as far as can be told before it runs", "success"
    counts = [(sum(item.severity == kind for item in told), kind) for kind in SEVERITIES]
    words = ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for count, kind in counts if count)
    return f"checked: {words}. {told[0].where}: {told[0].message}", told[0].severity


def in_full(findings: Sequence[Finding]) -> str:
    """All of it, for reading."""
    lines = []
    for item in findings:
        lines.append(f"{item.severity.upper():<8} {item.where}: {item.message}")
        if item.hint:
            lines.append(f"         → {item.hint}")
    return "\n".join(lines) or "Nothing is wrong with it, as far as can be told before it runs."
