"""Where Prefect's API is and how we get in: from our settings, Prefect's own environment, its profiles."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from mahavishnu_tui.engines.prefect.profiles import active_profile, unusable
from mahavishnu_tui.models.text import clean_line

CLOUD = "https://api.prefect.cloud/api"
_CLOUD_PATH = re.compile(r"/api/accounts/[^/]+/workspaces/[^/]+")
_WORKSPACE = re.compile(r"([0-9A-Za-z-]+)/([0-9A-Za-z-]+)")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = {"user-agent", "prefect-csrf-token", "prefect-csrf-client", "content-length", "host"}
"""Headers that cannot be set: they are the client's own business."""


@dataclasses.dataclass(frozen=True)
class PrefectConnection:
    """A Prefect API and the way in.

    Args:
        api_url: ends in `/api`, or names a Cloud workspace (`…/api/accounts/A/workspaces/W`).
        api_key: sent as a Bearer token (Cloud).
        auth_string: `user:password`, sent as Basic (a server of one's own); a key is not used beside it.
        headers: sent with every call.
        csrf: whether a token is fetched where the server wants one.
        workspace: `ACCOUNT_ID/WORKSPACE_ID`; completes an address that names none.
        timeout: seconds that one call may take.
        retries: how often a call is repeated where that is safe.
        retry_delay: seconds before the first repetition; they grow.
        verify: whether the server's certificate is checked.
        ssl_cert_file: authorities to check it with; by default the system's.
        sources: where each value came from, for people.

    Raises:
        AdapterError: MHV-001, a value cannot be used.
    """

    api_url: str
    api_key: str = dataclasses.field(default="", repr=False)
    auth_string: str = dataclasses.field(default="", repr=False)
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)
    csrf: bool = True
    workspace: str = ""
    timeout: float = 30.0
    retries: int = 5
    retry_delay: float = 0.2
    verify: bool = True
    ssl_cert_file: str = ""
    sources: Mapping[str, str] = dataclasses.field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        url = self.api_url.strip().rstrip("/")
        if self.workspace and not _CLOUD_PATH.search(url):
            url = self._in_workspace(url)
        object.__setattr__(self, "api_url", url)
        _check_url(url, self._source("api_url"))
        for name, value in self.headers.items():
            if not _HEADER_NAME.fullmatch(name) or not value.isprintable() or not value.isascii():
                raise unusable("headers", f"header {name!r} cannot be sent", self._source("headers"))
        for name in ("api_key", "auth_string"):
            value = getattr(self, name)
            if not value.isprintable() or value != value.strip():
                raise unusable(name, "it has a space or a control character at its end", self._source(name))

    @property
    def is_cloud(self) -> bool:
        """Whether the address has the shape of Prefect Cloud's."""
        return bool(_CLOUD_PATH.search(self.api_url))

    @property
    def is_loopback(self) -> bool:
        """Whether the server is on this very machine."""
        host = urlsplit(self.api_url).hostname or ""
        return host in ("localhost", "::1") or host.startswith("127.")

    @property
    def events_url(self) -> str:
        """The address of the event socket."""
        return "ws" + self.api_url.removeprefix("http") + "/events/out"

    @property
    def token(self) -> str | None:
        """What the event socket wants to know: the auth string of a server of one's own, Cloud's key."""
        return self.auth_string or self.api_key or None

    def environment(self) -> dict[str, str]:
        """What a child process with the SDK needs to reach the same API, and no other."""
        found = {"PREFECT_API_URL": self.api_url}
        if self.api_key:
            found["PREFECT_API_KEY"] = self.api_key
        if self.auth_string:
            found["PREFECT_API_AUTH_STRING"] = self.auth_string
        if self.headers:
            found["PREFECT_CLIENT_CUSTOM_HEADERS"] = orjson.dumps(dict(self.headers)).decode()
        if not self.verify:
            found["PREFECT_API_TLS_INSECURE_SKIP_VERIFY"] = "true"
        if self.ssl_cert_file:
            found["PREFECT_API_SSL_CERT_FILE"] = self.ssl_cert_file
        return found

    def describe(self) -> dict[str, str]:
        """Each value with its source, secrets withheld: `api_url: http://… (PREFECT_API_URL)`."""
        secret = {"api_key", "auth_string", "headers"}
        shown: dict[str, str] = {}
        for name in ("api_url", "workspace", "api_key", "auth_string", "headers", "verify", "ssl_cert_file"):
            value = getattr(self, name)
            if value or name == "verify":
                text = "set" if name in secret else clean_line(value, 300)
                source = self.sources.get(name)
                shown[name] = f"{text} ({source})" if source else text
        return shown

    def _in_workspace(self, url: str) -> str:
        parts = _WORKSPACE.fullmatch(self.workspace)
        if parts is None:
            raise unusable("workspace", "it must be ACCOUNT_ID/WORKSPACE_ID", self._source("workspace"))
        if not self.api_key:
            raise unusable("workspace", "it needs an `api_key` too", self._source("workspace"))
        return f"{url}/accounts/{parts[1]}/workspaces/{parts[2]}"

    def _source(self, name: str) -> str:
        return self.sources.get(name, f"prefect.{name}")


