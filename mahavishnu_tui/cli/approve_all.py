"""`mahavishnu langgraph approve --all`: one answer to all questions that are alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, who
from mahavishnu_tui.cli.confirming import confirm_count
from mahavishnu_tui.cli.guard import FAILURE, OK
from mahavishnu_tui.models.alike import told_apart, unlike
from mahavishnu_tui.models.approval import Approval
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.record import Json

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.client.calls.approvals import BatchResult


async def answer_all(
    setup: Setup,
    client: ServerClient,
    *,
    workflow: str,
    node: str,
    anyway: bool,
    count: int | None,
    comment: str,
    value_for: Callable[[Approval], Json],
) -> int:
    """Answer every open question of a workflow and node.

    Args:
        anyway: also those that somebody else has claimed; without it they are a reason to refuse.
        count: how many there are, as the operator knows; asked for on a terminal when it is None.
        value_for: the answer, in the form that these questions take.
    """
    pending = await client.approvals()
    asked = [item for item in pending if item.workflow == workflow and node in ("", item.node)]
    if not asked:
        raise MahavishnuError(
            ErrorCode.APPROVAL_UNKNOWN,
            f"No question of {workflow} {f'at {node} ' if node else ''}is open.",
            "`mahavishnu langgraph approve` lists the open ones.",
        )
    difference = unlike(asked)
    if difference:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            f"One answer cannot go to all {len(asked)} questions. {difference}",
            "Narrow it down with --node, or answer them one by one.",
        )
    others = sorted({item.holder(time.time()) for item in asked} - {"", who()})
    if others and not anyway:
        raise MahavishnuError(
            ErrorCode.CLAIMED,
            f"{', '.join(others)} claimed some of these questions; nothing was answered.",
            "--anyway answers them all the same.",
        )
    value = value_for(asked[0])
    deed = f"answer {output.counted(len(asked), 'question')} that are alike"
    lines = [f"{item.run_name}  {said}" for item, said in zip(asked, told_apart(asked), strict=True)]
    confirm_count(deed, len(asked), count, lines)
    results = await client.answer_many(asked, value=value, by=who(), count=len(asked), comment=comment)
    return _tell(setup, asked, results)


def _tell(setup: Setup, asked: list[Approval], results: list[BatchResult]) -> int:
    failed = [result for result in results if result.entry is None]
    if setup.as_json:
        output.emit(
            [
                {"id": item.id, "entry": item.entry.to_json()}
                if item.entry
                else {"id": item.id, "error": item.error.to_json() if item.error else None}
                for item in results
            ]
        )
    else:
        for approval, result in zip(asked, results, strict=True):
            said = f"answered (ledger #{result.entry.seq})" if result.entry else str(result.error)
            output.say(f"{approval.run_name}: {said}")
        output.narrate(f"{len(results) - len(failed)} of {len(results)} answered.")
    return FAILURE if failed else OK
