"""That somebody is on something, for a while."""

from __future__ import annotations


class Claimable:
    """A record that one person at a time can be on."""

    claimed_by: str
    claim_until: float | None

    def holder(self, now: float) -> str:
        """Who has claimed it and not let it lapse; empty when it is free."""
        return self.claimed_by if (self.claim_until or 0.0) > now else ""
