"""Writes docs/reference from the code: settings, keys, `:` commands, the command line.

`make docs` writes the pages; `--check` (part of `make check`) says which of them are not what the code gives.
"""

from __future__ import annotations

import sys
from pathlib import Path

from making.cli import cli_page
from making.commands import commands_page
from making.keys import keys_page
from making.settings import settings_page

FOLDER = Path(__file__).parent / "reference"
PAGES = {
    "settings.md": settings_page,
    "keys.md": keys_page,
    "commands.md": commands_page,
    "cli.md": cli_page,
}


def main(words: list[str]) -> int:
    pages = {FOLDER / name: make().rstrip() + "\n" for name, make in PAGES.items()}
    if words != ["--check"]:
        FOLDER.mkdir(exist_ok=True)
        for path, text in pages.items():
            path.write_text(text)
        return 0
    stale = [path.name for path, text in pages.items() if not path.is_file() or path.read_text() != text]
    if stale:
        print(
            f"docs/reference is not what the code says ({', '.join(stale)}): run `make docs`.",
            file=sys.stderr,
        )
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
