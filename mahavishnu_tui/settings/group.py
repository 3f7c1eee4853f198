"""The base of every group of settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from mahavishnu_tui.settings.paths import here


class Group(BaseModel):
    """A group of settings: frozen, and without keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _absolute(path: Path) -> Path:
    return here() / path.expanduser()


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
"""`~` is expanded; a relative path starts at the working directory."""
