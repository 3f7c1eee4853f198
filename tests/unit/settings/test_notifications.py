"""Notifications in the settings: targets by name, rules checked, addresses never printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mahavishnu_tui.cli.server import notify_options
from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.models.quiet import QuietHours
from mahavishnu_tui.settings.load import Loaded, load_settings

URL = "mailtos://ana:s3cret@example.org"


def load(root: Path, text: str, **environ: str) -> Loaded:
    own = root / ".config" / "mahavishnu" / "mahavishnu.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("notifications:\n" + text)
    return load_settings(environ={"HOME": str(root), **environ}, directory=root, context="staging")


def test_targets_and_rules_reach_the_server_and_addresses_nobody_else(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        f"  targets: {{ops: {{url: '{URL}', details: true}}}}\n"
        "  rules:\n"
        "    - {about: [approval, deadline], targets: [ops, chat], workflow: 'etl-*', after_seconds: 60,\n"
        "       quiet_hours: '22:00-07:00', loud: [deadline], repeat_minutes: 30}\n"
        "  timezone: Europe/Paris\n",
        MAHAVISHNU_NOTIFICATIONS__TARGETS__CHAT__URL="slack://s3cret/x",
    )
    options = notify_options(loaded)
    assert {name: target.url for name, target in options.targets.items()} == {
        "ops": URL,
        "chat": "slack://s3cret/x",
    }
    assert [target.service for target in options.targets.values()] == ["mailtos", "slack"]
    (rule,) = options.rules
    assert (rule.about, rule.targets) == (("approval", "deadline"), ("ops", "chat"))
    assert rule.repeat_seconds == 1800
    assert (rule.quiet, rule.loud) == (QuietHours(22 * 60, 7 * 60), ("deadline",))
    assert (options.context, options.timezone) == ("staging", "Europe/Paris")
    shown = repr(loaded.settings) + repr(options) + json.dumps(loaded.settings.model_dump(mode="json"))
    assert "s3cret" not in shown + json.dumps([source.to_json() for source in loaded.sources])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  targets: {ops: {url: s3cret}}\n", "targets.ops.url"),
        ("  targets: {ops: s3cret}\n", "targets.ops"),
        ("  targets: {ops: {uri: 'json://s3cret'}}\n", "targets.ops.url"),
        ("  targets: {Ops: {url: 'json://s3cret'}}\n", "small letters"),
        ("  targets: s3cret\n", "notifications.targets"),
        ("  rules: [{about: [approvals]}]\n", "rules.0.about.0"),
        ("  rules: [{about: []}]\n", "rules.0.about"),
        ("  rules: [{about: [late], quiet_hours: 22-7}]\n", "22:00-07:00"),
        ("  rules: [{about: [late], targets: [nobody]}]\n", "rule 1 names the target 'nobody'"),
        ("  timezone: Mars/Olympus\n", "no time zone"),
        ("  per_minute: 0\n", "notifications.per_minute"),
    ],
)
def test_what_is_wrong_is_named_without_an_address(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(MahavishnuError) as wrong:
        load(tmp_path, text)
    assert wrong.value.code.value == "MHV-001"
    assert said in wrong.value.message
    assert "s3cret" not in str(wrong.value) + json.dumps(wrong.value.to_json())
