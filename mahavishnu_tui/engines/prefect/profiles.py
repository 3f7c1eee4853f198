"""Prefect's own profiles, read without Prefect."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.models import ErrorCode
from mahavishnu_tui.models.text import clean_line

_STOCK_PROFILES: dict[str, dict[str, str]] = {
    # Those that Prefect knows although no file has them.
    "ephemeral": {},
    "local": {"PREFECT_API_URL": "http://127.0.0.1:4200/api"},
    "test": {},
    "cloud": {},
}
_LARGEST_PROFILES = 1024 * 1024


def active_profile(env: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """The active profile's values, and how to call it.

    Raises:
        AdapterError: MHV-001, there is no such profile, or the file cannot be read.
    """
    path = _profiles_path(env)
    found = _read_profiles(path)
    profiles = {**_STOCK_PROFILES, **found.get("profiles", {})}
    name = env.get("PREFECT_PROFILE") or found.get("active") or "ephemeral"
    if name not in profiles:
        raise AdapterError(
            ErrorCode.CONFIG_INVALID,
            f"Prefect has no profile {clean_line(name, 60)!r} (named by "
            f"{'PREFECT_PROFILE' if env.get('PREFECT_PROFILE') else path}).",
            f"There are: {clean_line(', '.join(sorted(profiles)), 300)}.",
        )
    values = profiles[name] if isinstance(profiles[name], Mapping) else {}
    shown = f"profile {clean_line(name, 60)}" + (f" of {path}" if path.is_file() else "")
    return {key: value if isinstance(value, str) else _text(value) for key, value in values.items()}, shown


def _text(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()


def _profiles_path(env: Mapping[str, str]) -> Path:
    if env.get("PREFECT_PROFILES_PATH"):
        return Path(env["PREFECT_PROFILES_PATH"]).expanduser()
    home = env.get("PREFECT_HOME") or str(Path(env.get("HOME") or "~") / ".prefect")
    return Path(home).expanduser() / "profiles.toml"


def _read_profiles(path: Path) -> dict[str, Any]:
    try:
        if not path.is_file():
            return {}
        if path.stat().st_size > _LARGEST_PROFILES:
            raise unusable("profiles", "the file is larger than 1 MiB", str(path))
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise unusable("profiles", f"it cannot be read: {error}", str(path)) from error
    profiles = found.get("profiles", {})
    return {"active": found.get("active"), "profiles": profiles if isinstance(profiles, dict) else {}}


def unusable(name: str, what: str, source: str) -> AdapterError:
    """The error about one value of the configuration, and where it came from."""
    return AdapterError(
        ErrorCode.CONFIG_INVALID,
        f"Prefect's {name} (from {source}) cannot be used: {clean_line(what, 300)}.",
        "Mend it there, or set it under `prefect` in our settings.",
    )
