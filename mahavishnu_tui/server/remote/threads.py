"""Reads threads of a LangGraph server: what changed, and what one of them is at."""

from __future__ import annotations

from typing import Any

from mahavishnu_tui.models import GraphShape, MahavishnuError
from mahavishnu_tui.server.remote.api import PAGE, Api, status_of
from mahavishnu_tui.server.remote.reading import checkpoint_id, items, mapping, parent_id, part_of
from mahavishnu_tui.server.remote.taking import ThreadView

_HISTORY_PAGE = 20
_MOST_CHECKPOINTS = 1000
"""Of one thread that are read for its path; older ones are left out."""
_MOST_THREADS = 1000
_MOST_RUNS = 50
_DEPTH = 4
"""Levels of subgraphs."""

Thread = dict[str, Any]
State = dict[str, Any]


class Threads:
    """The reader of one server. Keeps the checkpoints of threads at work, without their values."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._kept: dict[tuple[str, str], dict[str, State]] = {}
        self._entered = set[tuple[str, str]]()
        """Subgraphs that were at work at the last look: they have gone on since, or come to their end."""
        self._newest = ""

    async def changed(self, seen: dict[str, str]) -> list[Thread]:
        """The threads that are not as they were seen, those at work included; oldest change first."""
        found: dict[str, Thread] = {}
        if not self._newest:
            for status in ("interrupted", "error"):
                await self._search(found, _MOST_THREADS if status == "interrupted" else PAGE, status=status)
        await self._search(found, _MOST_THREADS if self._newest else PAGE, until=self._newest)
        await self._search(found, _MOST_THREADS, status="busy")
        fresh = [thread for key, thread in found.items() if _is_news(thread, seen.get(key))]
        self._newest = max([self._newest, *(str(thread.get("updated_at")) for thread in found.values())])
        return sorted(fresh, key=lambda thread: str(thread.get("updated_at")))

    def forget(self, thread_id: str) -> None:
        """Keep nothing of a thread that has come to rest."""
        for key in [key for key in self._kept if key[0] == thread_id]:
            del self._kept[key]
            self._entered.discard(key)

    async def look(self, thread: Thread, shapes: dict[str, GraphShape], deep: bool) -> ThreadView | None:
        """All that is to be known of a thread; None when it is gone.

        Args:
            thread: as a search gave it.
            shapes: graphs by assistant id, to know what is inside of which node.
            deep: read its checkpoints too.
        """
        thread_id = str(thread.get("thread_id"))
        try:
            found = await self._api.runs(thread_id, _MOST_RUNS)
            parts = [part for part in map(part_of, reversed(found)) if part is not None]
            if not deep or not parts:
                return _view(thread, parts)
            head = await self._api.state(thread_id)
            history = await self._history(thread_id, "", head)
            inner: dict[str, list[State]] = {}
            shape = shapes.get(parts[-1].assistant_id)
            if shape is not None:
                await self._insides(thread_id, history, head, shape, "", "", inner)
        except MahavishnuError as error:
            if status_of(error) == 404:
                return None
            raise
        return _view(thread, parts, head, history, inner)

    async def _search(self, found: dict[str, Thread], most: int, until: str = "", **only: Any) -> None:
        offset = 0
        while offset < most:
            page = await self._api.threads(offset, **only)
            for thread in page:
                found.setdefault(str(thread.get("thread_id")), thread)
            offset += PAGE
            if len(page) < PAGE or str(page[-1].get("updated_at")) < until:
                return

    async def _history(self, thread_id: str, namespace: str, head: State | None) -> list[State]:
        """The checkpoints of a namespace; only those that are new, or may still change, are fetched."""
        kept = self._kept.setdefault((thread_id, namespace), {})
        before = ""
        while len(kept) < _MOST_CHECKPOINTS:
            page = await self._api.history(thread_id, _HISTORY_PAGE, before, namespace)
            known = bool(page) and checkpoint_id(page[-1]) in kept
            for state in page:
                kept[checkpoint_id(state)] = _slim(state)
            if len(page) < _HISTORY_PAGE or known or not parent_id(page[-1]):
                break
            before = checkpoint_id(page[-1])
        states = list(kept.values())
        if head is not None and (newest := kept.get(checkpoint_id(head))) is not None:
            # History tells what was asked there once; the head, what its tasks have done since.
            _refresh(newest, head)
        return states

    async def _insides(
        self,
        thread_id: str,
        states: list[State],
        head: State,
        shape: GraphShape,
        namespace: str,
        path: str,
        found: dict[str, list[State]],
    ) -> None:
        """The histories of the subgraphs that these checkpoints entered."""
        if path.count("/") >= _DEPTH:
            return
        live = {str(task.get("id")): mapping(task.get("state")) for task in items(head.get("tasks"))}
        for state in states:
            for task in items(state.get("tasks")):
                name, key = str(task.get("name")), str(task.get("id"))
                inner = shape.subgraphs.get(name)
                if inner is None:
                    continue
                place = f"{namespace}|{name}:{key}" if namespace else f"{name}:{key}"
                known, at_work = self._kept.get((thread_id, place)), key in live
                fresh = at_work or not known or (thread_id, place) in self._entered
                (self._entered.add if at_work else self._entered.discard)((thread_id, place))
                kept = list((known or {}).values())
                history = await self._history(thread_id, place, None) if fresh else kept
                where = f"{path}/{name}" if path else name
                found.setdefault(where, []).extend(history)
                await self._insides(thread_id, history, live.get(key, {}), inner, place, where, found)


def _is_news(thread: Thread, seen: str | None) -> bool:
    return thread.get("status") == "busy" or str(thread.get("updated_at")) != seen


def _view(
    thread: Thread,
    parts: list[Any],
    head: State | None = None,
    history: list[State] | None = None,
    inner: dict[str, list[State]] | None = None,
) -> ThreadView:
    return ThreadView(
        id=str(thread.get("thread_id")),
        status=str(thread.get("status") or ""),
        updated_at=str(thread.get("updated_at") or ""),
        parts=parts,
        head=head,
        history=history or [],
        inner=inner or {},
    )


def _slim(state: State) -> State:
    """A checkpoint without its values: of a result it matters only that there is one."""
    tasks = [
        {
            **{name: task.get(name) for name in ("id", "name", "path", "error", "interrupts")},
            "result": None if task.get("result") is None else True,
        }
        for task in items(state.get("tasks"))
    ]
    kept = ("next", "metadata", "created_at", "checkpoint", "parent_checkpoint", "checkpoint_id")
    return {
        **{name: state.get(name) for name in (*kept, "parent_checkpoint_id")},
        "metadata": {name: mapping(state.get("metadata")).get(name) for name in ("run_id", "source", "step")},
        "tasks": tasks,
    }


def _refresh(kept: State, head: State) -> None:
    now = {str(task.get("id")): task for task in items(head.get("tasks"))}
    for task in items(kept.get("tasks")):
        fresh = now.get(str(task.get("id")))
        if fresh is not None and fresh.get("result") is not None:
            task["result"] = True
