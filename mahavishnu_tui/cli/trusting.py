"""Asks before somebody's code or settings are used: once on a terminal, never silently."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.projects.target import Target, resolve_target
from mahavishnu_tui.settings.load import AskTrust
from mahavishnu_tui.settings.trust import TrustState, TrustStore


def require_trust(store: TrustStore, file: Path, *, trust: bool) -> None:
    """See that `file` may be executed.

    Args:
        store: what is trusted already.
        file: the code.
        trust: the operator said `--trust`.

    Raises:
        MahavishnuError: MHV-008 when it is not trusted and nobody says yes.
    """
    state = store.state(file)
    if state == "trusted":
        return
    if not trust and not _asked(f"{file} {_why(state)}. Run its code?"):
        raise refusal(file, state)
    store.allow(file)


def trusted_target(store: TrustStore, text: str, interpreter: str | None, trust: bool) -> Target:
    """What a `--workflow-file` names, once all its files may be executed.

    Raises:
        MahavishnuError: MHV-010, MHV-008.
    """
    target = resolve_target(text, interpreter)
    for file in target.files:
        require_trust(store, file, trust=trust)
    return target


def settings_asker(trust: bool) -> AskTrust:
    """Decides about a settings file of the working directory: yes, asked, or refused with MHV-008."""

    def ask(file: Path, content: bytes, state: TrustState) -> bool:
        if not trust and not _asked(f"{file} {_why(state)}. Use its settings?"):
            raise refusal(file, state)
        from mahavishnu_tui.settings.paths import trust_file

        TrustStore(trust_file(_environ())).allow(file, content)
        return True

    return ask


def refusal(file: Path, state: TrustState) -> MahavishnuError:
    """MHV-008 with the command that cures it."""
    return MahavishnuError(
        ErrorCode.NOT_TRUSTED,
        f"{file} {_why(state)}.",
        f"Look at it, then run `mahavishnu trust {shlex.quote(str(file))}`.",
        path=str(file),
    )


def _why(state: TrustState) -> str:
    return "has changed since you trusted it" if state == "changed" else "is not trusted yet"


def _asked(question: str) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(f"{clean_line(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _environ() -> dict[str, str]:
    import os

    return dict(os.environ)
