"""Parameters of flows, as options: a file, a JSON object, single values."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import click

from mahavishnu_tui.cli.jsontext import read_json
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError

PAIR = "NAME=VALUE"


def parameter_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--param`, `--params` and `--param-file`; `read_parameters` reads them."""
    for option in (
        click.option("--param-file", metavar="FILE", help="A file with a JSON object of parameters."),
        click.option("--params", metavar="JSON|@FILE|-", help="A JSON object, over those of the file."),
        click.option(
            "--param",
            "pairs",
            multiple=True,
            metavar=PAIR,
            help="One parameter, over all others; VALUE is JSON, or else a text. Repeatable.",
        ),
    ):
        function = option(function)
    return function


def read_parameters(
    param_file: str | None, params: str | None, pairs: Iterable[str]
) -> dict[str, Any] | None:
    """What the options of `parameter_options` say together; None when nothing was said.

    Raises:
        MahavishnuError: MHV-010, something is no JSON object, or a value has no name.
    """
    found: dict[str, Any] = {}
    if param_file is not None:
        found |= _object(f"@{param_file}", "--param-file")
    if params is not None:
        found |= _object(params, "--params")
    single = read_pairs(pairs, "--param")
    nothing = param_file is None and params is None and not single
    return None if nothing else {**found, **single}


def read_pairs(pairs: Iterable[str], option: str) -> dict[str, Any]:
    """`NAME=VALUE` of a repeatable option; a value that is no JSON is a text.

    Raises:
        MahavishnuError: MHV-010, one has no `=` or no name.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or not name.strip():
            raise MahavishnuError(
                ErrorCode.BAD_INPUT, f"{option} {pair!r} is not {PAIR}.", f"Such as {option} limit=10."
            )
        found[name.strip()] = _value(value)
    return found


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=lambda constant: constant)
    except (ValueError, RecursionError):
        return text


def _object(text: str, option: str) -> dict[str, Any]:
    value = read_json(text, option)
    if not isinstance(value, dict):
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            f"{option}: parameters are a JSON object, and this is a {_KINDS.get(type(value), 'number')}.",
            'Such as {"day": "2026-11-29"}.',
        )
    return value


_KINDS = {list: "list", str: "text", bool: "truth value", type(None): "null"}
