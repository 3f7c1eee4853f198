"""Tables in Markdown."""

from __future__ import annotations

MADE = "\n<!-- Made from the code by `make docs`; a change made here by hand is lost. -->\n"


def table(titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    lines = [titles, tuple("---" for _ in titles), *rows]
    return [f"| {' | '.join(cell(text) for text in line)} |" for line in lines]


def cell(text: str) -> str:
    """One line; what Markdown would take for a column or for HTML is kept from being it."""
    parts = " ".join(text.split()).replace("|", "\\|").split("`")
    parts[::2] = [part.replace("<", "\\<") for part in parts[::2]]
    return "`".join(parts)


def code(text: str) -> str:
    return f"`{text}`" if text else ""
