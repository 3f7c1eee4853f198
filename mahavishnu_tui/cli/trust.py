"""`mahavishnu trust FILE | --list | --revoke FILE`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError


@command("trust")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--list", "listing", is_flag=True, help="List what is trusted.")
@click.option("--revoke", is_flag=True, help="Trust FILE no longer.")
def trust(setup: Setup, files: tuple[str, ...], listing: bool, revoke: bool) -> int:
    """Trust FILE with the content that it has now: a workflow, a langgraph.json, a settings file."""
    # The store alone, not the settings: it is the cure where a settings file is the trouble.
    from mahavishnu_tui.settings.paths import here, trust_file
    from mahavishnu_tui.settings.trust import TrustStore

    store = TrustStore(trust_file(os.environ))
    if listing:
        _list(setup, store)
        return OK
    if not files:
        raise click.UsageError("Name a FILE, or give --list.")
    done = []
    for name in files:
        path = _resolved(here() / Path(name).expanduser())
        if revoke:
            if not store.revoke(path):
                raise MahavishnuError(ErrorCode.BAD_INPUT, f"{path} was not trusted.", "Try --list.")
        else:
            _must_be_file(path)
            store.allow(path)
        done.append(str(path))
        if not setup.as_json:
            output.say(f"{path} is {'no longer ' if revoke else ''}trusted.")
    if setup.as_json:
        output.emit([{"path": path, "trusted": not revoke} for path in done])
    return OK


def _resolved(path: Path) -> Path:
    """Without links; a ring of links is no file, and is told as such."""
    try:
        return path.resolve()
    except (RuntimeError, OSError):
        return path


def _list(setup: Setup, store: object) -> None:
    from mahavishnu_tui.settings.trust import TrustStore

    assert isinstance(store, TrustStore)
    rows = []
    for name, digest in sorted(store.entries().items()):
        path = Path(name)
        rows.append(
            {"path": name, "sha256": digest, "state": store.state(path) if path.is_file() else "missing"}
        )
    if setup.as_json:
        output.emit(rows)
        return
    output.table(
        ("STATE", "FILE", "SHA-256"),
        [(row["state"], row["path"], row["sha256"][:12]) for row in rows],
        "Nothing is trusted yet. `mahavishnu trust FILE` does it.",
    )


def _must_be_file(path: Path) -> None:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            f"{path} {what}.",
            "Give a file; folders are trusted through the setting trust.folders.",
        )
