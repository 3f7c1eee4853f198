"""`mahavishnu completion bash|zsh|fish`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command
from mahavishnu_tui.cli.guard import OK


@command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(setup: Setup, shell: str) -> int:
    """Print what makes SHELL complete our commands, such as for: eval "$(mahavishnu completion bash)"."""
    from mahavishnu_tui.cli.main import COMPLETION, root

    kind = get_completion_class(shell)
    assert kind is not None
    # Not kind.source(): bash's looks for a bash to ask for its version, and warns where it finds none.
    writer = kind(root, {}, "mahavishnu", COMPLETION)
    script = writer.source_template % writer.source_vars()
    if setup.as_json:
        output.emit({"shell": shell, "script": script})
    else:
        print(script)
    return OK
