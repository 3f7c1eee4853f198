"""Makes the outbox say what the rules want of what is needed now. Safe to repeat."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from mahavishnu_tui.models import Need
from mahavishnu_tui.models.need import KINDS
from mahavishnu_tui.models.notifying import Occurrence, Wish, held_until, wishes
from mahavishnu_tui.models.run import FINISHED
from mahavishnu_tui.server.notify.occurrences import occurrences, recovery
from mahavishnu_tui.server.options import NotifyOptions
from mahavishnu_tui.server.store import Tx, needs, outbox, runs
from mahavishnu_tui.server.store.outbox import Identity, Message, Row

_NOT_RECOVERED = ("seen by", "cancelled", "the run was deleted", "shown as")
_NO_RULE = "no rule asks for it any more"
_TAKEN_UP = "taken up again"
"""Why a failure is needed no more whose run is at work again: it has not recovered until that succeeds."""


class Planner:
    """The rules of the settings, and whose clock they go by.

    Args:
        options: the settings.
        zone: of quiet hours; None: this machine's.
    """

    def __init__(self, options: NotifyOptions, zone: datetime.tzinfo | None) -> None:
        self._options = options
        self._zone = zone

    def begin(self, tx: Tx, now: float) -> int:
        """At the server's start: what was cut off is sent again; how many rows."""
        again = outbox.put_back(tx)
        outbox.drop_strangers(tx, list(self._options.targets))
        everything = needs.of_kinds(tx.conn, KINDS) if self._options.rules else {}
        for key in {*everything, *outbox.planned_needs(tx.conn)}:
            self._plan(tx, key, everything.get(key) or needs.get(tx.conn, key), now)
        self.close(tx, now)
        return again

    def plan(self, tx: Tx, keys: Iterable[str], now: float) -> None:
        """These needs appeared, changed, went, or were told of."""
        for key in keys:
            self._plan(tx, key, needs.get(tx.conn, key), now)
        self.close(tx, now)

    def take(self, tx: Tx, target: str, now: float, per_minute: int, digest: bool) -> list[Message]:
        """What may go out now.

        What comes to its turn in quiet hours waits for their end, although it was due before: it was over the
        rate, its target could not be reached, or the rules were others.
        """
        rules, context = self._options.rules, self._options.context
        for row in outbox.due_rows(tx.conn, target, now):
            until = held_until(rules, row.occurrence, target, context=context, now=now, zone=self._zone)
            if until > now:
                outbox.move(tx, row, row.occurrence, until)
        return outbox.take(tx, target, now, per_minute, digest)

    def _plan(self, tx: Tx, key: str, need: Need | None, now: float) -> None:
        if need is None:
            outbox.end(tx, key, "it is over")
            return
        planned: dict[Identity, list[Row]] = {}
        for row in outbox.open_rows(tx.conn, key):
            planned.setdefault(row.identity, []).append(row)
        wanted = set[Identity]()
        for occurrence in occurrences(tx.conn, need):
            for wish in self._wishes(occurrence, now):
                identity = (occurrence.kind, occurrence.number, wish.target)
                wanted.add(identity)
                self._want(tx, occurrence, wish, planned.get(identity, []), now)
        for identity, rows in planned.items():
            if identity not in wanted and rows[-1].state == "waiting":
                outbox.cancel(tx, rows[-1], _NO_RULE)

    def _want(self, tx: Tx, occurrence: Occurrence, wish: Wish, rows: list[Row], now: float) -> None:
        """One occurrence for one target; `rows` are what is planned of it, repetitions last."""
        if not rows:
            outbox.put(tx, occurrence, wish, wish.due_at, now)
            return
        row = rows[-1]
        if row.state == "waiting":
            if not row.attempts:
                self._move(tx, occurrence, wish, rows)
        elif row.state in ("sent", "failed"):
            again = wish.again_at(occurrence.kind, row.told_at or now, self._zone)
            if again is not None:
                outbox.put(tx, occurrence, wish, again, now, row.repeat + 1)
        elif row.state == "cancelled":  # by rules that are different now
            outbox.close(tx, row)
            outbox.put(tx, occurrence, wish, wish.due_at, now)

    def _move(self, tx: Tx, occurrence: Occurrence, wish: Wish, rows: list[Row]) -> None:
        """What waits is told when the rules of now want it; a repetition for which there is none is not."""
        row = rows[-1]
        if not row.repeat:
            outbox.move(tx, row, occurrence, wish.due_at)
            return
        told_at = rows[-2].told_at if len(rows) > 1 else None
        if told_at is None:
            return
        again = wish.again_at(occurrence.kind, told_at, self._zone)
        if again is not None:
            outbox.move(tx, row, occurrence, again)
        else:
            outbox.cancel(tx, row, _NO_RULE)
            outbox.close(tx, row)  # what was told before is the newest again

    def close(self, tx: Tx, now: float) -> None:
        """Tell those who were told of what is over that it is, where it came right by itself."""
        for row in outbox.closing_rows(tx.conn):
            about = row.occurrence
            if row.state == "sending":
                continue
            if row.state == "sent" and row.repeat == 0 and about.kind not in _ASKED:
                verdict = _recovered(tx, row)
                if verdict is None:
                    continue
                if verdict:
                    self._tell_recovery(tx, row, now)
            outbox.close(tx, row)

    def _tell_recovery(self, tx: Tx, row: Row, now: float) -> None:
        found = recovery(row.occurrence, row.seq, row.gone)
        for wish in self._wishes(found.replace(since=now), now):
            if wish.target == row.target:
                outbox.put(tx, found, wish, wish.due_at, now)

    def _wishes(self, occurrence: Occurrence, now: float) -> list[Wish]:
        options = self._options
        targets = list(options.targets)
        return wishes(
            options.rules, occurrence, targets=targets, context=options.context, now=now, zone=self._zone
        )


_ASKED = frozenset({"approval", "deadline", "escalation", "recovered"})
"""What ends with an answer: the ledger tells of it."""


def _recovered(tx: Tx, row: Row) -> bool | None:
    """Whether it came right by itself; None as long as that is not known."""
    if not row.gone.startswith(_TAKEN_UP):
        return not row.gone.startswith(_NOT_RECOVERED)
    found = runs.get(tx.conn, row.occurrence.run_id)
    if found is None or found.run.status in FINISHED:
        return found is not None and found.run.status == "success"
    return None
