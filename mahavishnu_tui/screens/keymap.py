"""What is wrong with `ui.keymap`: ids and keys that do not exist, and two deeds on one key.

Only for those who remap keys: it imports every screen.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from textual.binding import Binding
from textual.keys import Keys, _character_to_key, key_to_character
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Input, TextArea

from mahavishnu_tui.models.text import clean_line

_MODIFIERS: Final = frozenset({"ctrl", "shift", "alt", "super", "hyper", "meta"})
_NAMED: Final = frozenset(key.value for key in Keys if not key.value.startswith("<"))
_APP: Final = "mahavishnu_tui.app"
_OURS: Final = ("mahavishnu_tui.screens", "mahavishnu_tui.widgets")


@dataclasses.dataclass(frozen=True)
class Bound:
    """One binding of a class, with the keys that it has once the keymap is applied."""

    id: str
    keys: tuple[str, ...]
    owner: type
    remapped: bool
    new: frozenset[str]
    """Keys that it does not have by itself: who shares one of the others does so on purpose."""


def binding_owners() -> list[type]:
    """The classes of the dashboard that bind keys; the application first, then screens, then widgets."""
    packages = [importlib.import_module(f"mahavishnu_tui.{name}") for name in ("screens", "widgets")]
    names = [
        item.name
        for package in packages
        for item in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    modules = [importlib.import_module(name) for name in (_APP, *names)]
    return [
        value
        for module in modules
        for _, value in sorted(vars(module).items())
        if inspect.isclass(value) and value.__module__ == module.__name__ and bindings_of(value)
    ]


def bindings_of(owner: type) -> list[Binding]:
    """The keys that a class itself binds, one for each id."""
    own = vars(owner).get("BINDINGS", ())
    made = [item if isinstance(item, Binding) else Binding(*item) for item in own]
    return [item for item in made if item.id]


def keymap_problems(keymap: Mapping[str, str]) -> list[str]:
    """A sentence for each thing that is wrong; nothing is imported where nothing is remapped."""
    if not keymap:
        return []
    owners = binding_owners()
    known = sorted({binding.id for owner in owners for binding in bindings_of(owner) if binding.id})
    problems = [_unknown_id(identity, known) for identity in keymap if identity not in known]
    problems += [
        f"ui.keymap: `{clean_line(key, 40)}` of {identity} is not a key; docs/reference/keys.md names them."
        for identity, keys in keymap.items()
        for key in keys.split(",")
        if identity in known and not is_key(key.strip())
    ]
    return problems + _conflicts(owners, keymap)


def is_key(key: str) -> bool:
    """Whether a terminal can send a key of that name: `x`, `ctrl+x`, `question_mark`, `f5`."""
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    if not last or not set(modifiers) <= _MODIFIERS:
        return False
    return len(last) == 1 or last in _NAMED or key_to_character(last) is not None


def _unknown_id(identity: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(identity, list(known), n=1)
    meant = f" Did you mean {near[0]}?" if near else " `?` shows the ids."
    return f"ui.keymap: there is no key with the id {clean_line(identity, 60)}.{meant}"


def _conflicts(owners: list[type], keymap: Mapping[str, str]) -> list[str]:
    bound = {owner: [_bound(binding, owner, keymap) for binding in bindings_of(owner)] for owner in owners}
    app = [item for item in owners if item.__module__ == _APP]
    places: dict[tuple[str, str, str], list[str]] = {}
    for screen in owners:
        leaf = not any(issubclass(other, screen) for other in owners if other is not screen)
        if not (issubclass(screen, Screen) and leaf):
            continue
        for within in _within(screen):
            chain = within if issubclass(screen, ModalScreen) else [*within, *app]
            for clash in _clashes(
                [one for head in chain for item in head.__mro__ for one in bound.get(item, ())]
            ):
                found = places.setdefault((clash.names, clash.key, clash.wins), [])
                place = next((head for head in within if clash.owners <= {*head.__mro__}), screen)
                where = _place(_known_as(place, clash))
                found += [] if where in found else [where]
    return [
        f"ui.keymap: {names} on {key} on the {_places(where)}: {wins} wins."
        for (names, key, wins), where in places.items()
    ]


class _Clash(NamedTuple):
    names: str
    """`run.copy and run.retry are both`."""
    key: str
    wins: str
    """The id that has the key."""
    owners: set[type]
    ids: frozenset[str]


def _clashes(chain: list[Bound]) -> Iterator[_Clash]:
    """Several ids on one key; the nearer to the focus, the earlier in the chain."""
    by_key: dict[str, list[Bound]] = {}
    for one in chain:
        for key in one.keys:
            by_key.setdefault(key, []).append(one)
    for key, several in by_key.items():
        names = sorted({one.id for one in several})
        if len(names) > 1 and any(key in one.new for one in several):
            # In one class what is remapped takes the key away; else the nearer one has it.
            nearest = several[0]
            wins = next((one for one in several if one.owner is nearest.owner and one.remapped), nearest)
            said = f"{_listed(names)} are {'both' if len(names) == 2 else 'all'}"
            yield _Clash(said, key, wins.id, {one.owner for one in several}, frozenset(names))


def _within(outer: type, around: tuple[type, ...] = ()) -> Iterator[list[type]]:
    """Whose keys may be active together within a screen or widget, from the focus outwards to its own.

    What it holds is what the modules name that it is made in. Lines that are typed into take their keys
    themselves: what lies around them gets none.
    """
    yield [outer]
    around = (*around, outer)
    for held in _held(outer):
        if not any(issubclass(item, held) for item in around):
            for chain in _within(held, around):
                yield chain if issubclass(held, Input | TextArea) else [*chain, outer]


@functools.cache
def _held(outer: type) -> list[type[Widget]]:
    modules = {item.__module__ for item in outer.__mro__ if item.__module__.startswith(_OURS)}
    named = [value for module in sorted(modules) for value in vars(sys.modules[module]).values()]
    widgets = (value for value in named if inspect.isclass(value) and issubclass(value, Widget))
    return [
        item
        for item in dict.fromkeys(widgets)
        if item.__module__.startswith(_OURS) and not issubclass(item, Screen)
    ]


def _bound(binding: Binding, owner: type, keymap: Mapping[str, str]) -> Bound:
    keys = _names(keymap.get(binding.id or "", binding.key))
    new = frozenset(keys) - frozenset(_names(binding.key))
    return Bound(binding.id or "", keys, owner, binding.id in keymap, new)


def _names(keys: str) -> tuple[str, ...]:
    return tuple(_named(key.strip()) for key in keys.split(",") if key.strip())


def _named(key: str) -> str:
    return _character_to_key(key) if len(key) == 1 and not key.isalnum() else key


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _places(where: list[str]) -> str:
    """`dashboard`, `run screen`, `dashboard and the needs, run and search screens`."""
    screens = [place.removesuffix(" screen") for place in where if place.endswith(" screen")]
    others = [place for place in where if not place.endswith(" screen")]
    together = [f"{_listed(screens)} screen{'s' if len(screens) > 1 else ''}"] if screens else []
    return " and the ".join([*([_listed(others)] if others else []), *together])


def _known_as(place: type, clash: _Clash) -> type:
    """The screen of which this one is a variant, but where a key is in this one alone."""
    bases = (item for item in place.__mro__[1:] if item.__module__.startswith(_OURS))
    base = next((item for item in bases if place.__name__.endswith(item.__name__)), place)
    theirs = {binding.id for item in base.__mro__ for binding in bindings_of(item)}
    own = {binding.id for binding in bindings_of(place)} & clash.ids
    return base if own <= theirs else place


def _place(owner: type) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", owner.__name__).lower().removeprefix("virtual ")
    whole = words.endswith(("screen", "dashboard")) or not issubclass(owner, Screen)
    return words if whole else f"{words} screen"
