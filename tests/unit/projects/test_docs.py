"""The documentation as text for a terminal."""

from pathlib import Path

import pytest

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.projects.docs import Page, find_page, pages, plain_text, read_page

TEXT = """\
# A page

<!-- Made from code. -->

See [the errors](../errors.md#x), [here](#there) and **this**.

| Key | Does | Or |
|---|---|---|
| `a\\|b` | \\<one> | |

| Name | Type | Default | What |
| --- | --- | --- | --- |
| x | text | | it |

```
| not | a table |
```
"""


def test_a_page_is_read_without_its_markup(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(TEXT)
    assert plain_text(Page("a", "A page", tmp_path / "a.md")).splitlines() == [
        "# A page",
        "",
        "See the errors (page errors), here and this.",
        "",
        "  `a|b`",
        "      <one>",
        "",
        "  x",
        "      Type: text",
        "      What: it",
        "",
        "    | not | a table |",
    ]


def test_pages_are_found_by_their_last_name() -> None:
    assert find_page("settings").name == "reference/settings"
    assert find_page("Reference/Keys.md").title == "Keys"
    with pytest.raises(MahavishnuError, match="no page 'nope'") as caught:
        find_page("nope")
    assert caught.value.code is ErrorCode.BAD_INPUT
    assert all(page.title for page in pages())


def test_an_error_code_is_a_page_of_its_own() -> None:
    assert read_page("settings")[0] == "reference/settings"
    title, text = read_page("mhv-008")
    assert title == "MHV-008"
    assert "mahavishnu trust FILE" in text
    assert "MHV-009" not in text
    assert read_page("008") == (title, text)
    with pytest.raises(MahavishnuError, match="no error MHV-999"):
        read_page("MHV-999")
