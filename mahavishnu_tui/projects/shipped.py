"""Files that come with the program: examples, and its documentation."""

from __future__ import annotations

from pathlib import Path

import mahavishnu_tui
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError


def shipped(name: str) -> Path:
    """A folder that comes with the program: inside the package when installed, beside it in a checkout.

    Raises:
        MahavishnuError: MHV-010, this installation lacks it.
    """
    package = Path(mahavishnu_tui.__file__).parent
    for folder in (package / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise MahavishnuError(
        ErrorCode.BAD_INPUT,
        f"{name} is not part of this installation.",
        "Install it again, or use a checkout.",
    )