def resolve_connection(
    environ: Mapping[str, str] | None = None,
    *,
    api_url: str = "",
    api_key: str = "",
    auth_string: str = "",
    workspace: str = "",
    headers: Mapping[str, str] | None = None,
    **limits: Any,
) -> PrefectConnection | None:
    """The connection that settings, environment and profiles give together; None when none names an API.

    What is given here wins over Prefect's environment, that over the active profile. The credentials of a
    profile go only to the profile's own server. Prefect's files in the working directory (`.env`,
    `prefect.toml`) are not read: what lies about in a folder must not decide where keys are sent.

    Args:
        environ: the environment, `os.environ` by default.
        api_url: as in `PrefectConnection`, like the next four.
        api_key: …
        auth_string: …
        workspace: …; of Prefect Cloud when no `api_url` is given beside it.
        headers: …
        limits: `timeout`, `retries`, `retry_delay` and `csrf` of `PrefectConnection`.

    Raises:
        AdapterError: MHV-001, a value cannot be used.
    """
    env = os.environ if environ is None else environ
    chosen: dict[str, tuple[Any, str]] = {}
    api_url = api_url or (CLOUD if workspace else "")
    given = {"api_url": api_url, "api_key": api_key, "auth_string": auth_string, "workspace": workspace}
    for name, value in {**given, "headers": headers}.items():
        if value:
            chosen[name] = (value, f"prefect.{name}")
    for name, variable in _VARIABLES.items():
        if name not in chosen and env.get(variable):
            chosen[name] = (env[variable], variable)
    profile, where = active_profile(env)
    theirs = profile.get("PREFECT_API_URL", "").rstrip("/")
    if "api_url" not in chosen or chosen["api_url"][0].rstrip("/") == theirs:
        for name, variable in _VARIABLES.items():
            if name not in chosen and profile.get(variable):
                chosen[name] = (profile[variable], f"{variable} in {where}")
    if "api_url" not in chosen:
        return None
    values: dict[str, Any] = {name: value for name, (value, _) in chosen.items()}
    sources = {name: source for name, (_, source) in chosen.items()}
    if "headers" in values:
        values["headers"] = _headers(values["headers"], sources["headers"])
    if "verify" in values:
        values["verify"] = str(values["verify"]).lower() not in ("1", "true", "t", "yes", "y", "on")
    if "csrf" in values:
        values["csrf"] = str(values["csrf"]).lower() in ("1", "true", "t", "yes", "y", "on")
    return PrefectConnection(**{**values, **limits}, sources=sources)


_VARIABLES = {
    "api_url": "PREFECT_API_URL",
    "api_key": "PREFECT_API_KEY",
    "auth_string": "PREFECT_API_AUTH_STRING",
    "headers": "PREFECT_CLIENT_CUSTOM_HEADERS",
    "csrf": "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED",
    "verify": "PREFECT_API_TLS_INSECURE_SKIP_VERIFY",
    "ssl_cert_file": "PREFECT_API_SSL_CERT_FILE",
}


def _headers(value: Any, source: str) -> dict[str, str]:
    """Headers from a mapping, or from the JSON object that Prefect's variable holds."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise unusable("headers", "it is not a JSON object", source) from None
    if not isinstance(value, Mapping):
        raise unusable("headers", "it is not a JSON object", source)
    return {str(name): str(text) for name, text in value.items() if str(name).lower() not in _OURS}


def _check_url(url: str, source: str) -> None:
    try:
        parts = urlsplit(url)
        port_is_a_number = parts.port is None or parts.port > 0
    except ValueError as error:
        raise unusable("api_url", f"it is no address: {error}", source) from None
    shown = clean_line(url, 200)
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_a_number:
        raise unusable("api_url", f"{shown!r} is no http(s) address", source)
    if parts.username or parts.password:
        raise unusable("api_url", "it holds a password; put that into `auth_string`", source)
    if parts.query or parts.fragment or not url.isprintable() or " " in url:
        raise unusable("api_url", f"{shown!r} has more than an address", source)
    if not (url.endswith("/api") or _CLOUD_PATH.search(url)):
        raise unusable("api_url", f"{shown!r} does not end in /api; perhaps {shown}/api is meant", source)
