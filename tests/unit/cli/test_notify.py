"""`mahavishnu notify`: what is asked, and what is shown."""

from __future__ import annotations

from mahavishnu_tui.models.notification import Notification, NotificationTarget, SendResult
from mahavishnu_tui.models.notifying import Rule
from mahavishnu_tui.models.quiet import QuietHours
from tests.unit.cli.stub import Operator, operator

__all__ = ["operator"]
LIST, SETUP, TEST = "/v1/notifications", "/v1/notifications/setup", "/v1/notifications/test"
RULE = Rule(
    ("deadline", "failure"),
    ("ops",),
    workflow="etl-*",
    min_priority="high",
    after_seconds=60,
    quiet=QuietHours(1320, 420),
    loud=("deadline",),
    repeat_seconds=1800,
)


def setup(*names: str) -> dict[str, object]:
    targets = [NotificationTarget(name, "json").to_json() for name in names]
    return {"targets": targets, "rules": [RULE.to_json()], "per_minute": 10, "digest": True}


def test_what_was_told_is_listed(operator: Operator) -> None:
    one = Notification(
        1, "ops", "failure", "waiting", "ev\x1bil", "w", 0.0, 60.0, attempts=2, error="refused"
    )
    operator.server.answers["GET", LIST] = [one.to_json()]
    out = operator("notify", "list", "--limit", "5").out
    assert operator.server.asked("GET", LIST) == {"limit": 5}
    assert "waiting  ops     failure  ev�il  2      refused" in out
    assert operator("notify", "list", "--json").json == [one.to_json()]
    operator.server.answers["GET", LIST] = []
    assert "Nothing was told yet." in operator("notify", "list").out


def test_rules_are_sentences(operator: Operator) -> None:
    operator.server.answers["GET", SETUP] = setup("ops")
    out = operator("notify", "rules").out
    assert (
        "1. deadline, failure → ops; workflow etl-*; priority high or more; if still so after 1m00s;"
        " 15m00s before a deadline; not during 22:00-07:00, but for deadline; again every 30m00s" in out
    )
    assert "10 messages a minute" in out
    operator.server.answers["GET", SETUP] = {**setup(), "rules": [], "digest": False}
    out = operator("notify", "rules").out
    assert "No targets" in out
    assert "No rules" in out
    assert operator("notify", "rules", "--json").json["rules"] == []


def test_a_test_says_what_happened(operator: Operator) -> None:
    operator.server.answers["GET", SETUP] = setup("chat", "ops")
    operator.server.answers["POST", TEST] = lambda given: SendResult(
        given["target"], given["target"] == "ops", "" if given["target"] == "ops" else "refused", 1.5
    ).to_json()
    done = operator("notify", "test", code=1)
    assert done.out == "ops: sent in 1.5s.\n"
    assert "MHV-461 chat: refused." in done.err
    assert operator("notify", "test", "ops").code == 0
    assert [item["ok"] for item in operator("notify", "test", "--json", code=1).json] == [False, True]
    operator.server.answers["GET", SETUP] = setup()
    assert "No targets" in operator("notify", "test").out
