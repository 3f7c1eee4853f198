"""Settings, paths and trust. Names are imported when first used: pydantic is not cheap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mahavishnu_tui.settings.load import Loaded, Source, load_settings
    from mahavishnu_tui.settings.model import MahavishnuSettings
    from mahavishnu_tui.settings.paths import Paths
    from mahavishnu_tui.settings.trust import TrustStore

_HOMES = {
    "Loaded": "load",
    "Source": "load",
    "load_settings": "load",
    "MahavishnuSettings": "model",
    "Paths": "paths",
    "TrustStore": "trust",
}

__all__ = ["Loaded", "MahavishnuSettings", "Paths", "Source", "TrustStore", "load_settings"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
