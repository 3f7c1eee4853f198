"""`Draft`: an answer that is being made, one decision after the other. Pure."""

from __future__ import annotations

import dataclasses

from mahavishnu_tui.models import Approval
from mahavishnu_tui.models.asking import Action
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.replies import Decision, asked_about, reply
from mahavishnu_tui.models.text import clean_line

WHOLE = 150
"""Characters up to which a title is sure to be seen whole, in three rows of 60 cells."""


@dataclasses.dataclass
class Draft:
    """What was decided so far about a question, and at which of its actions one is."""

    approval: Approval
    actions: list[Action] = dataclasses.field(init=False)
    decided: list[Decision | None] = dataclasses.field(init=False)
    at: int = 0
    """Which action; one past the last is the summary."""

    def __post_init__(self) -> None:
        self.actions = asked_about(self.approval)
        self.decided = [None] * len(self.actions)

    @property
    def action(self) -> Action | None:
        """The action that is to be decided now; None at the summary and where no action is asked about."""
        return self.actions[self.at] if self.at < len(self.actions) else None

    @property
    def summing_up(self) -> bool:
        """All is decided and waits to be sent."""
        return len(self.actions) > 1 and self.at == len(self.actions)

    @property
    def title(self) -> str:
        """One line that says what is to be decided now."""
        if self.summing_up:
            return f"{len(self.actions)} decisions: read them once more, then send them."
        if self.action is None:
            return "Goes on when you say so." if self.approval.kind == "breakpoint" else self.approval.title
        name = clean_line(self.action.name, 200)
        before = self.decided[self.at]
        so_far = f" · so far: {before.verb}" if before is not None else ""
        return f"{self.at + 1}/{len(self.actions)} · {name}{so_far}" if len(self.actions) > 1 else name

    @property
    def words(self) -> str:
        """What there is to read beside the title: what an action does, or the rest of a long question."""
        if self.action is not None:
            return self.action.description
        value = self.approval.value
        asked = value.get("question") if isinstance(value, dict) else value
        if self.summing_up or not isinstance(asked, str):
            return ""
        return asked.strip().partition("\n")[2].strip()

    @property
    def shown(self) -> Json:
        """What is looked at now: arguments, decisions, or the question without what is read already.

        None where it says no more than title and words.
        """
        if self.summing_up:
            pairs = enumerate(zip(self.actions, self.decided, strict=True), 1)
            return dict(_told(number, action, decision) for number, (action, decision) in pairs)
        if self.action is not None:
            return self.action.args
        value = self.approval.value
        if not isinstance(value, dict):
            return None if self._is_read(value) else value
        said = next((key for key, item in value.items() if self._is_read(item, key == "question")), None)
        return {key: item for key, item in value.items() if key != said} or None

    def _is_read(self, value: Json, asked: bool = True) -> bool:
        """Whether title and words say it: of what is `asked` the title is the first line, words the rest."""
        if not isinstance(value, str):
            return False
        first, _, rest = value.strip().partition("\n")
        same = clean_line(first) == clean_line(self.title)
        return same and len(first) <= WHOLE and (asked or not rest)

    @property
    def for_all(self) -> bool:
        """Whether all of several actions can be approved at once."""
        return len(self.actions) > 1 and all("approve" in action.allowed for action in self.actions)

    def decide(self, decision: Decision) -> bool:
        """Take a decision about the present action and go on to the next; True when it is the only one."""
        self.decided[self.at] = decision
        alone = len(self.actions) == 1
        self.at += 0 if alone else 1
        return alone

    def approve_all(self) -> None:
        """Approve every action and go to the summary."""
        self.decided = [Decision("approve") for _ in self.actions]
        self.at = len(self.actions)

    def value(self) -> Json:
        """The answer, in the shape that its question expects; MHV-106 while a decision is missing."""
        return reply(self.approval, [decision for decision in self.decided if decision is not None])


def _told(number: int, action: Action, decision: Decision | None) -> tuple[str, Json]:
    """One decision in the summary; what was edited is read without opening it."""
    name = f"{number} {clean_line(action.name, 60)}"
    if decision is None:
        return name, "not decided"
    if decision.verb == "edit":
        return f"{name}, edited", decision.args
    return name, f"{decision.verb}: {decision.message}" if decision.message else decision.verb
