import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.server.lifecycle import LONGEST_PATH, Lock, own_socket, private_directory, remove_socket


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_directory_is_made_private_and_an_open_one_is_closed(tmp_path: Path) -> None:
    private_directory(tmp_path / "a" / "b")
    assert mode(tmp_path / "a" / "b") == 0o700
    (tmp_path / "open").mkdir(mode=0o755)
    private_directory(tmp_path / "open")
    assert mode(tmp_path / "open") == 0o700


def test_a_file_in_the_place_of_the_directory_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(MahavishnuError) as refused:
        private_directory(tmp_path / "file" / "data")
    assert str(tmp_path / "file" / "data") in refused.value.message


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 12345, 12345)
    with pytest.raises(MahavishnuError) as refused:
        private_directory(tmp_path / "theirs")
    assert refused.value.code is ErrorCode.SOCKET_PATH


def test_the_lock_has_one_holder_who_is_named(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "server.lock")
    with pytest.raises(MahavishnuError) as refused:
        Lock(tmp_path / "server.lock")
    assert refused.value.code is ErrorCode.SERVER_RUNNING
    assert str(os.getpid()) in refused.value.message
    lock.release()
    Lock(tmp_path / "server.lock").release()


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from mahavishnu_tui.server.lifecycle import Lock;"
        "lock = Lock(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "server.lock")], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(MahavishnuError):
            Lock(tmp_path / "server.lock")
        holder.kill()
    Lock(tmp_path / "server.lock").release()


def test_a_lock_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    (tmp_path / "server.lock").mkdir()
    with pytest.raises(MahavishnuError) as refused:
        Lock(tmp_path / "server.lock")
    assert "server.lock" in refused.value.message


def test_the_socket_is_its_owners_alone_and_replaces_a_stale_one(tmp_path: Path) -> None:
    path = tmp_path / "s" / "server.sock"
    first = own_socket(path)
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    first.close()  # as a killed server leaves it: the file stays
    assert path.exists()
    second = own_socket(path)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    with pytest.raises(MahavishnuError) as refused:
        own_socket(path)
    assert refused.value.code is ErrorCode.SERVER_RUNNING
    second.close()
    remove_socket(path)
    remove_socket(path)
    assert not path.exists()


def test_what_is_not_a_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "server.sock"
    path.write_text("mine")
    with pytest.raises(MahavishnuError) as refused:
        own_socket(path)
    assert refused.value.code is ErrorCode.SOCKET_PATH
    assert path.read_text() == "mine"


def test_a_path_that_no_socket_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MahavishnuError) as refused:
        own_socket(tmp_path / ("x" * LONGEST_PATH))
    assert refused.value.code is ErrorCode.SOCKET_PATH
    assert "longer than" in refused.value.message
