"""Reads JSON that an operator typed, or named: `JSON`, `@file` or `-` for standard input."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError


def read_json(text: str, option: str) -> Any:
    """The value that an option gives.

    Args:
        text: JSON, `@file` or `-`.
        option: the option's name, for the error.

    Raises:
        MahavishnuError: MHV-010 with line and column.
    """
    source, content = option, text
    if text == "-":
        source, content = "standard input", sys.stdin.read()
    elif text.startswith("@"):
        source = text[1:]
        content = _file(Path(source).expanduser(), option)
    try:
        return json.loads(content, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            f"{source} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}.",
            "In a shell, put JSON in single quotes.",
        ) from error
    except (ValueError, RecursionError) as error:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT, f"{source} is not JSON: {error}.", "Use plain JSON."
        ) from error


def _file(path: Path, option: str) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT, f"{option}: {path} cannot be read ({error}).", "Check the path."
        ) from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")
