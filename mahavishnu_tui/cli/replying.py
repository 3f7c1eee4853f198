"""From the options of `approve` to the value that the graph gets, by the kind of the question."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Any, Literal

import click

from mahavishnu_tui import schemas
from mahavishnu_tui.cli.jsontext import read_json
from mahavishnu_tui.models import replies
from mahavishnu_tui.models.approval import Approval
from mahavishnu_tui.models.asking import Action
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.replies import Decision, asked_about, reply
from mahavishnu_tui.models.text import clean_line

HOW = "Answer with --approve, --reject, --edit JSON, --respond TEXT, --ignore or --value JSON."
ONLY = "value"
"""What Prefect calls the field of a question that asks for one thing."""
Verdict = Literal["approve", "reject", "ignore"]


@dataclasses.dataclass(frozen=True)
class Said:
    """What the command line says the answer is."""

    verdict: Verdict | None = None
    message: str = ""
    respond: str | None = None
    edit: str | None = None
    tool: int | None = None
    """Which action is edited, from 1."""
    value: str | None = None

    @property
    def given(self) -> list[object]:
        """The answers that were given; one of several actions may be edited beside another one."""
        return [item for item in (self.verdict, self.respond, self.value) if item is not None]

    @property
    def silent(self) -> bool:
        """No answer was given."""
        return not self.given and self.edit is None

    def check(self) -> None:
        """Raise a usage error for options that contradict each other."""
        if len(self.given) > 1 or (self.value is not None and self.edit is not None):
            raise click.UsageError(f"Give one answer. {HOW}")
        if self.tool is not None and self.edit is None:
            raise click.UsageError("--tool says which action --edit is for.")
        if self.message and self.verdict != "reject":
            raise click.UsageError("--message goes with --reject; --respond TEXT answers with a text.")


def answer_for(approval: Approval, said: Said) -> Json:
    """The value that answers a question; without further words yes, which a terminal is asked for first.

    Raises:
        MahavishnuError: MHV-106 the question does not allow it, MHV-010 bad JSON, or nobody said yes or no.
    """
    if said.silent:
        answer_for(approval, Said("approve"))  # what cannot be approved so plainly is not asked for either
        said = Said(_asked() if sys.stdin.isatty() and sys.stdout.isatty() else "approve")
    if said.value is not None:
        value = read_json(said.value, "--value")
        if _inner(approval) is not None and not isinstance(value, dict):
            value = {ONLY: value}
    elif asked := asked_about(approval):
        value = reply(approval, _decisions(asked, said))
    else:
        value = _value(approval, said)
    wrong = replies.problems(approval.kind, approval.value, approval.schema, value)
    wrong = wrong or (schemas.problems(value, approval.schema) if approval.schema else [])
    if wrong:
        raise _refused(wrong[0].sentence(), "Nothing was answered; the question is still open.")
    return value


def _decisions(asked: list[Action], said: Said) -> list[Decision]:
    """One decision per action."""
    edited = _edited(asked, said)
    others = None
    if said.respond is not None:
        others = Decision("respond", said.respond)
    elif said.verdict is not None:
        others = Decision(said.verdict, said.message)
    if edited is not None and len(asked) == 1:
        if others is not None:
            raise _refused("This question asks about one action: edit it, or answer it otherwise.")
        return [edited[1]]
    if others is None:
        raise _refused(
            f"This question asks about {len(asked)} actions, and only one is edited.",
            "Say --approve for the others too, or give all with --value '{\"decisions\": […]}'.",
        )
    return [edited[1] if edited is not None and edited[0] == index else others for index in range(len(asked))]


def _edited(asked: list[Action], said: Said) -> tuple[int, Decision] | None:
    """Which action is edited, and how."""
    if said.edit is None:
        return None
    if said.tool is None and len(asked) > 1:
        names = ", ".join(f"{number} {clean_line(item.name, 40)}" for number, item in enumerate(asked, 1))
        raise _refused(
            f"This question asks about {len(asked)} actions.", f"Say which with --tool N: {names}."
        )
    index = (said.tool or 1) - 1
    if index >= len(asked):
        raise _refused(f"There is no action {index + 1}; the question asks about {len(asked)}.")
    args = read_json(said.edit, "--edit")
    if not isinstance(args, dict):
        raise _refused("--edit must be a JSON object with the arguments.")
    schema = asked[index].args_schema
    wrong = schemas.problems(args, schema) if schema else []
    if wrong:
        raise _refused(wrong[0].sentence("--edit"))
    return index, Decision("edit", args=args)


def _value(approval: Approval, said: Said) -> Json:
    """The answer to a question that asks for a value, or to go on."""
    inner = _inner(approval)
    if inner is not None:
        return {ONLY: _value(approval.replace(schema=inner), said)}
    if said.respond is not None and approval.kind != "breakpoint":
        return said.respond
    if approval.kind == "breakpoint" and said.verdict != "approve":
        raise _refused(
            "A breakpoint can only be continued, with --approve.",
            f"`mahavishnu langgraph cancel {clean_line(approval.run_name, 60)}` ends the run instead.",
        )
    if said.edit is not None or said.verdict == "ignore" or said.message:
        raise _refused(
            "This question asks for a value.",
            "Answer it with --value JSON, --respond, --approve or --reject.",
        )
    if approval.schema and approval.schema.get("type") not in (None, "boolean"):
        schema = clean_line(json.dumps(approval.schema, ensure_ascii=False), 300)
        raise _refused(
            "This question wants more than yes or no.",
            f"Give the answer with --value JSON; its schema is {schema}.",
        )
    return said.verdict == "approve"


def _inner(approval: Approval) -> dict[str, Any] | None:
    """The schema of the only thing that is asked for, where Prefect has wrapped one: `wait_for_input=str`."""
    fields = (approval.schema or {}).get("properties")
    if approval.kind != "value" or not isinstance(fields, dict) or list(fields) != [ONLY]:
        return None
    return fields[ONLY] if isinstance(fields[ONLY], dict) else None


def _asked() -> Verdict:
    """Ask on the terminal for yes or no; anything else leaves the question open."""
    print("Approve? [yes/no, empty leaves it open] ", end="", file=sys.stderr, flush=True)
    said = sys.stdin.readline().strip().lower()
    if said in ("y", "yes"):
        return "approve"
    if said in ("n", "no"):
        return "reject"
    raise MahavishnuError(ErrorCode.BAD_INPUT, "Nothing was answered; the question stays open.", HOW)


def _refused(message: str, hint: str = "Nothing was answered.") -> MahavishnuError:
    return MahavishnuError(ErrorCode.ANSWER_INVALID, message, hint)
