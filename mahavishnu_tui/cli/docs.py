"""`mahavishnu docs`: the documentation, in the terminal."""

from __future__ import annotations

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command
from mahavishnu_tui.cli.guard import OK


@command("docs")
@click.argument("page", required=False)
def docs(setup: Setup, page: str | None) -> int:
    """Print PAGE of the documentation as text; without it, the names of the pages.

    PAGE may be an error code, such as MHV-008: then what it means, and its cure.
    """
    from mahavishnu_tui.projects.docs import pages, read_page

    if page is None:
        found = pages()
        if setup.as_json:
            output.emit([{"name": item.name, "title": item.title} for item in found])
        else:
            output.table(("PAGE", "ABOUT"), [(item.name, item.title) for item in found], "There are none.")
        return OK
    title, text = read_page(page)
    if setup.as_json:
        output.emit({"name": title, "text": text})
    else:
        output.say(text.rstrip("\n"))
    return OK
