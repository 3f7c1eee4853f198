"""When runs start: rules checked, compared, reckoned, and asked of Prefect's own code."""

from mahavishnu_tui.engines.prefect.schedules.occurrences import conflicts, estimate
from mahavishnu_tui.engines.prefect.schedules.preview import DateHelper
from mahavishnu_tui.engines.prefect.schedules.rules import (
    check_rule,
    check_timezone,
    from_prefect,
    refusal,
    scheduled_state,
    to_prefect,
)

__all__ = [
    "DateHelper",
    "check_rule",
    "check_timezone",
    "conflicts",
    "estimate",
    "from_prefect",
    "refusal",
    "scheduled_state",
    "to_prefect",
]
