"""Links lead somewhere, and the page of errors has every code. What is made from the code: `make check`."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from mahavishnu_tui.models import ErrorCode

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def prose(page: Path) -> str:
    """The page without what is code."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", lambda code: code[0].replace("](", "] ("), text)


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the headings."""
    found = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert there.exists(), f"{target}: no such file"
        if anchor:
            assert anchor in anchors(there), f"{target}: no such heading"


def test_every_error_code_is_explained_once() -> None:
    rows = re.findall(
        r"^\| (MHV-\d+) \| (.+?) \| (.+?) \|$", (ROOT / "docs/errors.md").read_text(), re.MULTILINE
    )
    assert [code for code, _, _ in rows] == sorted(code.value for code in ErrorCode)


def test_a_page_that_is_not_what_the_code_says_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    made = importlib.import_module("make_reference")
    monkeypatch.setattr(made, "FOLDER", tmp_path / "reference")
    assert made.main([]) == 0
    assert made.main(["--check"]) == 0
    keys = tmp_path / "reference" / "keys.md"
    keys.write_text(keys.read_text().replace("`pane.runs`", "`pane.walks`"))
    assert made.main(["--check"]) == 1
    assert "(keys.md): run `make docs`" in capsys.readouterr().err
