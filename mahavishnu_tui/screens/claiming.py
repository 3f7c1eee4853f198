"""Who is on a question and how long it has, in words; and asking before one answers over a claim."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from mahavishnu_tui.models import Approval, Need
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.confirm import ConfirmScreen
from mahavishnu_tui.screens.times import Times, coarse

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.screens.base import OperatorScreen

THEN: Final = {
    "fail": "then the run fails",
    "default": "then the default answer is given",
    "escalate": "then it is escalated",
    "engine": "then its engine waits no longer",
}


def deadline_text(approval: Approval, times: Times) -> str:
    """`until 14:30:00, then the run fails`; empty without a deadline."""
    if approval.deadline is None:
        return ""
    then = THEN.get(approval.on_timeout, "")
    return f"until {times.clock(approval.deadline)}{f', {then}' if then else ''}"


def claim_text(approval: Approval, who: str, now: float) -> str:
    """`ana is on it for 12m more`; empty when nobody is."""
    holder = approval.holder(now)
    if not holder:
        return ""
    name = "you are" if holder == who else f"{clean_line(holder, 40)} is"
    return f"{name} on it for {coarse((approval.claim_until or now) - now)} more"


def claimed_by_others(approvals: Sequence[Approval], who: str, now: float) -> list[str]:
    """Who else is on some of these questions."""
    return sorted({item.holder(now) for item in approvals} - {"", who})


def anyway_screen(approval: Approval, holder: str, now: float) -> ConfirmScreen:
    """Asks whether to answer what somebody else is on."""
    name = clean_line(holder, 60)
    facts = [
        f"question  {clean_line(approval.title, 200)}",
        f"claimed   {claim_text(approval, '', now)}",
        "Your answer counts; the audit will say that it was given over this claim.",
    ]
    return ConfirmScreen(f"{name} is on it. Answer anyway?", facts, "Answer anyway")


def on_it(need: Need | None, who: str, now: float) -> str:
    """`ana is on it`; empty when nobody is."""
    holder = need.holder(now) if need is not None else ""
    if not holder:
        return ""
    return "you are on it" if holder == who else f"{clean_line(holder.partition('@')[0], 40)} is on it"


def claim_needs(screen: OperatorScreen, needs: Sequence[Need]) -> None:
    """Claim what is free; release what is all the operator's own; ask before taking anything over."""
    session = screen.session
    who, now = session.who, session.now()
    if not needs:
        return
    held = {need.key: need.holder(now) for need in needs}
    others = sorted(set(held.values()) - {"", who})
    if set(held.values()) == {who}:
        screen.act(functools.partial(_release, needs=needs, who=who))
    elif not others:
        screen.act(functools.partial(_claim, needs=needs, who=who, held=held))
    else:
        names = ", ".join(clean_line(name, 40) for name in others)
        facts = [
            f"{need.kind}  {clean_line(need.where, 60)}: {clean_line(held[need.key], 40)}"
            for need in needs[:8]
        ]
        screen.ask_first(
            f"Take over from {names}?",
            facts,
            "Take it over",
            functools.partial(_claim, needs=needs, who=who, held=held),
        )


async def _claim(client: ServerClient, needs: Sequence[Need], who: str, held: dict[str, str]) -> str:
    for need in needs:
        await client.claim_need(need.key, who, held[need.key])
    return f"{_these(needs)}: you are on it for 15 minutes; C lets it go"


async def _release(client: ServerClient, needs: Sequence[Need], who: str) -> str:
    for need in needs:
        await client.release_need(need.key, who)
    return f"{_these(needs)}: nobody is on it"


def _these(needs: Sequence[Need]) -> str:
    return needs[0].where if len(needs) == 1 else f"{len(needs):,} needs"
