import subprocess
import sys
from pathlib import Path

import pytest

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.settings.trust import TrustStore


def test_trust_holds_for_one_content(tmp_path: Path) -> None:
    store = TrustStore(tmp_path / "store" / "trust.json")
    file = tmp_path / "flow.py"
    file.write_text("one")
    assert store.state(file) == "unknown"
    store.allow(file)
    assert store.state(file) == "trusted"
    file.write_text("two")
    assert store.state(file) == "changed"
    assert store.state(file, b"one") == "trusted"
    assert store.revoke(file)
    assert not store.revoke(file)
    assert store.state(file) == "unknown"


def test_a_link_is_the_file_it_points_to(tmp_path: Path) -> None:
    store = TrustStore(tmp_path / "trust.json")
    file, link = tmp_path / "flow.py", tmp_path / "link.py"
    file.write_text("one")
    link.symlink_to(file)
    store.allow(link)
    assert list(store.entries()) == [str(file.resolve())]
    assert store.state(file) == "trusted"


def test_the_store_is_private(tmp_path: Path) -> None:
    store = TrustStore(tmp_path / "store" / "trust.json")
    file = tmp_path / "flow.py"
    file.write_text("one")
    store.allow(file)
    assert store.path.stat().st_mode & 0o777 == 0o600
    assert store.path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("content", ["{", "[]", "\xff"])
def test_a_broken_store_is_said_and_kept(tmp_path: Path, content: str) -> None:
    path = tmp_path / "trust.json"
    path.write_text(content, encoding="latin-1")
    file = tmp_path / "flow.py"
    file.write_text("one")
    for act in (TrustStore(path).entries, lambda: TrustStore(path).allow(file)):
        with pytest.raises(MahavishnuError) as caught:
            act()
        assert caught.value.code is ErrorCode.CONFIG_INVALID
    assert path.read_text(encoding="latin-1") == content


def test_a_file_that_is_not_there_cannot_be_trusted(tmp_path: Path) -> None:
    with pytest.raises(MahavishnuError) as caught:
        TrustStore(tmp_path / "trust.json").allow(tmp_path / "none.py")
    assert caught.value.code is ErrorCode.BAD_INPUT


def test_a_store_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "occupied").touch()
    with pytest.raises(MahavishnuError) as caught:
        TrustStore(tmp_path / "occupied" / "trust.json").revoke(tmp_path)
    assert caught.value.code is ErrorCode.CONFIG_INVALID


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    # Programs, not forks: a fork of a process with threads may wait for ever for a lock of theirs.
    script = """
import sys
from pathlib import Path
from mahavishnu_tui.settings.trust import TrustStore
store = TrustStore(Path(sys.argv[1]))
sys.stdin.read()
for name in sys.argv[2:]:
    store.allow(Path(name))
"""
    files = [tmp_path / f"{number}.py" for number in range(12)]
    for file in files:
        file.touch()
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "trust.json"), *map(str, files[n::3])],
            stdin=subprocess.PIPE,
        )
        for n in range(3)
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.close()
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert len(TrustStore(tmp_path / "trust.json").entries()) == len(files)
