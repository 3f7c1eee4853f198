"""Where things are: XDG directories, one data directory per context, and a socket path that fits."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from mahavishnu_tui.models.context import DEFAULT
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError

APP = "mahavishnu"
PREFIX = "MAHAVISHNU_"
"""What every setting in the environment begins with."""
SOCKET_LIMIT = 100
"""Bytes; Unix sockets take 104 to 108, and the server may bind beside the name."""

CONTEXT_VARIABLE = f"{PREFIX}CONTEXT"
"""Names the context of those who give no `--context`."""

_CONTEXT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclasses.dataclass(frozen=True)
class Paths:
    """The places of one context."""

    context: str
    config: Path
    """The operator's own settings file (it need not exist)."""
    data: Path
    log: Path
    socket: Path
    trust: Path
    """The trust store: one for all contexts."""
    history: Path
    """The `:` commands of the dashboard's earlier sessions."""

    def to_json(self) -> dict[str, str]:
        """As `mahavishnu info --json` shows them."""
        names = ("data", "socket", "log", "config", "trust")
        return {name: str(getattr(self, name)) for name in names}


def xdg(environ: Mapping[str, str], variable: str, fallback: str) -> Path:
    """An XDG base directory; a relative value is invalid and ignored, as the specification says."""
    value = environ.get(variable, "")
    if value.startswith("/"):
        return Path(value)
    return Path(environ.get("HOME") or Path.home()) / fallback


def here() -> Path:
    """The working directory; the root where somebody has deleted that, since nothing of it can be found."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path("/")


def chosen_context(environ: Mapping[str, str]) -> str:
    """The context of a command line that names none."""
    return environ.get(CONTEXT_VARIABLE) or DEFAULT


def context_directories(environ: Mapping[str, str]) -> list[str]:
    """The contexts that have left data in the usual place, by name."""
    try:
        found = [path.name for path in _data_home(environ).iterdir() if (path / "engine.db").is_file()]
    except OSError:
        return []
    return sorted(name for name in found if _CONTEXT.fullmatch(name))


def _data_home(environ: Mapping[str, str]) -> Path:
    return xdg(environ, "XDG_DATA_HOME", ".local/share") / APP


def config_file(environ: Mapping[str, str]) -> Path:
    """The operator's own settings file."""
    return xdg(environ, "XDG_CONFIG_HOME", ".config") / APP / "mahavishnu.yaml"


def trust_file(environ: Mapping[str, str]) -> Path:
    """The trust store."""
    return _data_home(environ) / "trust.json"


def resolve_paths(
    environ: Mapping[str, str],
    context: str,
    *,
    data: Path | None = None,
    log: Path | None = None,
    socket: Path | None = None,
) -> Paths:
    """The places of a context; what is given wins over what XDG says.

    Raises:
        MahavishnuError: MHV-010 for a context that is no plain name, MHV-007 for a socket path.
    """
    if not _CONTEXT.fullmatch(context):
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            f"{context!r} is not a name for a context.",
            "Use letters, digits, '.', '_' and '-', at most 64.",
        )
    state = xdg(environ, "XDG_STATE_HOME", ".local/state") / APP / context
    chosen = data is not None
    data = data or _data_home(environ) / context
    own = data / "logs" if chosen else state
    log = log or own / "server.log"
    return Paths(
        context=context,
        config=config_file(environ),
        data=data,
        log=log,
        socket=_checked(socket) if socket else _socket(environ, data),
        trust=trust_file(environ),
        history=own / "commands",
    )


def project_files(directory: Path, own: Path) -> list[Path]:
    """The settings file of a working directory and the local one beside it; none when it has none."""
    for path in (directory / "settings" / "mahavishnu.yaml", directory / "mahavishnu.yaml"):
        if path.is_file() and not (own.exists() and path.samefile(own)):
            return [path, path.with_name("local.yaml")]
    return []


def unconfigured_paths(
    environ: Mapping[str, str], context: str, directory: Path, *, data: Path | None = None
) -> Paths | None:
    """The places of a context when no file and no variable sets anything; None when one might.

    The dashboard's short way: all settings are then at their defaults, and reading them would take longer
    than connecting.

    Raises:
        MahavishnuError: like `resolve_paths`.
    """
    own = config_file(environ)
    files = [own, own.with_name("local.yaml"), *project_files(directory, own)]
    variables = (name.upper() for name in environ)
    if any(name.startswith(PREFIX) and name != CONTEXT_VARIABLE for name in variables):
        return None
    if any(path.exists() for path in files):
        return None
    return resolve_paths(environ, context, data=data)


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= SOCKET_LIMIT


def _checked(socket: Path) -> Path:
    if not _fits(socket):
        raise MahavishnuError(
            ErrorCode.SOCKET_PATH,
            f"The socket path {socket} is longer than {SOCKET_LIMIT} bytes.",
            "Give a shorter one as `paths.socket`, or none.",
        )
    return socket


def _socket(environ: Mapping[str, str], data: Path) -> Path:
    if _fits(data / "server.sock"):
        return data / "server.sock"
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:16] + ".sock"
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/") and Path(runtime).is_dir() and _fits(Path(runtime) / APP / name):
        return private_directory(Path(runtime) / APP) / name
    # A fixed name in a place open to all: which is why its owner and mode are checked.
    return private_directory(Path(f"/tmp/{APP}-{os.getuid()}")) / name  # noqa: S108 # nosec B108


def private_directory(path: Path) -> Path:
    """Make a directory that is ours alone, or see that it is.

    Clients check too, not only the server: in a directory of somebody else's, his server would
    answer them.

    Raises:
        MahavishnuError: MHV-007 when it is not a directory, not ours, or open to others.
    """
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise MahavishnuError(
            ErrorCode.SOCKET_PATH,
            f"The directory {path} for the server's socket cannot be made ({error.strerror}).",
            "Set `paths.socket` to a short path in a directory of yours.",
        ) from error
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    if not ours or stat.S_IMODE(found.st_mode) & 0o077:
        raise MahavishnuError(
            ErrorCode.SOCKET_PATH,
            f"{path} is not a directory of yours alone, so no socket in it can be trusted.",
            "Remove it, or set `paths.socket` to a short path in a directory of yours.",
        )
    return path


def open_private(path: Path) -> int:
    """Open a file for appending that only its owner reads, and make it and its folder; the descriptor."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
