import os
from pathlib import Path

import pytest

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.settings.load import load_settings
from mahavishnu_tui.settings.paths import SOCKET_LIMIT, private_directory, resolve_paths


def test_xdg_directories_are_followed_when_absolute() -> None:
    environ = {"HOME": "/h", "XDG_DATA_HOME": "/d", "XDG_CONFIG_HOME": "relative", "XDG_STATE_HOME": "/s"}
    paths = resolve_paths(environ, "prod")
    assert paths.to_json() == {
        "data": "/d/mahavishnu/prod",
        "socket": "/d/mahavishnu/prod/server.sock",
        "log": "/s/mahavishnu/prod/server.log",
        "config": "/h/.config/mahavishnu/mahavishnu.yaml",
        "trust": "/d/mahavishnu/trust.json",
    }


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x", "a b", "x" * 65, "prod\n"])
def test_a_context_is_a_plain_name(name: str) -> None:
    with pytest.raises(MahavishnuError) as caught:
        resolve_paths({"HOME": "/h"}, name)
    assert caught.value.code is ErrorCode.BAD_INPUT


def test_a_long_data_directory_gets_a_short_private_socket(tmp_path: Path) -> None:
    runtime = Path("/tmp") / f"mhv-test-{os.getpid()}"
    runtime.mkdir(mode=0o700)
    try:
        data = tmp_path / ("d" * 120)
        environ = {"HOME": "/h", "XDG_RUNTIME_DIR": str(runtime)}
        paths = resolve_paths(environ, "default", data=data)
        assert paths.socket.parent == runtime / "mahavishnu"
        assert len(os.fsencode(paths.socket)) <= SOCKET_LIMIT
        assert paths.socket == resolve_paths(environ, "default", data=data).socket
        assert paths.socket != resolve_paths(environ, "default", data=data / "x").socket
        assert paths.socket.parent.stat().st_mode & 0o777 == 0o700
    finally:
        (runtime / "mahavishnu").rmdir()
        runtime.rmdir()


def test_without_a_runtime_directory_it_goes_to_tmp(tmp_path: Path) -> None:
    paths = resolve_paths({"HOME": "/h"}, "default", data=tmp_path / ("d" * 120))
    assert paths.socket.parent == Path(f"/tmp/mahavishnu-{os.getuid()}")


def test_a_directory_of_others_is_not_used(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    file = tmp_path / "file"
    file.touch()
    for path in (shared, link, file, tmp_path / "no" / "parent"):
        with pytest.raises(MahavishnuError) as caught:
            private_directory(path)
        assert caught.value.code is ErrorCode.SOCKET_PATH


def test_a_chosen_socket_that_is_too_long_is_refused() -> None:
    with pytest.raises(MahavishnuError) as caught:
        resolve_paths({"HOME": "/h"}, "default", socket=Path("/" + "s" * 120))
    assert caught.value.code is ErrorCode.SOCKET_PATH


def test_a_working_directory_that_was_deleted_has_no_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    loaded = load_settings(environ={"HOME": str(tmp_path)})
    assert loaded.paths.data == tmp_path / ".local/share/mahavishnu/default"
