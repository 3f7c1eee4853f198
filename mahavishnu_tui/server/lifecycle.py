"""What a server must own before it works: its data directory, the lock, the socket."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import stat
from pathlib import Path

from mahavishnu_tui.models import ErrorCode, MahavishnuError

LONGEST_PATH = 100
"""Bytes of a Unix socket's path that every system takes."""


def private_directory(path: Path) -> None:
    """Make a directory that only its owner enters, or check that it is one.

    Raises:
        MahavishnuError: MHV-006 it cannot be made, MHV-007 it is somebody else's.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.stat()
        if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & 0o077:
            path.chmod(0o700)
    except OSError as error:
        raise MahavishnuError(
            ErrorCode.DISK_FULL,
            f"{path} cannot be made or used ({error.strerror}).",
            "Choose another `paths.data`.",
        ) from error
    if found.st_uid != os.geteuid():
        raise MahavishnuError(
            ErrorCode.SOCKET_PATH,
            f"{path} belongs to user {found.st_uid}, not to you.",
            "Choose another directory; others could answer in the server's place there.",
        )


class Lock:
    """`server.lock`, held for life: the kernel lets it go even when we are killed."""

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            MahavishnuError: MHV-003 another server holds it, MHV-006 it cannot be written.
        """
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise MahavishnuError(
                ErrorCode.DISK_FULL,
                f"{path} cannot be opened ({error.strerror}).",
                "Free space, or check its owner.",
            ) from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(self._fd, 32).decode(errors="replace").strip()
            os.close(self._fd)
            raise MahavishnuError(
                ErrorCode.SERVER_RUNNING,
                f"A server already works on {path.parent} (process {holder or 'unknown'}).",
                "Use that one, or stop it: `mahavishnu server stop`.",
                pid=holder,
            ) from None
        with contextlib.suppress(OSError):  # a full disk must not keep the server from starting
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let it go; the file stays, for a lock on a removed file is worth nothing."""
        os.close(self._fd)


def own_socket(path: Path) -> socket.socket:
    """Listen at `path`, readable by its owner alone. The lock must be held: a stale socket is removed.

    Raises:
        MahavishnuError: MHV-007 the path is too long, taken by something else, or cannot be made.
    """
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise MahavishnuError(
            ErrorCode.SOCKET_PATH,
            f"The socket's path {path} is longer than {LONGEST_PATH} bytes.",
            "Choose a shorter `paths.data`, or set XDG_RUNTIME_DIR.",
        )
    private_directory(path.parent)
    _clear(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(os.fspath(path))
    except OSError as error:
        listener.close()
        raise MahavishnuError(
            ErrorCode.SOCKET_PATH,
            f"The socket {path} cannot be made ({error.strerror}).",
            "Choose another place.",
        ) from error
    finally:
        os.umask(before)
    listener.listen(128)
    listener.setblocking(False)
    return listener


def remove_socket(path: Path) -> None:
    """Take the socket away at a clean stop."""
    with contextlib.suppress(OSError):
        path.unlink()


def _clear(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise MahavishnuError(
            ErrorCode.SOCKET_PATH,
            f"{path} is in the way: it is not a socket.",
            "Move it, or choose another place.",
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(os.fspath(path))
        except OSError:
            path.unlink(missing_ok=True)
            return
    raise MahavishnuError(
        ErrorCode.SERVER_RUNNING,
        f"Another server answers at {path}, for other data than ours.",
        "Stop it, or choose another socket.",
    )
