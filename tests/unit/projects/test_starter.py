"""What `init` writes: never over anything, and every line of it can be used."""

import re
from pathlib import Path

import pytest

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.projects.shipped import shipped
from mahavishnu_tui.projects.starter import FILES, LANGGRAPH_JSON, next_commands, write_starter
from mahavishnu_tui.settings.load import check_file
from mahavishnu_tui.settings.trust import TrustStore


@pytest.fixture
def store(tmp_path: Path) -> TrustStore:
    return TrustStore(tmp_path / "trust.json")


def test_what_exists_stays_and_is_not_trusted(tmp_path: Path, store: TrustStore) -> None:
    folder = tmp_path / "new" / "place"
    folder.mkdir(parents=True)
    (folder / "workflow.py").write_text("import this")
    (folder / "flow.py").symlink_to(tmp_path / "nowhere.py")
    placed = write_starter(folder, store, (*FILES, LANGGRAPH_JSON))
    assert [item.outcome for item in placed] == ["exists", "exists", "written", "written"]
    assert (folder / "workflow.py").read_text() == "import this"
    assert not (tmp_path / "nowhere.py").exists()
    assert set(store.entries()) == {str(folder / "mahavishnu.yaml"), str(folder / LANGGRAPH_JSON)}


def test_a_folder_that_cannot_be_written_to_is_one_sentence(tmp_path: Path, store: TrustStore) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MahavishnuError, match="cannot be written") as caught:
        write_starter(tmp_path / "file", store)
    assert caught.value.code is ErrorCode.BAD_INPUT


def test_every_line_of_the_settings_can_be_used(tmp_path: Path) -> None:
    text = (shipped("examples") / "starter" / "mahavishnu.yaml").read_text()
    path = tmp_path / "mahavishnu.yaml"
    path.write_text(text)
    assert check_file(path).keys == []
    path.write_text(re.sub(r"^#(?=\S|  )", "", text, flags=re.MULTILINE))
    assert {"langgraph.retention_days", "prefect.api_url", "ui.keymap"} <= set(check_file(path).keys)


def test_the_next_commands_name_the_files_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "--workflow-file workflow.py " in next_commands(Path("."))[0]
    assert "execute 'my flows/flow.py' " in next_commands(tmp_path / "my flows")[1]
