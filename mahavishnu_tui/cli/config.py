"""`mahavishnu config validate|show`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command
from mahavishnu_tui.cli.guard import OK, USAGE
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError


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
            source = check_file(Path(file))
            checked, keymap = [source.name], source.values.get("ui", {}).get("keymap") or {}
        else:
            loaded = setup.load()
            checked = [
                item.name for item in loaded.sources if item.status == "used" and item.name != "defaults"
            ]
            keymap = loaded.settings.ui.keymap
        problems = _keymap_problems(keymap)
    except MahavishnuError as error:
        sentences = error.details.get("problems") or [error.message]
        problems = [f"{error.code.value} {sentence}" for sentence in sentences]
    if setup.as_json:
        output.emit({"valid": not problems, "problems": problems, "checked": checked})
    else:
        for problem in problems:
            output.narrate(f"mahavishnu: {problem}")
        if not problems:
            output.say(f"Valid: {', '.join(checked)}.")
    return USAGE if problems else OK


def _keymap_problems(keymap: dict[str, str]) -> list[str]:
    """What the dashboard's own bindings say of it; Textual is imported only for those who remap keys."""
    if not keymap:
        return []
    from mahavishnu_tui.screens.keymap import keymap_problems

    return [f"{ErrorCode.CONFIG_INVALID.value} {problem}" for problem in keymap_problems(keymap)]


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
    # What a context does not set is as everywhere: only the rest is worth a line.
    values["contexts"] = {
        name: given.model_dump(mode="json", exclude_unset=True) for name, given in settings.contexts.items()
    }
    if setup.as_json:
        output.emit(values)
        return OK
    print(_yaml(values, origins))
    return OK


def _yaml(values: dict[str, Any], origins: dict[str, str]) -> str:
    import json

    from mahavishnu_tui.settings.model import MahavishnuSettings

    blocks = []
    contexts = values.pop("contexts")
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
    lines = [f"# {MahavishnuSettings.model_fields['contexts'].description}"]
    if contexts:
        lines.append("contexts:")
        for name, given in contexts.items():
            said = origins.get(f"contexts.{name}", "")
            lines += [*([f"  # [{said}]"] if said else []), f"  {name}: {json.dumps(given)}"]
    else:
        lines.append("contexts: {}")
    return "\n\n".join([*blocks, "\n".join(lines)])
