"""The questions of a library's own runs: what waits, who answers, who waits for the answer."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

from mahavishnu_tui.engines.base import HumanInputTimeoutError
from mahavishnu_tui.engines.langgraph.requests import Answer, RunRequest
from mahavishnu_tui.models import ErrorCode, Question

Asked = Callable[[str, str], Awaitable[dict[str, Any]]]
Begin = Callable[[RunRequest], Awaitable[dict[str, Any]]]


@dataclasses.dataclass(frozen=True)
class HumanInputRequest:
    """A question that waits, as an adapter used without a server tells of it."""

    request_id: str
    """`<thread id>.<interrupt id>`."""
    thread_id: str
    workflow: str
    question: Question

    @property
    def prompt(self) -> str:
        """What is asked, in one line."""
        value = self.question.value
        return str(value.get("prompt", value)) if isinstance(value, dict) else str(value)


class Desk:
    """Knows the threads that this process has run; what they ask is read from their checkpoints each time.

    Args:
        asked: the questions of a thread of a workflow, as stored.
        begin: carries out a dispatch to its end; its lease is the desk's caller's business.
    """

    def __init__(self, asked: Asked, begin: Begin) -> None:
        self._asked = asked
        self._begin = begin
        self._runs: dict[str, RunRequest] = {}
        self._given: dict[str, asyncio.Future[Any]] = {}

    def seen(self, request: RunRequest) -> None:
        """A run of this thread was begun."""
        self._runs[request.thread_id] = request

    async def pending(self, workflow: str = "") -> list[HumanInputRequest]:
        """What waits for a human, of one workflow or of all."""
        found: list[HumanInputRequest] = []
        for request in list(self._runs.values()):
            if workflow in ("", request.spec):
                stored = await self._asked(request.thread_id, request.spec)
                for item in stored["questions"]:
                    question = Question.from_json(item)
                    key = f"{request.thread_id}.{question.interrupt_id}"
                    found.append(HumanInputRequest(key, request.thread_id, request.spec, question))
        return found

    async def respond(self, request_id: str, response: Any) -> bool:
        """Answer a question and let its run go on to its end or next question; False when it is not open."""
        thread_id, _, interrupt_id = request_id.rpartition(".")
        run = self._runs.get(thread_id)
        question = await self._question(run, interrupt_id)
        if run is None or question is None:
            return False
        answer = Answer(interrupt_id, question.hash, response)
        finished = await self._begin(dataclasses.replace(run, mode="continue", answers=(answer,)))
        left = [(item["interrupt_id"], item["hash"]) for item in finished.get("questions") or ()]
        if (interrupt_id, question.hash) in left:
            return False  # the graph would not take it
        self._future(request_id).set_result(response)
        return True

    async def wait(self, request_id: str, timeout: float | None) -> Any:
        """The answer, once somebody in this process has given it.

        Raises:
            HumanInputTimeoutError: nobody has within `timeout` seconds.
        """
        try:
            return await asyncio.wait_for(asyncio.shield(self._future(request_id)), timeout)
        except asyncio.TimeoutError:  # noqa: UP041 - another class before Python 3.11
            raise HumanInputTimeoutError(
                ErrorCode.HUMAN_TIMEOUT,
                f"Nobody answered {request_id} within {timeout:g} seconds.",
                "The question is still open: respond_to_human_input answers it.",
                request_id=request_id,
            ) from None

    def _future(self, request_id: str) -> asyncio.Future[Any]:
        future = self._given.get(request_id)
        if future is None:
            future = self._given[request_id] = asyncio.get_running_loop().create_future()
        return future

    async def _question(self, run: RunRequest | None, interrupt_id: str) -> Question | None:
        if run is None:
            return None
        stored = await self._asked(run.thread_id, run.spec)
        asked = (Question.from_json(item) for item in stored["questions"])
        return next((item for item in asked if item.interrupt_id == interrupt_id), None)
