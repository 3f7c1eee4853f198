"""`mahavishnu config validate|show`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command
from mahavishnu_tui.cli.guard import OK, USAGE
from mahavishnu_tui.models.errors import MahavishnuError


@command("validate")
@click.argument("file", required=False)
def validate(setup: Setup, file: str | None) -> int:
    """Check FILE, or without it every source of settings that would be used here.

    Exit status: 0 valid, 2 not.
    """
    from mahavishnu_tui.settings.load import check_file

    problems: list[str] = []
    checked: list[str] = []
    try:
        if file is not None:
            checked = [check_file(Path(file)).name]
        else:
            loaded = setup.load()
            checked = [
                item.name for item in loaded.sources if item.status == "used" and item.name != "defaults"
            ]
            problems = []
    except MahavishnuError as error:
        problems = list(error.details.get("problems") or [error.message])
    if setup.as_json:
        output.emit({"valid": not problems, "problems": problems, "checked": checked})
    else:
        for problem in problems:
            output.narrate(f"mahavishnu: {problem}")
        if not problems:
            output.say(f"Valid: {', '.join(checked)}.")
    return USAGE if problems else OK


@command("show")
@click.option("--defaults", is_flag=True, help="The defaults, whatever the sources say.")
def show(setup: Setup, defaults: bool) -> int:
    """Print every setting with its value and, as a comment, what it means and who says so.

    The output is a valid settings file.
    """
    from mahavishnu_tui.settings.model import MahavishnuSettings

    if defaults:
        settings, origins = MahavishnuSettings(), {}
    else:
        loaded = setup.load()
        settings, origins = loaded.settings, {key: item.name for item in loaded.sources for key in item.keys}
    values = settings.model_dump(mode="json")
    if setup.as_json:
        output.emit(values)
        return OK
    print(_yaml(values, origins))
    return OK


def _yaml(values: dict[str, Any], origins: dict[str, str]) -> str:
    import json

    from mahavishnu_tui.settings.model import MahavishnuSettings

    blocks = []
    for group, fields in values.items():
        model: Any = MahavishnuSettings.model_fields[group].annotation
        lines = [f"# {model.__doc__}", f"{group}:"]
        for name, value in fields.items():
            origin = origins.get(f"{group}.{name}", "defaults")
            said = "" if origin == "defaults" else f" [{origin}]"
            lines.append(f"  # {model.model_fields[name].description}{said}")
            # JSON is YAML.
            lines.append(f"  {name}: {json.dumps(value)}")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)
