"""What is typed into the search, and the place that is shown."""

from __future__ import annotations

import pytest

from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.models.search import SearchWord, find_place, parse_search


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Deploy", [SearchWord("deploy")]),
        ('"no money" pay', [SearchWord("no money"), SearchWord("pay")]),
        ("error:Timeout node:pay", [SearchWord("timeout", "error"), SearchWord("pay", "node")]),
        ("https://x:8080", [SearchWord("https://x:8080")]),
        ('half "open', [SearchWord("half"), SearchWord("open")]),
        ('"', [SearchWord('"')]),
        ("don't", [SearchWord("don't")]),
        ("error:", [SearchWord("error:")]),
        ("GRÖßE", [SearchWord("größe")]),
    ],
)
def test_words_are_understood(typed: str, words: list[SearchWord]) -> None:
    assert parse_search(typed) == words


def test_nothing_and_too_much_are_refused() -> None:
    for typed in ("", "  ", '""', "x" * 201):
        with pytest.raises(MahavishnuError):
            parse_search(typed)


def test_the_most_telling_place_of_the_first_word_is_shown() -> None:
    places: list = [("input", '{"city": "Oslo"}'), ("run", "oslo-otter"), ("node", "fetch")]
    assert find_place(places, parse_search("OSLO fetch")) == ("run", "oslo-otter", 0, 4)
    assert find_place(places, parse_search("input:oslo")) == ("input", '{"city": "Oslo"}', 10, 14)
    assert find_place(places, parse_search("oslo bergen")) is None
    other = [("run", "İZMİR ΟΔΌΣ ЗАЯЦ"), ("tag", "größe")]
    assert find_place(other, parse_search("заяц GRÖßE")) == ("run", "İZMİR ΟΔΌΣ ЗАЯЦ", 11, 15)  # type: ignore[arg-type]
    assert find_place(other, parse_search("οδός")) == ("run", "İZMİR ΟΔΌΣ ЗАЯЦ", 6, 10)  # type: ignore[arg-type]
    found = find_place([("error", "x" * 500 + " Boom \x1b[31m" + "y" * 500)], parse_search("boom"))
    assert found is not None
    field, text, start, end = found
    assert (field, text[start:end]) == ("error", "Boom")
    assert text.startswith("…")
    assert text.endswith("…")
    assert "\x1b" not in text
