"""What a command has to know before it writes to a context that the settings call production."""

from __future__ import annotations

import sys

from mahavishnu_tui.models.context import Context
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.text import clean_line


class WriteGuard:
    """Called before each write; asks on a terminal, once, and refuses where nobody can be asked.

    A guard against slips of an operator. It is no access control: the server knows nothing of it.

    Args:
        context: what the settings say of the context.
        confirmed: whether `--production` was given.
    """

    def __init__(self, context: Context, confirmed: bool) -> None:
        self._context = context
        self._confirmed = confirmed

    def __call__(self) -> None:
        """Let the write through.

        Raises:
            MahavishnuError: MHV-012, it must not be.
        """
        name = self._context.name
        if self._context.readonly:
            raise MahavishnuError(
                ErrorCode.READ_ONLY,
                f"Nothing is written in the context {name}: the settings call it readonly.",
                f"Reading is free; `contexts.{name}.readonly` says otherwise.",
            )
        if self._context.production and not self._confirmed:
            self._ask(name)
            self._confirmed = True

    def _ask(self, name: str) -> None:
        typed = _typed(name)
        if typed == name:
            return
        said = "" if typed is None else f" You typed {clean_line(typed, 40)!r}."
        raise MahavishnuError(
            ErrorCode.READ_ONLY,
            f"The context {name} is production, and this would write there; nothing was done.{said}",
            f"Say that you mean it with --production, or on a terminal by typing {name}.",
        )


def _typed(name: str) -> str | None:
    """What the operator answers; None where there is nobody to ask."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    print(f"The context {name} is production. Type its name to go on: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()
