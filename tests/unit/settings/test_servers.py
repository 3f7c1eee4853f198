"""LangGraph servers in the settings: named once, reachable by http, their keys never printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.settings.load import Loaded, load_settings


def load(root: Path, servers: str) -> Loaded:
    own = root / ".config" / "mahavishnu" / "mahavishnu.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(f"langgraph:\n  servers:\n{servers}")
    return load_settings(environ={"HOME": str(root)}, directory=root)


def test_keys_and_headers_are_read_and_not_shown(tmp_path: Path) -> None:
    text = (
        "    - {name: prod, url: 'https://graphs.example.org/x', api_key: s3cret, headers: {x-team: hush}}\n"
    )
    loaded = load(tmp_path, text)
    (server,) = loaded.settings.langgraph.servers
    assert server.api_key.get_secret_value() == "s3cret"
    assert server.headers["x-team"].get_secret_value() == "hush"
    told = repr(loaded.settings) + json.dumps(loaded.settings.model_dump(mode="json"))
    assert "s3cret" not in told
    assert "hush" not in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("    - {name: a b, url: 'http://x', api_key: s3cret}\n", "langgraph.servers.0.name"),
        ("    - {name: a, url: 'ftp://x', api_key: s3cret}\n", "langgraph.servers.0.url"),
        ("    - {name: a, url: 'http://me:s3cret@x'}\n", "langgraph.servers.0.url"),
        ("    - {name: a, api_key: s3cret}\n", "langgraph.servers.0.url"),
        ("    - {name: a, url: 'http://x', key: s3cret}\n", "langgraph.servers.0.key"),
        ("    - {name: a, url: 'http://x', api_key: s3cret}\n    - {name: a, url: 'http://y'}\n", "called a"),
    ],
)
def test_a_wrong_server_is_named_without_its_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(MahavishnuError) as wrong:
        load(tmp_path, text)
    assert said in wrong.value.message
    assert "s3cret" not in str(wrong.value) + json.dumps(wrong.value.to_json())
