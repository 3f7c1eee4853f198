"""Three ways to ask a human: an Agent Inbox request, the approval of a tool call, a question with a schema.

Plain LangGraph; the answers come back in the shape that each kind has.
"""

import asyncio
from typing import Any, Literal, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from pydantic import BaseModel, Field


class Review(TypedDict, total=False):
    """State of one refund."""

    pace: float
    customer: str
    amount: int
    mail: dict[str, str]
    sent: str
    paid: str
    receipt: dict[str, Any]


class Booking(BaseModel):
    """How the refund is booked."""

    account: Literal["goodwill", "warranty", "error"] = Field(description="Which account pays")
    reviewed: bool
    note: str | None = None
    tags: list[str] = []


async def draft(state: Review) -> Review:
    await asyncio.sleep(state.get("pace", 1.0))
    body = f"Dear {state.get('customer', 'customer')}, your refund is on its way."
    return {"mail": {"to": f"{state.get('customer', 'customer')}@example.org", "body": body}}


async def mail(state: Review) -> Review:
    """Agent Inbox: accept, edit, respond or ignore."""
    request = {
        "action_request": {"action": "send_mail", "args": state["mail"]},
        "config": {"allow_accept": True, "allow_edit": True, "allow_respond": True, "allow_ignore": True},
        "description": "A mail is ready to be sent.\nEdit it, or say what is wrong with it.",
    }
    answer = interrupt([request])[0]
    if answer["type"] in ("accept", "edit"):
        sent = (answer["args"] or request["action_request"])["args"]
        return {"sent": f"{sent['to']}: {sent['body']}"}
    return {"sent": f"not sent ({answer['type']}: {answer['args']})"}


async def pay(state: Review) -> Review:
    """The approval of one tool call: approve, edit or reject."""
    args = {"to": state.get("customer", "customer"), "amount": state.get("amount", 40)}
    call = {
        "type": "tool_approval",
        "tool_call_id": "pay-1",
        "name": "pay",
        "args": args,
        "description": "Moves money.",
    }
    decision = interrupt(call)
    if decision["type"] == "edit":
        args = decision["edited_action"]["args"]
    if decision["type"] == "reject":
        return {"paid": f"nothing: {decision.get('message') or 'rejected'}"}
    return {"paid": f"{args['amount']} to {args['to']}"}


async def book(state: Review) -> Review:
    """A question with a schema: the answer is a form."""
    asked = {"question": f"How is the refund booked? Paid: {state['paid']}."}
    answer = interrupt(asked, response_schema=Booking)
    return {"receipt": answer.model_dump() if isinstance(answer, Booking) else answer}


builder = StateGraph(Review)
for step in (draft, mail, pay, book):
    builder.add_node(step)
builder.add_edge(START, "draft")
builder.add_edge("draft", "mail")
builder.add_edge("mail", "pay")
builder.add_edge("pay", "book")
builder.add_edge("book", END)
graph = builder.compile(name="refund-review")
