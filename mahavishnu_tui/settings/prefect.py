"""The settings of the Prefect engine."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from mahavishnu_tui.settings.group import AbsolutePath, Group


def _prefect_api(url: str) -> str:
    """The address of a Prefect API, without a slash at its end. A password in it would be shown."""
    bare = url.rstrip("/")
    if not bare:
        return ""
    if re.match(r"https?://[^\s/]*@", bare):
        raise ValueError("it holds a password, which belongs into auth_string")
    if not re.fullmatch(r"https?://[^\s/?#]+([^\s?#]*)", bare):
        raise ValueError("it is no http(s) address, such as http://127.0.0.1:4200/api")
    if not re.search(r"/api(/accounts/[^/]+/workspaces/[^/]+)?$", bare):
        raise ValueError(f"it must end in /api, as in {bare}/api")
    return bare


def _workspace(text: str) -> str:
    if text and not re.fullmatch(r"[^\s/]+/[^\s/]+", text):
        raise ValueError("it must be ACCOUNT_ID/WORKSPACE_ID")
    return text


class PrefectSettings(Group):
    """The Prefect engine."""

    mode: Literal["auto", "embedded", "remote", "off"] = Field(
        default="auto",
        description="auto: the server that the settings, PREFECT_API_URL or Prefect's profile name, else an"
        " embedded one once something needs it; embedded: one of our own, always; remote: only a named one.",
    )
    api_url: Annotated[str, AfterValidator(_prefect_api)] = Field(
        default="",
        description="Such as http://127.0.0.1:4200/api. Empty: Prefect's own environment and profile say.",
    )
    api_key: SecretStr = Field(default=SecretStr(""), description="Of Prefect Cloud.")
    auth_string: SecretStr = Field(
        default=SecretStr(""), description="user:password of a self-hosted server with basic auth."
    )
    workspace: Annotated[str, AfterValidator(_workspace)] = Field(
        default="",
        description="ACCOUNT_ID/WORKSPACE_ID of Prefect Cloud, instead of an api_url. Needs an api_key.",
    )
    headers: dict[str, SecretStr] = Field(default_factory=dict, description="Sent with every call.")
    timeout_seconds: float = Field(
        default=10.0, ge=1, le=3600, description="Seconds that an answer may take."
    )
    max_retries: int = Field(
        default=5, ge=0, le=10, description="Tries after the first, where repeating does no harm."
    )
    retry_delay: float = Field(default=0.2, ge=0.1, le=60, description="Seconds before the first of them.")
    events: bool = Field(
        default=True, description="Listen to its events, so that changes are seen at once; else only poll."
    )
    poll_seconds: float = Field(
        default=2.0, ge=0.5, le=600, description="Seconds between two looks where there are no events."
    )
    sync_interval: float = Field(
        default=30.0, ge=10, le=600, description="Seconds between two full comparisons of mirror and server."
    )
    mirror_hours: float = Field(
        default=24.0,
        gt=0,
        le=24 * 90,
        description="Hours that finished runs are kept in the mirror; older ones are fetched when asked for.",
    )
    work_pool: str = Field(
        default="local", min_length=1, max_length=100, description="Pool of deployments that name none."
    )
    pool_selector: Literal["least-loaded", "round-robin", "random", "affinity"] = Field(
        default="least-loaded", description="How a launch chooses among pools of the same type."
    )
    port: int = Field(default=0, ge=0, le=65535, description="Of the embedded server; 0: a free one, kept.")
    python: AbsolutePath | None = Field(
        default=None, description="Interpreter with Prefect for the embedded server; null: our own."
    )
    worker: bool = Field(
        default=True, description="Keep a process worker for `work_pool` beside an embedded server."
    )
