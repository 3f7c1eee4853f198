"""Prefect in the settings: sentences that help, keys that are never shown, and what the server is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mahavishnu_tui.cli.prefect.options import prefect_options
from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.server.options import PrefectOptions
from mahavishnu_tui.settings.load import Loaded, load_settings


def load(root: Path, text: str, **environ: str) -> Loaded:
    own = root / ".config" / "mahavishnu" / "mahavishnu.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(f"prefect: {text}\n")
    return load_settings(environ={"HOME": str(root), **environ}, directory=root)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{api_url: 'http://h:4200'}", "must end in /api, as in http://h:4200/api"),
        ("{api_url: 'ftp://h/api'}", "no http(s) address"),
        ("{api_url: 'http://h/api?x=1'}", "no http(s) address"),
        ("{api_url: 'http://me:s3cret@h/api'}", "belongs into auth_string"),
        ("{api_key: [s3cret]}", "prefect.api_key"),
        ("{auth_string: {user: s3cret}}", "prefect.auth_string"),
        ("{headers: {x: [s3cret]}}", "prefect.headers.x"),
        ("{headers: s3cret}", "prefect.headers"),
        ("{workspace: acme}", "ACCOUNT_ID/WORKSPACE_ID"),
        ("{mode: embeded, api_key: s3cret}", "'auto', 'embedded', 'remote' or 'off'"),
        ("{api_key: s3cret, api_ky: s3cret}", "Did you mean `prefect.api_key`?"),
        ("{sync_interval: 1}", "greater than or equal to 10"),
        ("{timeout_seconds: 4000}", "less than or equal to 3600"),
        ("{max_retries: 11}", "less than or equal to 10"),
        ("{mirror_hours: 0}", "greater than 0"),
        ("{work_pool: ''}", "at least 1 character"),
        ("{enabled: true}", "`prefect.enabled` is not a setting."),
    ],
)
def test_what_is_wrong_is_said_and_no_key_with_it(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(MahavishnuError) as wrong:
        load(tmp_path, text)
    told = str(wrong.value) + json.dumps(wrong.value.to_json())
    assert said in wrong.value.message
    assert "MHV-001" in told
    assert "mahavishnu.yaml" in told
    assert "s3cret" not in told


def test_workspace_and_address_are_told_apart_by_their_sources(tmp_path: Path) -> None:
    with pytest.raises(MahavishnuError) as wrong:
        load(tmp_path, "{workspace: a/b}", MAHAVISHNU_PREFECT__API_URL="http://h/api")
    assert "`prefect.api_url` (environment)" in wrong.value.message


def test_a_key_from_the_environment_completes_a_workspace_of_the_file(tmp_path: Path) -> None:
    loaded = load(tmp_path, "{workspace: acc/work}", MAHAVISHNU_PREFECT__API_KEY="s3cret")
    told = prefect_options(loaded.settings.prefect, {"HOME": str(tmp_path)})
    assert told.api_url == "https://api.prefect.cloud/api/accounts/acc/workspaces/work"
    assert told.api_key == "s3cret"
    assert told.problem is None
    assert "s3cret" not in repr(loaded.settings) + json.dumps(loaded.settings.model_dump(mode="json")) + repr(
        told
    )


def options(root: Path, text: str, **environ: str) -> PrefectOptions:
    return prefect_options(load(root, text).settings.prefect, {"HOME": str(root), **environ})


def test_ours_wins_over_prefects_environment(tmp_path: Path) -> None:
    told = options(tmp_path, "{api_url: 'http://ours/api/', poll_seconds: 7}", PREFECT_API_URL="http://t/api")
    assert (told.api_url, told.source) == ("http://ours/api", "prefect.api_url")
    assert (told.mode, told.poll_seconds) == ("auto", 7)


def test_prefects_own_profile_is_used_where_we_say_nothing(tmp_path: Path) -> None:
    profiles = tmp_path / ".prefect" / "profiles.toml"
    profiles.parent.mkdir()
    profiles.write_text('active = "night"\n[profiles.night]\nPREFECT_API_URL = "http://night:4200/api"\n')
    told = options(tmp_path, "{}")
    assert told.api_url == "http://night:4200/api"
    assert "profile night" in told.source


@pytest.mark.parametrize("mode", ["off", "embedded"])
def test_nobody_elses_server_is_looked_for(tmp_path: Path, mode: str) -> None:
    assert options(tmp_path, f"{{mode: '{mode}'}}", PREFECT_API_URL="http://t/api").api_url == ""


@pytest.mark.parametrize(
    ("text", "environ", "said"),
    [
        ("{mode: remote}", {}, "nothing names a Prefect server"),
        ("{}", {"PREFECT_PROFILE": "gone"}, "no profile 'gone'"),
        ("{}", {"PREFECT_API_URL": "http://h:4200"}, "does not end in /api"),
        ("{workspace: a/b}", {}, "api_key"),
    ],
)
def test_a_prefect_that_is_set_up_wrongly_keeps_no_server_from_starting(
    tmp_path: Path, text: str, environ: dict[str, str], said: str
) -> None:
    told = options(tmp_path, text, **environ)
    assert told.api_url == ""
    assert told.problem is not None
    assert said in told.problem["message"]
    assert told.problem["code"] == "MHV-001"
