"""Where the address of Prefect and its keys come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.engines.prefect.config import PrefectConnection, resolve_connection

URL = "http://127.0.0.1:4200/api"
CLOUD = "https://api.prefect.cloud/api"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "PREFECT_HOME": str(tmp_path)}


def profiles(env: dict[str, str], text: str) -> None:
    (Path(env["PREFECT_HOME"]) / "profiles.toml").write_text(text)


def test_nothing_is_configured(env: dict[str, str]) -> None:
    assert resolve_connection(env) is None


def test_settings_go_before_environment_before_profile(env: dict[str, str]) -> None:
    profiles(env, f'active = "p"\n[profiles.p]\nPREFECT_API_URL = "{URL}"\nPREFECT_API_AUTH_STRING = "a:b"\n')
    found = resolve_connection(env)
    assert found is not None
    assert (found.api_url, found.auth_string) == (URL, "a:b")
    assert "profile p" in found.sources["api_url"]
    assert "a:b" not in str(found.describe()) + repr(found)

    env |= {"PREFECT_API_URL": "http://env/api/", "PREFECT_API_KEY": "from-env"}
    found = resolve_connection(env)
    assert found is not None
    assert (found.api_url, found.api_key) == ("http://env/api", "from-env")
    assert found.sources["api_url"] == "PREFECT_API_URL"

    found = resolve_connection(env, api_url="http://ours/api", timeout=7.0)
    assert found is not None
    assert (found.api_url, found.api_key, found.timeout) == ("http://ours/api", "from-env", 7.0)
    assert found.sources["api_url"] == "prefect.api_url"


def test_a_profiles_password_goes_to_its_own_server_only(env: dict[str, str]) -> None:
    profiles(env, f'active = "p"\n[profiles.p]\nPREFECT_API_URL = "{URL}"\nPREFECT_API_AUTH_STRING = "a:b"\n')
    other = resolve_connection(env, api_url="http://elsewhere/api")
    same = resolve_connection(env, api_url=URL + "/")
    assert other is not None
    assert same is not None
    assert (other.auth_string, same.auth_string) == ("", "a:b")


def test_profiles_are_chosen_as_prefect_does(env: dict[str, str], tmp_path: Path) -> None:
    env["PREFECT_PROFILE"] = "local"
    found = resolve_connection(env)
    assert found is not None
    assert found.api_url == URL
    env["PREFECT_PROFILE"] = "gone"
    with pytest.raises(AdapterError, match=r"gone.*There are: cloud"):
        resolve_connection(env)
    other = tmp_path / "other.toml"
    other.write_text(
        '[profiles.gone]\nPREFECT_API_URL = "http://x/api"\nPREFECT_API_TLS_INSECURE_SKIP_VERIFY = true\n'
    )
    env["PREFECT_PROFILES_PATH"] = str(other)
    found = resolve_connection(env)
    assert found is not None
    assert (found.api_url, found.verify) == ("http://x/api", False)
    env.pop("PREFECT_PROFILE")
    assert resolve_connection(env) is None


@pytest.mark.parametrize("text", ["active = ", "\xff\xfe", "a" * (1024 * 1024 + 1)])
def test_damaged_profiles_are_named(env: dict[str, str], text: str) -> None:
    (Path(env["PREFECT_HOME"]) / "profiles.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(AdapterError, match=r"MHV-001.*profiles\.toml"):
        resolve_connection(env)


def test_profiles_without_profiles_are_empty(env: dict[str, str]) -> None:
    profiles(env, 'profiles = 3\nactive = "ephemeral"\n')
    assert resolve_connection(env) is None


def test_headers_and_switches_of_the_environment(env: dict[str, str]) -> None:
    env |= {
        "PREFECT_API_URL": URL,
        "PREFECT_CLIENT_CUSTOM_HEADERS": '{"X-Team": "a", "User-Agent": "no"}',
        "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",
        "PREFECT_API_SSL_CERT_FILE": "/etc/ca.pem",
    }
    found = resolve_connection(env)
    assert found is not None
    assert (dict(found.headers), found.csrf, found.ssl_cert_file) == ({"X-Team": "a"}, False, "/etc/ca.pem")
    for broken in ("{", "[1]"):
        env["PREFECT_CLIENT_CUSTOM_HEADERS"] = broken
        with pytest.raises(AdapterError, match="JSON object"):
            resolve_connection(env)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:4200", "perhaps http://127.0.0.1:4200/api is meant"),
        ("ftp://x/api", "no http"),
        ("http:///api", "no http"),
        ("http://x:y/api", "no address"),
        ("http://x:0/api", "no http"),
        ("http://user:secret@x/api", "auth_string"),
        ("http://x/api?a=b", "more than an address"),
        ("http://x/\x1b[31m/api", "\N{REPLACEMENT CHARACTER}"),
        ("http://[::1/api", "no address"),
    ],
)
def test_addresses_that_cannot_be_used(url: str, words: str) -> None:
    with pytest.raises(AdapterError) as caught:
        PrefectConnection(url)
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)


def test_secrets_and_headers_that_cannot_be_sent() -> None:
    for bad in (
        {"api_key": "a\n"},
        {"auth_string": " a:b"},
        {"headers": {"a b": "c"}},
        {"headers": {"a": "b\r\nc"}},
    ):
        with pytest.raises(AdapterError, match="MHV-001"):
            PrefectConnection(URL, **bad)  # type: ignore[arg-type]


def test_cloud() -> None:
    found = PrefectConnection(CLOUD, api_key="k", workspace="acc/work")
    assert found.api_url == f"{CLOUD}/accounts/acc/workspaces/work"
    assert found.is_cloud
    assert not found.is_loopback
    assert found.events_url == "wss://api.prefect.cloud/api/accounts/acc/workspaces/work/events/out"
    assert PrefectConnection(found.api_url, api_key="k", workspace="acc/work").api_url == found.api_url
    assert resolve_connection({}, workspace="acc/work", api_key="k") == found
    with pytest.raises(AdapterError, match="api_key"):
        PrefectConnection(CLOUD, workspace="acc/work")
    with pytest.raises(AdapterError, match="ACCOUNT_ID/WORKSPACE_ID"):
        PrefectConnection(CLOUD, api_key="k", workspace="work")


def test_what_a_child_is_given() -> None:
    found = PrefectConnection(
        URL, api_key="k", auth_string="a:b", headers={"X": "y"}, verify=False, ssl_cert_file="/ca"
    )
    assert found.token == "a:b"
    assert found.is_loopback
    assert found.events_url == "ws://127.0.0.1:4200/api/events/out"
    child = found.environment()
    assert json.loads(child["PREFECT_CLIENT_CUSTOM_HEADERS"]) == {"X": "y"}
    assert (child["PREFECT_API_URL"], child["PREFECT_API_KEY"]) == (URL, "k")
    again = resolve_connection({"HOME": "/nowhere", **child})
    assert again == found
    assert PrefectConnection(URL).environment() == {"PREFECT_API_URL": URL}
    assert PrefectConnection(URL).token is None
