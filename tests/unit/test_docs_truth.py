"""What the pages written by hand name exists: commands and their options, settings, keys, `:` commands."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import click
import pytest

from mahavishnu_tui.cli.main import root
from mahavishnu_tui.screens.commands import parse_command
from mahavishnu_tui.screens.hints import key_text
from mahavishnu_tui.settings.model import MahavishnuSettings

ROOT = Path(__file__).parents[2]
WRITTEN = [
    page
    for page in [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"]
    if "reference" not in page.parts and page.name not in ("protocols.md", "architecture.md", "features.md")
]
each_page = pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
DASHBOARD = {"--readonly", "--ascii", "--ssh", "--version", "--help"}
"""Options that the entry reads itself."""


def spans(page: Path) -> list[str]:
    """What stands between backticks, one line each."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [span.replace("\\|", "|") for span in re.findall(r"`([^`\n]+)`", text)]


def blocks(page: Path) -> list[str]:
    """The lines of code blocks."""
    found = re.findall(r"^```\w*\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in found for line in block.splitlines()]


def commands(page: Path) -> list[list[str]]:
    """Every call of the program, as words."""
    found = []
    for line in [*spans(page), *blocks(page)]:
        call = re.search(r"(?:^|[ /&])mahavishnu((?: .*)?)$", line)
        if call and line.partition("mahavishnu")[0].isascii():
            words = re.split(r"  +| && |;|\|\|? ", call[1])[0].strip()
            try:
                found.append(shlex.split(words))
            except ValueError:
                found.append(words.split())
    return found


def test_there_is_something_to_look_at() -> None:
    assert sum(len(commands(page)) for page in WRITTEN) > 80


@each_page
def test_commands_and_their_options_exist(page: Path) -> None:
    for words in commands(page):
        assert not wrong(words), f"mahavishnu {' '.join(words)}: there is no {wrong(words)}"


def test_commands_in_sentences_of_the_code_exist() -> None:
    seen = 0
    for file in (ROOT / "mahavishnu_tui").rglob("*.py"):
        text = re.sub(r'"\s*\n\s*f?"', "", file.read_text())
        for call in re.findall(r"`mahavishnu ([^`\n]+)`", text):
            seen += 1
            words = re.sub(r"\{[^}]*\}", "X", call).split()
            if words[0] != "X" and "X" not in words[:2]:
                assert not wrong(words), f"{file.name}: mahavishnu {call}: there is no {wrong(words)}"
    assert seen > 100


def wrong(words: list[str]) -> str:
    """The first word or option of a call that does not exist; empty when it is right."""
    command: click.Command = root
    for word in words:
        if isinstance(command, click.Group) and re.fullmatch(r"[a-z][a-z-]*", word):
            found = command.get_command(click.Context(command), word)
            if found is None and not words[0].startswith("-"):  # else the value of an option before it
                return word
            command = found or command
    params = (*root.params, *command.params)
    options = DASHBOARD.union(*(param.opts for param in params), *(param.secondary_opts for param in params))
    given = [word.partition("=")[0] for word in words if re.match(r"--[a-z]", word)]
    return next((option for option in given if option not in options), "")


@each_page
def test_commands_of_the_dashboard_exist(page: Path) -> None:
    for span in spans(page):
        if re.fullmatch(r":[a-z]\w*( .*)?", span):
            parse_command(span)


@each_page
def test_settings_exist(page: Path) -> None:
    models = {name: field.annotation for name, field in MahavishnuSettings.model_fields.items()}
    for span in spans(page):
        for group, field in re.findall(r"(?:^|\s)([a-z]+)\.([a-z_]+)(?=[:\s]|$)", span):
            fields = getattr(models.get(group), "model_fields", None)
            if fields is not None and field not in ("yaml", "json", "toml", "py"):
                assert field in fields, f"{group}.{field}"


def test_keys_of_tables_are_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    made = importlib.import_module("making.keys")
    bound = {
        name
        for owner in made.binding_owners()
        for binding in made.bindings_of(owner)
        for key in binding.key.split(",")
        for name in (key, key_text(key))
    }
    for page in WRITTEN:
        for cell in re.findall(r"^\| (`[^|]+?) \|", page.read_text(), re.MULTILINE):
            keys = re.findall(r"`([^`]+)`", cell)
            if all(len(key) == 1 or key.startswith("ctrl+") for key in keys):
                assert set(keys) <= bound, (page.name, set(keys) - bound)
