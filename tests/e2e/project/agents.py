"""Agents of langchain whose calls a human reviews; their model follows a script, without a network."""

from pathlib import Path
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool

LOG = Path(__file__).with_name("moved.log")
ORDERS = (("ana", 5), ("bo", 7), ("eve", 900))


def mark(text: str) -> None:
    with LOG.open("a", encoding="utf-8") as file:
        file.write(text + "\n")


@tool
def transfer(to: str, amount: int) -> str:
    """Move money."""
    mark(f"moved {amount} to {to}")
    return f"{to} has it"


class Scripted(BaseChatModel):
    """Orders some transfers, then says what it heard of them."""

    count: int

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **_: Any) -> Any:
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        heard = [str(message.content) for message in messages if message.type == "tool"]
        if heard:
            for text in heard:
                mark("heard " + text.splitlines()[-1])
            answer = AIMessage("All is done.")
        else:
            calls = [
                {"name": "transfer", "args": {"to": to, "amount": amount}, "id": f"call-{to}"}
                for to, amount in ORDERS[: self.count]
            ]
            answer = AIMessage("", tool_calls=calls)
        return ChatResult(generations=[ChatGeneration(message=answer)])


def agent(name: str, count: int, mode: Any) -> Any:
    review = HumanInTheLoopMiddleware(
        interrupt_on={"transfer": {"allowed_decisions": ["approve", "edit", "reject"]}}, interrupt_mode=mode
    )
    return create_agent(Scripted(count=count), [transfer], middleware=[review], name=name)


mover = agent("mover", 3, "batched")
careful = agent("careful", 2, "per_call")
