"""What can be wrong with a disk or a database file, as sentences."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from mahavishnu_tui.models import ErrorCode, MahavishnuError

_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_UNWRITABLE = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN})
_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})


def is_storage_fault(error: BaseException) -> bool:
    """Whether the disk or the file is at fault, and not the statement."""
    return _primary(error) in _LOCKED | _CORRUPT | _UNWRITABLE | _FULL


def storage_error(error: sqlite3.Error, path: Path) -> MahavishnuError:
    """The sentence for an SQLite error on `path`."""
    code = _primary(error)
    if code in _LOCKED:
        return MahavishnuError(
            ErrorCode.DATABASE_LOCKED,
            f"{path} is locked by another program.",
            "Close the program that holds it (`fuser` names it); nothing was changed, try again.",
        )
    if code in _CORRUPT:
        return corrupt(path, str(error))
    if code in _UNWRITABLE:
        return MahavishnuError(
            ErrorCode.DATABASE_LOCKED,
            f"{path} cannot be written ({error}).",
            "Check the owner and the permissions of the data directory.",
        )
    if code in _FULL:
        return MahavishnuError(
            ErrorCode.DISK_FULL,
            f"{path} cannot grow ({error}).",
            f"Free space on the disk of {path.parent}; nothing was changed, try again.",
        )
    return MahavishnuError(ErrorCode.INTERNAL, f"{path}: {error}.", "The server's log has the details.")


def corrupt(path: Path, finding: str) -> MahavishnuError:
    """MHV-005: the database is damaged, and how to go on without losing what can be saved."""
    return MahavishnuError(
        ErrorCode.DATABASE_CORRUPT,
        f"{path} is damaged ({finding}).",
        f"Nothing was changed. Save what can be read with `sqlite3 {path} .recover`, or move the file aside "
        "(with its -wal and -shm) and start again: an empty one is made, checkpoints are kept elsewhere.",
    )


def _primary(error: BaseException) -> int:
    """SQLite's primary result code, 0 when the error carries none."""
    if not isinstance(error, sqlite3.Error):
        return 0
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(code, int):
        return code & 0xFF
    return sqlite3.SQLITE_NOTADB if "not a database" in str(error) else 0
