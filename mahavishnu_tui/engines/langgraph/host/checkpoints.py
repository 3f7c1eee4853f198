"""The server's requests about checkpoints, besides listing and reading them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from mahavishnu_tui.models.record import Json

if TYPE_CHECKING:
    from mahavishnu_tui.engines.langgraph.curator import Curator

Message = dict[str, Any]
Handler = Callable[[Message], Awaitable[Json]]


class CheckpointOps:
    """Handlers by `op`; see docs/protocols.md.

    Args:
        curator: gives the open adapter's; LangGraph is not imported before there is one.
    """

    def __init__(self, curator: Callable[[], Curator]) -> None:
        self._curator = curator

    @property
    def handlers(self) -> dict[str, Handler]:
        """What the service answers with them."""
        return {
            "diff": self._diff,
            "search": self._search,
            "edit_preview": self._preview,
            "pin": self._pin,
            "tag": self._tag,
            "sizes": self._sizes,
            "prune": self._prune,
            "delete_thread": self._delete,
        }

    async def _diff(self, message: Message) -> Json:
        return await self._curator().diff(
            message["spec"],
            message["thread_id"],
            message["before"],
            message["after"],
            message.get("before_spec") or "",
            message.get("before_thread") or "",
        )

    async def _search(self, message: Message) -> Json:
        page = await self._curator().search(
            message["thread_id"],
            message.get("text") or "",
            message.get("where") or "",
            message.get("before") or "",
            int(message.get("limit") or 50),
        )
        return page.to_json()

    async def _preview(self, message: Message) -> Json:
        from mahavishnu_tui.models.edit import StateEdit

        order = StateEdit.from_json(message.get("edit") or {})
        return (await self._curator().preview(message["spec"], message["thread_id"], order)).to_json()

    async def _pin(self, message: Message) -> Json:
        await self._curator().pin(
            message["thread_id"],
            bool(message.get("pinned")),
            message.get("by") or "",
            message.get("note") or "",
        )
        return {}

    async def _tag(self, message: Message) -> Json:
        curator, thread_id, checkpoint_id = (
            self._curator(),
            message["thread_id"],
            message["checkpoint_id"],
        )
        if message.get("remove"):
            await curator.untag(thread_id, checkpoint_id, message["name"])
        else:
            by, note = message.get("by") or "", message.get("note") or ""
            await curator.tag(thread_id, checkpoint_id, message["name"], by, note)
        return {}

    async def _sizes(self, message: Message) -> Json:
        return await self._curator().sizes(message.get("thread_id") or "")

    async def _prune(self, message: Message) -> Json:
        from mahavishnu_tui.engines.langgraph.pruning import Candidate, Policy

        threads = message["threads"]
        candidates = [Candidate(str(item["thread_id"]), int(item["lease"]), True) for item in threads]
        policy = Policy(int(message.get("keep_last") or 1), float(message.get("older_than") or 0.0))
        expect = message.get("expect")
        plan = await self._curator().prune(
            candidates, policy, dry=bool(message.get("dry", True)), expect=expect
        )
        return plan.to_json()

    async def _delete(self, message: Message) -> Json:
        from mahavishnu_tui.engines.langgraph.pruning import Candidate

        candidate = Candidate(message["thread_id"], int(message["lease"]), True)
        return {"checkpoints": await self._curator().delete_thread(candidate)}
