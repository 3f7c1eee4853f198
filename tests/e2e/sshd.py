"""A real sshd on loopback, started as whoever runs the tests, and the client's side of it."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

UNPACKED = Path(__file__).parents[2] / ".tools" / "sshd"
"""Where `make test` puts Debian's sshd when none is installed."""
_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/id.pub
StrictModes no
UsePAM no
PidFile none
PermitRootLogin yes
PasswordAuthentication no
"""
# Root's sshd wants a user to give its rights away to. In a mount namespace of its own it finds one, and the
# machine's list of users stays as it is.
_AS_ROOT = """
cp /etc/passwd {folder}/passwd
grep -q ^sshd: /etc/passwd || echo sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin >> {folder}/passwd
mount --bind {folder}/passwd /etc/passwd
mkdir -p /run/sshd
exec "$@"
"""


class NoSshd(Exception):
    """Why there is none here."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Sshd:
    """One sshd with keys of its own; `argv` is how to run something through it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        for tool in ("ssh", "ssh-keygen"):
            if shutil.which(tool) is None:
                raise NoSshd(f"{tool} is not installed")
        self._log = folder / "log"
        for key in ("host", "id"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True
            )
        (folder / "config").write_text(_CONFIG.format(port=self.port, folder=folder))
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command(),
                env={
                    **os.environ,
                    "LD_LIBRARY_PATH": ":".join(map(str, UNPACKED.glob("**/lib/*-linux-gnu"))),
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait()

    def _command(self) -> list[str]:
        places = [os.environ.get("PATH", ""), "/usr/sbin", str(UNPACKED / "usr" / "sbin")]
        found = shutil.which("sshd", path=":".join(places))
        if found is None:
            raise NoSshd("sshd is neither installed nor in .tools/sshd (tests/e2e/get_sshd.sh)")
        command = [found, "-D", "-e", "-f", str(self.folder / "config")]
        if os.getuid() == 0:
            script = _AS_ROOT.format(folder=shlex.quote(str(self.folder)))
            return ["unshare", "--mount", "sh", "-ec", script, "sh", *command]
        return command

    def _wait(self) -> None:
        end = time.monotonic() + 20
        while time.monotonic() < end and self._process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                    if probe.recv(4) == b"SSH-":
                        return
            except OSError:
                time.sleep(0.05)
        self.close()
        raise NoSshd(f"sshd does not start here: {self._log.read_text(errors='replace')[-500:]}")

    def argv(self, command: Sequence[str], env: dict[str, str], port: int = 0) -> list[str]:
        """What runs `command` on the other side, on a terminal, with nothing but `env`."""
        there = shlex.join(["exec", "env", "-i", *(f"{key}={text}" for key, text in env.items()), *command])
        options = (
            "StrictHostKeyChecking=no",
            f"UserKnownHostsFile={self.folder / 'known'}",
            "IdentitiesOnly=yes",
            "LogLevel=ERROR",
        )
        return [
            *("ssh", "-F", "none", "-tt", "-e", "none", "-i", str(self.folder / "id")),
            *("-p", str(port or self.port), "-l", getpass.getuser()),
            *(word for option in options for word in ("-o", option)),
            *("127.0.0.1", there),
        ]

    def close(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(20)
