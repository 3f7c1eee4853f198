"""The documentation that comes with the program, as text for a terminal."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.projects.shipped import shipped

FIRST: Final = "README"
_RULE: Final = re.compile(r"\|[\s:|-]+\|")


@dataclasses.dataclass(frozen=True)
class Page:
    """One page."""

    name: str
    """`panes/runs`: its place without the ending."""
    title: str
    path: Path


def pages() -> list[Page]:
    """Every page: the first one, then those that it names, in its order, then any others.

    Raises:
        MahavishnuError: MHV-010, this installation has none.
    """
    folder = shipped("docs")
    found = []
    for path in folder.rglob("*.md"):
        name = path.relative_to(folder).with_suffix("").as_posix()
        found.append(Page(name, _title(path), path))
    index = (folder / f"{FIRST}.md").read_text()
    return sorted(found, key=lambda page: (page.name != FIRST, _place(page, index), page.name))


def _title(path: Path) -> str:
    with path.open() as file:
        return file.readline().lstrip("# ").strip()


def _place(page: Page, index: str) -> int:
    place = index.find(f"]({page.name}.md)")
    return place if place >= 0 else len(index)


def find_page(name: str) -> Page:
    """The page of that name, whole or its last part: `runs` is `panes/runs`.

    Raises:
        MahavishnuError: MHV-010 with the names there are.
    """
    wanted = name.strip().removesuffix(".md").lower()
    known = pages()
    for page in known:
        if wanted in (page.name.lower(), page.name.rpartition("/")[2].lower()):
            return page
    names = ", ".join(page.name for page in known)
    raise MahavishnuError(ErrorCode.BAD_INPUT, f"There is no page {name!r}.", f"There are: {names}.")


def read_page(name: str) -> tuple[str, str]:
    """The title and the text of a page; of an error code what is said of it.

    Raises:
        MahavishnuError: MHV-010, there is no such page or code.
    """
    code = name.strip().upper()
    if not re.fullmatch(r"(MHV-)?\d{3}", code):
        page = find_page(name)
        return page.name, plain_text(page)
    code = f"MHV-{code[-3:]}"
    rows = re.findall(rf"^\| {code} \| (.+?) \| (.+?) \|$", _errors().read_text(), re.MULTILINE)
    if not rows:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT, f"There is no error {code}.", "`mahavishnu docs errors` has all."
        )
    means, cure = map(_words, rows[0])
    return code, f"{code}\n\n  {means}\n  {cure}\n"


def _errors() -> Path:
    return find_page("errors").path


def plain_text(page: Page) -> str:
    """A page without what only Markdown's readers need: links, marks, the bars of tables."""
    text = re.sub(r"<!--.*?-->\n*", "", page.path.read_text(), flags=re.DOTALL)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(_lines(text))).strip() + "\n"


def _lines(text: str) -> Iterator[str]:
    in_code = False
    titles: list[str] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            titles = []
        if line.startswith("```"):
            in_code = not in_code
            yield ""
        elif in_code:
            yield f"    {line}"
        elif not line.startswith("|"):
            yield _words(line)
        elif not titles:
            titles = _cells(line)
        elif not _RULE.fullmatch(line):
            yield from _row(titles, _cells(line))


def _cells(line: str) -> list[str]:
    return [_words(cell.strip()) for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def _row(titles: list[str], cells: list[str]) -> Iterator[str]:
    """A row of a table: its first cell, and the others under it; where they are many, with their titles."""
    yield f"  {cells[0]}"
    for title, cell in zip(titles[1:], cells[1:], strict=False):
        if cell:
            yield f"      {title}: {cell}" if len(titles) > 3 else f"      {cell}"


def _words(text: str) -> str:
    text = re.sub(r"!\[([^\]]*)\]\([^)]*\)", r"(picture: \1)", text)
    text = re.sub(r"\[([^\]]+)\]\(([^)#]*)[^)]*\)", _link, text)
    text = re.sub(r"\*\*(.+?)\*\*", r"\1", text)
    return text.replace("\\|", "|").replace("\\<", "<")


def _link(found: re.Match[str]) -> str:
    """The words of a link; another page is named with it."""
    words, target = found[1], found[2]
    page = target.removesuffix(".md")
    return f"{words} (page {page.rpartition('/')[2]})" if page != target and words != target else words
