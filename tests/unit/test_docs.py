"""Links lead somewhere, and the page of errors has every code. What is made from the code: `make check`."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from mahavishnu_tui.cli.main import root
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


def options(command: click.Command, path: str) -> Iterator[tuple[str, click.Option]]:
    """Every option of a command and of all below it."""
    context = click.Context(command)
    yield from ((path, param) for param in command.params if isinstance(param, click.Option))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from options(found, f"{path} {name}")


def test_every_option_says_what_it_is_for() -> None:
    found = [(path, option) for path, option in options(root, "mahavishnu") if not option.hidden]
    assert len(found) > 100
    wrong = [
        f"{path} {option.opts[0]}" for path, option in found if not (option.help or "").endswith((".", ")"))
    ]
    assert not wrong


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
