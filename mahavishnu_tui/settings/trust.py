"""Which files the operator trusts: those whose content he has said yes to, as direnv does it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError

TrustState = Literal["trusted", "changed", "unknown"]
"""`changed`: it was trusted with another content."""


class TrustStore:
    """`trust.json`: path to SHA-256 of the content that was trusted.

    Args:
        path: the store's file, made with mode 0600 when first needed.
        folders: everything in these is trusted as it is.
    """

    def __init__(self, path: Path, folders: Iterable[Path] = ()) -> None:
        self.path = path
        self._folders = tuple(folder.resolve() for folder in folders)

    def entries(self) -> dict[str, str]:
        """Path to SHA-256 of every trusted file."""
        try:
            found = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise self._unusable(error) from error
        if not isinstance(found, dict):
            raise self._unusable(TypeError("it is not a JSON object"))
        return {str(name): str(digest) for name, digest in found.items()}

    def state(self, file: Path, content: bytes | None = None) -> TrustState:
        """Whether a file may be used; pass the `content` that you will use, read once."""
        resolved = file.resolve()
        if any(resolved.is_relative_to(folder) for folder in self._folders):
            return "trusted"
        known = self.entries().get(str(resolved))
        if known is None:
            return "unknown"
        return "trusted" if known == _digest(resolved, content) else "changed"

    def allow(self, file: Path, content: bytes | None = None) -> None:
        """Trust a file with the content it has now (or with the `content` that was shown)."""
        resolved = file.resolve()
        digest = _digest(resolved, content)
        with self._locked() as entries:
            entries[str(resolved)] = digest

    def revoke(self, file: Path) -> bool:
        """Trust a file no longer; whether it had been trusted."""
        with self._locked() as entries:
            return entries.pop(str(file.resolve()), None) is not None

    @contextlib.contextmanager
    def _locked(self) -> Iterator[dict[str, str]]:
        """The entries, to be changed: one writer at a time, replaced in one step."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                entries = self.entries()
                yield entries
                self._write(entries)
            finally:
                os.close(lock)
        except OSError as error:
            raise self._unusable(error) from error

    def _write(self, entries: dict[str, str]) -> None:
        draft = self.path.with_suffix(".new")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(entries, file, indent=2, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)

    def _unusable(self, error: Exception) -> MahavishnuError:
        return MahavishnuError(
            ErrorCode.CONFIG_INVALID,
            f"The trust store {self.path} cannot be used ({error}).",
            "Repair or remove that file; then trust your files again.",
        )


def _digest(file: Path, content: bytes | None) -> str:
    if content is None:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise MahavishnuError(
                ErrorCode.BAD_INPUT, f"{file} cannot be read ({error.strerror}).", "Check the path."
            ) from error
    return hashlib.sha256(content).hexdigest()
