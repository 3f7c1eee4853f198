"""`mahavishnu langgraph visualize`: a graph as text, SVG, Mermaid, Graphviz or JSON."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected
from mahavishnu_tui.cli.finding import find_run
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.cli.trusting import trusted_target
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.graph import GraphShape
from mahavishnu_tui.models.text import clean

FORMATS = {"text": ".txt", "svg": ".svg", "mermaid": ".mmd", "dot": ".dot", "json": ".json"}
"""The formats, and the file names that ask for them."""


def drawing_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what is to be said of a drawing, for `deliver`."""
    for option in (
        click.option("--ascii", "ascii_only", is_flag=True, help="Draw with ASCII characters alone."),
        click.option(
            "--width", type=click.IntRange(20, 1000), help="Columns; default: those of the terminal."
        ),
        click.option(
            "--xray", is_flag=True, help="Show all subgraphs open (text and SVG; the others always do)."
        ),
        click.option(
            "--output",
            "file",
            metavar="FILE",
            help="Write there: .txt, .svg, .mmd, .dot or .json says the format.",
        ),
        click.option(
            "--format",
            "form",
            type=click.Choice(list(FORMATS)),
            help="Default: what FILE ends with, or text.",
        ),
    ):
        function = option(function)
    return function


@command("visualize")
@click.option("--workflow-file", metavar="F.py[:NAME]", help="Draw the graph of this file.")
@click.option("--run", metavar="RUN", help="Draw the graph of this run, with the edges it has shown.")
@drawing_options
@click.option("--trust", is_flag=True, help="Trust the files that this command uses.")
@click.option("--interpreter", metavar="PYTHON", help="The Python that loads it.")
async def visualize(
    setup: Setup,
    workflow_file: str | None,
    run: str | None,
    form: str | None,
    file: str | None,
    xray: bool,
    width: int | None,
    ascii_only: bool,
    trust: bool,
    interpreter: str | None,
) -> int:
    """Draw the graph of a workflow file or of a run."""
    if (workflow_file is None) == (run is None):
        raise click.UsageError("Give either --workflow-file or --run.")
    if run is not None:
        async with connected(setup.load_strictly(trust)) as client:
            shape = await client.graph((await find_run(client, run)).id)
    else:
        shape = await _of_file(setup, workflow_file or "", interpreter, trust)
    deliver(shape, "json" if setup.as_json else form, file, width, ascii_only, xray)
    return OK


def deliver(
    shape: GraphShape, form: str | None, file: str | None, width: int | None, ascii_only: bool, xray: bool
) -> None:
    """Print a drawing, or write it into `file`, in the format that is named or that the file asks for.

    Raises:
        MahavishnuError: MHV-010, the file asks for something else, or cannot be written.
    """
    form = form or _format_of(file)
    text = _text(shape, form, width or shutil.get_terminal_size().columns, ascii_only, xray)
    if file is None:
        print(text)
    else:
        _write(Path(file), text)
        output.narrate(f"{file} written.")


def _format_of(file: str | None) -> str:
    """What the name of a file asks for.

    Raises:
        MahavishnuError: MHV-010, it asks for something that is not drawn here.
    """
    ending = Path(file).suffix.lower() if file else ""
    found = next((form for form, suffix in FORMATS.items() if suffix == ending), "" if ending else "text")
    if not found:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            f"{file} ends with {ending}, which is not drawn here.",
            f"Let it end with {', '.join(FORMATS.values())}, or name the format with --format.",
        )
    return found


async def _of_file(setup: Setup, workflow_file: str, interpreter: str | None, trust: bool) -> GraphShape:
    loaded = setup.load_strictly(trust)
    target = trusted_target(loaded.store, workflow_file, interpreter, trust)
    async with connected(loaded) as client:
        workflow = await client.register(target.spec, target.project, target.name)
    return GraphShape.from_json(workflow.shape or {})


def _text(shape: GraphShape, form: str, width: int, ascii_only: bool, xray: bool) -> str:
    unfolded = frozenset(_subgraphs(shape)) if xray else frozenset[str]()
    if form == "json":
        import json

        return json.dumps(shape.to_json(), indent=2)
    if form == "mermaid":
        from mahavishnu_tui.cli.drawings.mermaid import mermaid

        return mermaid(shape)
    if form == "dot":
        from mahavishnu_tui.cli.drawings.dot import dot

        return dot(shape)
    if form == "svg":
        from mahavishnu_tui.cli.drawings.svg import svg

        return svg(shape, unfolded=unfolded)
    from mahavishnu_tui.widgets.graph_layout import render_text

    return clean("\n".join(render_text(shape, width, ascii_only, unfolded)))


def _subgraphs(shape: GraphShape, prefix: str = "") -> Iterator[str]:
    for name, inner in shape.subgraphs.items():
        yield prefix + name
        yield from _subgraphs(inner, f"{prefix}{name}/")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text + "\n")
    except OSError as error:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT, f"{path} cannot be written ({error.strerror}).", "Choose another file."
        ) from error
