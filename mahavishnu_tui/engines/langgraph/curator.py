"""What operators do with checkpoints, in one place: the adapter's public methods for them."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.engines.langgraph import marks, state_search
from mahavishnu_tui.engines.langgraph.catalog import LoadedGraph
from mahavishnu_tui.engines.langgraph.compare import Side, compare
from mahavishnu_tui.engines.langgraph.edits import preview_edit
from mahavishnu_tui.engines.langgraph.pruning import Candidate, Policy, delete_thread, prune
from mahavishnu_tui.engines.langgraph.savers import LeasedSaver
from mahavishnu_tui.engines.langgraph.sizes import thread_sizes
from mahavishnu_tui.models import ErrorCode
from mahavishnu_tui.models.checkpoint import EditPreview, PrunePlan, SearchPage
from mahavishnu_tui.models.edit import StateEdit
from mahavishnu_tui.models.text import clean_line

WARN_BYTES = 50 * 1000 * 1000
Load = Callable[[str], Awaitable[LoadedGraph]]


class Curator:
    """Compares, searches, previews, marks, measures and removes checkpoints of one file.

    Args:
        saver: of the file.
        load: gives the graph of a spec.
        warn_bytes: from here on a thread counts as large.
    """

    def __init__(self, saver: LeasedSaver, load: Load, warn_bytes: int = WARN_BYTES) -> None:
        self._saver = saver
        self._load = load
        self._warn_bytes = warn_bytes

    async def diff(
        self,
        spec: str,
        thread_id: str,
        before: str,
        after: str,
        before_spec: str = "",
        before_thread: str = "",
    ) -> dict[str, Any]:
        """What differs between two checkpoints; `before` may be `parent`, both may be `latest`.

        Raises:
            WorkflowError: the graph does not load.
            AdapterError: MHV-107.
        """
        graph = (await self._load(spec)).graph
        other = (await self._load(before_spec)).graph if before_spec else graph
        return await compare(
            self._saver, Side(other, before_thread or thread_id, before), Side(graph, thread_id, after)
        )

    async def search(
        self, thread_id: str, text: str, where: str = "", before: str = "", limit: int = 50
    ) -> SearchPage:
        """The checkpoints whose state has a text; see `state_search.search`."""
        find = functools.partial(state_search.search, self._saver.path, thread_id, text, where, before, limit)
        return await asyncio.to_thread(find)

    async def preview(self, spec: str, thread_id: str, order: StateEdit) -> EditPreview:
        """What an edit would do; see `edits.preview_edit`."""
        return await preview_edit((await self._load(spec)).graph, self._saver, thread_id, order)

    async def pin(self, thread_id: str, pinned: bool, by: str, note: str = "") -> None:
        """Keep a thread from ever being pruned, or no longer."""
        await self._saver.write(
            thread_id, lambda connection: marks.pin(connection, thread_id, pinned, by, note)
        )

    async def tag(self, thread_id: str, checkpoint_id: str, name: str, by: str, note: str = "") -> None:
        """Give a checkpoint a name; it is then never pruned.

        Raises:
            AdapterError: MHV-107, MHV-010 when there is no name.
        """
        name = clean_line(name.strip(), marks.MOST_TAG)
        if not name:
            raise AdapterError(ErrorCode.BAD_INPUT, "A tag needs a name.", "Give one.")
        note = clean_line(note, marks.MOST_NOTE)
        done = await self._saver.write(
            thread_id, lambda connection: marks.tag(connection, thread_id, checkpoint_id, name, by, note)
        )
        if not done:
            raise _unknown(thread_id, f"has no checkpoint {checkpoint_id}")

    async def untag(self, thread_id: str, checkpoint_id: str, name: str) -> None:
        """Take a name from a checkpoint.

        Raises:
            AdapterError: MHV-107 when it has none like that.
        """
        done = await self._saver.write(
            thread_id, lambda connection: marks.untag(connection, thread_id, checkpoint_id, name)
        )
        if not done:
            raise _unknown(thread_id, f"has no tag {name!r} on checkpoint {checkpoint_id}")

    async def sizes(self, thread_id: str = "") -> dict[str, Any]:
        """The room that threads take; see `sizes.thread_sizes`."""
        return await asyncio.to_thread(thread_sizes, self._saver.path, self._warn_bytes, thread_id)

    async def prune(
        self, candidates: Sequence[Candidate], policy: Policy, *, dry: bool = True, expect: int | None = None
    ) -> PrunePlan:
        """Remove old checkpoints, or say which; see `pruning.prune`."""
        return await prune(self._saver, candidates, policy, dry=dry, expect=expect)

    async def delete_thread(self, candidate: Candidate) -> int:
        """Remove all that is stored of a thread; see `pruning.delete_thread`."""
        return await delete_thread(self._saver, candidate)


def _unknown(thread_id: str, what: str) -> AdapterError:
    return AdapterError(
        ErrorCode.CHECKPOINT_UNKNOWN, f"Thread {thread_id} {what}.", "List the checkpoints of the run."
    )
