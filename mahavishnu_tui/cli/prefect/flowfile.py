"""A flow in a file: what an operator names, what a child process loads, and whose code that is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.projects.target import resolve_target

if TYPE_CHECKING:
    from mahavishnu_tui.settings.trust import TrustStore


@dataclasses.dataclass(frozen=True)
class FlowFile:
    """A flow that the server can have loaded."""

    entrypoint: str
    """`/abs/file.py:flow`, by function or by the flow's name; the file alone for its only flow."""
    root: str
    interpreter: str
    name: str
    """The flow, as far as it was named; else the file's name."""


def flow_file_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name a flow in a file, beside an argument."""
    for option in (
        click.option(
            "--interpreter", metavar="PYTHON", help="The Python that runs it; default: its project's."
        ),
        click.option("--trust", is_flag=True, help="Trust the files that this command uses."),
        click.option("--flow-name", metavar="NAME", help="The flow in it, by its function or its name."),
        click.option("--flow-file", metavar="FILE.py", help="The file with the flow."),
    ):
        function = option(function)
    return function


def trusted_flow(
    store: TrustStore, file: str, flow: str | None, interpreter: str | None, trust: bool
) -> FlowFile:
    """The flow in a file, once the file may be executed.

    Args:
        store: what is trusted.
        file: `F.py` or `F.py:flow`.
        flow: which one, where it is not behind the colon.
        interpreter: None: the one of the file's project.
        trust: the operator said `--trust`.

    Raises:
        MahavishnuError: MHV-010 there is no such file, MHV-008 it is not trusted.
    """
    from mahavishnu_tui.cli.trusting import require_trust

    try:
        target = resolve_target(file, interpreter)
    except MahavishnuError as error:
        raise MahavishnuError(
            error.code,
            error.message.replace("workflow file", "flow file"),
            "Give a Python file, with `:name` for one flow of several.",
        ) from error
    path = target.files[-1]
    if path.suffix != ".py":
        raise MahavishnuError(ErrorCode.BAD_INPUT, f"{path} is no Python file.", "Give one that ends in .py.")
    named = target.spec.removeprefix(str(path)).removeprefix(":")
    if flow and named and flow != named:
        raise click.UsageError(f"Two flows are named: {named} and {flow}.")
    chosen = flow or named
    for code in target.files:
        require_trust(store, code, trust=trust)
    project = target.project
    return FlowFile(
        f"{path}:{chosen}" if chosen else str(path), project.root, project.interpreter, chosen or path.stem
    )
