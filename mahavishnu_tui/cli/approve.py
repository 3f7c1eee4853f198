"""`mahavishnu langgraph approve`: see a question, and answer exactly that one."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected, who
from mahavishnu_tui.cli.fields import fields_of
from mahavishnu_tui.cli.finding import pick
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.cli.replying import Said, Verdict, answer_for
from mahavishnu_tui.models.approval import Approval
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.replies import asked_about
from mahavishnu_tui.models.run_search import RUN_WORDS
from mahavishnu_tui.models.text import clean_line

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient


@command("approve")
@click.argument("question", required=False)
@click.option("--approve", "--accept", "verdict", flag_value="approve", help="Say yes.")
@click.option("--reject", "verdict", flag_value="reject", help="Say no.")
@click.option("--message", default="", metavar="TEXT", help="With --reject: why, for the graph.")
@click.option("--edit", metavar="JSON|@FILE|-", help="Let the action run with these arguments instead.")
@click.option("--tool", type=click.IntRange(1), help="With --edit: which of several actions.")
@click.option("--respond", metavar="TEXT", help="Answer with this text.")
@click.option("--ignore", "verdict", flag_value="ignore", help="Let it be, where the question allows that.")
@click.option("--value", metavar="JSON|@FILE|-", help="Answer with exactly this value.")
@click.option("--comment", default="", help="Why; kept in the ledger.")
@click.option("--hash", "expected", default="", help="Answer only if the question still has this hash.")
@click.option("--anyway", is_flag=True, help="Answer although somebody else has claimed it.")
@click.option("--all", "many", is_flag=True, help="Answer all questions of --workflow that are alike.")
@click.option("--workflow", default="", help="With --all: of this workflow.")
@click.option("--node", default="", help="With --all: asked by this node.")
@click.option("--count", type=click.IntRange(1), help="With --all: how many questions you mean.")
async def approve(
    setup: Setup,
    question: str | None,
    verdict: Verdict | None,
    message: str,
    edit: str | None,
    tool: int | None,
    respond: str | None,
    value: str | None,
    comment: str,
    expected: str,
    anyway: bool,
    many: bool,
    workflow: str,
    node: str,
    count: int | None,
) -> int:
    """Answer QUESTION: an approval's id, or a run that waits with one question.

    Without QUESTION the open questions are listed. Without an answer it is approved, where the question
    allows that; on a terminal it is shown and asked for first.
    """
    said = Said(verdict, message, respond, edit, tool, value)
    said.check()
    if many and (question or not workflow):
        raise click.UsageError("--all takes --workflow, and no QUESTION.")
    async with connected(setup.load_strictly()) as client:
        if many:
            from mahavishnu_tui.cli.approve_all import answer_all

            return await answer_all(
                setup,
                client,
                workflow=workflow,
                node=node,
                anyway=anyway,
                count=count,
                comment=comment,
                value_for=lambda first: answer_for(first, said),
            )
        if question is None:
            if not said.silent:
                raise click.UsageError("Say which question: an approval's id, or a run.")
            return await _list(setup, client)
        approval = await find_question(client, question)
        if expected and expected != approval.hash:
            raise MahavishnuError(
                ErrorCode.QUESTION_CHANGED,
                f"The question of {approval.run_name} is no longer the one with hash {expected[:12]}….",
                f"It has now {approval.hash}: look at it again.",
            )
        if not setup.as_json:
            _show(approval)
        _respect_claim(approval, anyway)
        answer = answer_for(approval, said)
        entry = await client.answer(approval.id, hash=approval.hash, value=answer, by=who(), comment=comment)
    if setup.as_json:
        output.emit(entry.to_json())
    else:
        output.say(f"{approval.run_name}: answered (ledger #{entry.seq})")
    return OK


async def _list(setup: Setup, client: ServerClient) -> int:
    found = await client.approvals()
    if setup.as_json:
        output.emit([approval.to_json() for approval in found])
        return OK
    rows = [
        (
            item.run_name,
            item.workflow,
            item.node,
            clean_line(item.title, 60),
            output.moment(item.asked_at),
            item.id,
        )
        for item in found
    ]
    output.table(("RUN", "WORKFLOW", "NODE", "QUESTION", "ASKED", "ID"), rows, "Nothing waits for you.")
    return OK


async def find_question(client: ServerClient, question: str) -> Approval:
    """The open question with this id, or the only one of this run, or that begins so; MHV-103, 105, 010."""
    pending = await client.approvals()
    for approval in pending:
        if approval.id == question:
            return approval
    asked = [item for item in pending if question in (item.run_id, item.run_name)]
    if len(asked) == 1:
        return asked[0]
    if asked:
        ids = "; ".join(f"{item.node}: {item.id}" for item in asked)
        raise MahavishnuError(
            ErrorCode.BAD_INPUT, f"{question} asks {len(asked)} questions.", f"Name one: {ids}."
        )
    begun = pick(
        question,
        pending,
        names=lambda item: (item.id, item.run_id, item.run_name),
        show=lambda item: f"{item.id} ({item.run_name}, {item.node})",
        kind="question",
    )
    if begun is not None:
        return begun
    raise await _why_not(client, question)


async def _why_not(client: ServerClient, question: str) -> MahavishnuError:
    """Why there is no such open question: answered, passed by, a run that asks nothing, unknown."""
    for approval in await client.approvals(status=""):
        if approval.id == question and approval.status in ("answered", "applied"):
            return MahavishnuError(
                ErrorCode.ALREADY_ANSWERED,
                f"{approval.answered_by or 'Somebody'} answered it at {output.moment(approval.answered_at)}.",
                "`mahavishnu langgraph approve` lists the open questions.",
            )
        if approval.id == question:
            return MahavishnuError(
                ErrorCode.APPROVAL_UNKNOWN,
                "The run went on or ended without this answer.",
                "`mahavishnu langgraph approve` lists the open questions.",
            )
    try:
        run = (await client.run(question.partition(".")[0])).run
    except MahavishnuError:
        run = None
    if run is None or run.waiting:
        return MahavishnuError(
            ErrorCode.APPROVAL_UNKNOWN,
            f"There is no question {question}.",
            "`mahavishnu langgraph approve` lists the open ones.",
        )
    return MahavishnuError(
        ErrorCode.APPROVAL_UNKNOWN,
        f"{run.name} asks nothing now: it is {RUN_WORDS.get(run.status, run.status)}.",
        "`mahavishnu langgraph approve` lists the open questions.",
    )


def _respect_claim(approval: Approval, anyway: bool) -> None:
    """Somebody else is on it: answering is still possible, but not by accident."""
    holder = approval.holder(time.time())
    if holder in ("", who()) or anyway:
        return
    if sys.stdin.isatty() and sys.stdout.isatty():
        print(f"{clean_line(holder)} is on it. Answer anyway? [yes/no] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            return
    raise MahavishnuError(
        ErrorCode.CLAIMED,
        f"{clean_line(holder, 80)} is on the question of {approval.run_name}; nothing was answered.",
        "--anyway answers it all the same.",
        claimed_by=holder,
    )


def _show(approval: Approval) -> None:
    output.fields(
        [
            ("run", f"{approval.run_name}  ({approval.workflow})"),
            ("node", f"{approval.namespace}/{approval.node}" if approval.namespace else approval.node),
            ("asked", output.moment(approval.asked_at)),
            ("hash", approval.hash),
            *_circumstances(approval),
            *(
                (f"action {number}", f"{clean_line(action.name, 60)}: {', '.join(action.allowed)}")
                for number, action in enumerate(asked_about(approval), 1)
            ),
        ]
    )
    output.say(output.pretty(approval.value))


def _circumstances(approval: Approval) -> list[tuple[str, object]]:
    """What it wants, its deadline and its claim, where it has them."""
    found: list[tuple[str, object]] = [
        ("wants" if not number else "", f"{name}: {kind}{f' ({default})' if default else ''}")
        for number, (name, kind, default) in enumerate(fields_of(approval.schema))
    ]
    if approval.deadline is not None:
        then = "its engine waits no longer" if approval.on_timeout == "engine" else approval.on_timeout
        found.append(("until", f"{output.moment(approval.deadline)}, then {then}"))
    if approval.holder(time.time()):
        found.append(("claimed", f"by {approval.claimed_by} until {output.moment(approval.claim_until)}"))
    return found
