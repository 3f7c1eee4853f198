"""What `ctrl+p` finds beside the commands: runs by name, and what keys do here."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode

from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.base import OperatorScreen
from mahavishnu_tui.screens.hints import key_text
from mahavishnu_tui.widgets.status import run_mark

_MOST = 200
"""Runs that one search may find: more are no help."""


class KeyProvider(Provider):
    """Every key that works on the screen, by what it does."""

    def _deeds(self) -> Iterator[tuple[str, str, Callable[[], Any]]]:
        found: dict[str, tuple[list[str], str, DOMNode]] = {}
        for key, active in self.screen.active_bindings.items():
            binding = active.binding
            if active.enabled and binding.id and binding.description and not binding.id.startswith("table."):
                entry = found.setdefault(binding.action, ([], binding.description, active.node))
                entry[0].append(key_text(key))
        for action, (keys, what, node) in found.items():
            yield what, f"key {' '.join(keys)}", functools.partial(self._act, action, node)

    async def _act(self, action: str, node: DOMNode) -> None:
        """As if the key were pressed: an action is that of who bound the key."""
        await self.app.run_action(action, node)

    async def discover(self) -> Hits:
        """All of them."""
        for what, keys, act in self._deeds():
            yield DiscoveryHit(what, act, help=keys)

    async def search(self, query: str) -> Hits:
        """Those whose words match."""
        matcher = self.matcher(query)
        for what, keys, act in self._deeds():
            score = matcher.match(what)
            if score > 0:
                yield Hit(score, matcher.highlight(what), act, help=keys)


class RunProvider(Provider):
    """Runs by name: chosen, one is opened."""

    async def search(self, query: str) -> Hits:
        """Those whose names match, of what is known here."""
        screen = self.screen
        if not isinstance(screen, OperatorScreen):
            return
        matcher, found = self.matcher(query), 0
        for run in screen.session.mirror.runs.values():
            name = clean_line(run.name, 60)
            score = matcher.match(name) if query.lower()[:1] in name.lower() else 0
            if score <= 0:
                continue
            what = f"{run_mark(run.status, run.state).word}, {clean_line(run.workflow, 60)}"
            yield Hit(score, matcher.highlight(name), functools.partial(self._open, run.id), help=what)
            found += 1
            if found >= _MOST:
                return

    def _open(self, run_id: str) -> None:
        from mahavishnu_tui.screens.run import open_run

        screen = self.screen
        if isinstance(screen, OperatorScreen):
            screen.app.push_screen(open_run(screen.session, run_id, "path"))
