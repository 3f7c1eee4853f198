import random
import re

from mahavishnu_tui.server.names import new_name


def test_a_name_is_two_words() -> None:
    assert re.fullmatch(r"[a-z]+-[a-z]+", new_name(lambda _: False))


def test_names_are_not_given_twice_however_many_there_are() -> None:
    given: set[str] = set()
    chance = random.Random(7)
    for _ in range(20_000):
        given.add(new_name(given.__contains__, chance))
    assert len(given) == 20_000
    assert any(name.count("-") == 2 for name in given)


def test_when_all_words_are_taken_a_number_follows() -> None:
    assert re.fullmatch(r"[a-z]+-[a-z]+-[a-z]+-\d+", new_name(lambda name: not name[-1].isdigit()))
