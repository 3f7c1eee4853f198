import itertools
import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.settings.load import Loaded, check_file, load_settings
from mahavishnu_tui.settings.model import MahavishnuSettings
from mahavishnu_tui.settings.problems import nearest, setting_names
from mahavishnu_tui.settings.trust import TrustStore

REPOSITORY = Path(__file__).parents[3]


class Home:
    """An operator's home and a working directory in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.project = root / "project"
        self.project.mkdir()
        self.own = root / ".config" / "mahavishnu" / "mahavishnu.yaml"
        self.environ = {"HOME": str(root)}

    def write(self, path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def load(self, **options: object) -> Loaded:
        return load_settings(environ=self.environ, directory=self.project, **options)  # type: ignore[arg-type]

    def trust(self, path: Path) -> None:
        TrustStore(self.root / ".local/share/mahavishnu/trust.json").allow(path)

    def refused(self, **options: object) -> MahavishnuError:
        with pytest.raises(MahavishnuError) as caught:
            self.load(**options)
        return caught.value


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_the_commented_file_holds_every_setting_at_its_default() -> None:
    written = yaml.safe_load((REPOSITORY / "settings" / "mahavishnu.yaml").read_text())
    assert written == MahavishnuSettings().model_dump(mode="json")


def test_every_setting_of_the_file_is_commented() -> None:
    lines = (REPOSITORY / "settings" / "mahavishnu.yaml").read_text().splitlines()
    for above, line in itertools.pairwise(lines):
        if line.strip() and not line.strip().startswith("#") and line.startswith("  "):
            assert above.strip().startswith("#"), line


def test_nothing_given_means_the_defaults_in_the_xdg_places(home: Home) -> None:
    loaded = home.load()
    assert loaded.settings == MahavishnuSettings()
    assert loaded.paths.data == home.root / ".local/share/mahavishnu/default"
    assert loaded.paths.log == home.root / ".local/state/mahavishnu/default/server.log"
    assert loaded.paths.config == home.own
    assert loaded.sources[0].name == "defaults"


LAYERS = ("own", "project", "own local", "project local", "environment", "flags")
FIELDS = {
    "server.idle_minutes": st.integers(0, 99).map(float),
    "langgraph.max_concurrent_workflows": st.integers(1, 99),
    "ui.theme": st.sampled_from(["night", "day", "high-contrast"]),
}


@settings(max_examples=40, deadline=None)
@given(
    given_values=st.lists(
        st.fixed_dictionaries({}, optional=FIELDS), min_size=len(LAYERS), max_size=len(LAYERS)
    )
)
def test_the_stronger_source_wins_field_by_field(
    given_values: list[dict[str, object]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = Home(tmp_path_factory.mktemp("home"))
    files = {
        "own": home.own,
        "own local": home.own.with_name("local.yaml"),
        "project": home.project / "settings" / "mahavishnu.yaml",
        "project local": home.project / "settings" / "local.yaml",
    }
    home.write(files["project"], "{}")
    layers = dict(zip(LAYERS, given_values, strict=True))
    for name, path in files.items():
        nested: dict[str, dict[str, object]] = {}
        for key, value in layers[name].items():
            group, field = key.split(".")
            nested.setdefault(group, {})[field] = value
        home.trust(home.write(path, json.dumps(nested)))
    for key, value in layers["environment"].items():
        home.environ["MAHAVISHNU_" + key.replace(".", "__").upper()] = str(value)
    loaded = home.load(flags=[f"{key}={value}" for key, value in layers["flags"].items()])

    expected = setting_names()
    for name in LAYERS:
        expected |= layers[name]
    actual = loaded.settings.model_dump()
    for key, value in expected.items():
        group, field = key.split(".")
        assert actual[group][field] == value, (key, layers)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "server:\n  idle_minuts: 3\n",
            "line 2: `server.idle_minuts` is not a setting. Did you mean `server.idle",
        ),
        ("sever:\n  idle_minutes: 3\n", "line 1: `sever` is not a setting. Did you mean `server`?"),
        ("ui:\n  idle_minutes: 3\n", "Did you mean `server.idle_minutes`?"),
        ("xyzzy: 3\n", "line 1: `xyzzy` is not a setting."),
        ("server: 3\n", "line 1: `server` cannot be 3"),
        (
            "server:\n  idle_minutes: -1\n",
            "line 2: `server.idle_minutes` cannot be -1: input should be greater",
        ),
        ("langgraph:\n  durability: often\n", "input should be 'sync', 'async' or 'exit'"),
        ("server:\n  log_level: info\n  log_level: debug\n", "line 3: `server.log_level` is given twice"),
        ("ui: &a {}\nserver: *a\n", "line 2: aliases are not taken"),
        ("- 1\n", "it must hold groups of settings"),
        ("a: b\n c: d", "line 2"),
        ("\x00", "it is not YAML"),
        ("_env_file: /etc/passwd\n", "`_env_file` is not a setting"),
        ("ui:\n  theme: 5\n  ascii: perhaps\n", "(1 more: `mahavishnu config validate` shows them.)"),
        ("#" + "x" * 300_000, "larger than 256 KiB"),
    ],
)
def test_a_wrong_file_is_named_with_line_and_cure(home: Home, text: str, said: str) -> None:
    home.write(home.own, text)
    error = home.refused()
    assert error.code is ErrorCode.CONFIG_INVALID
    assert str(home.own) in error.message
    assert said in error.message
    assert error.hint


def test_a_file_that_is_not_text_is_refused(home: Home) -> None:
    home.write(home.own, "")
    home.own.write_bytes(b"\xff\xfe\x00ui")
    assert home.refused().code is ErrorCode.CONFIG_INVALID


def test_a_settings_file_that_is_a_folder_is_refused(home: Home) -> None:
    home.own.mkdir(parents=True)
    assert "cannot be read" in home.refused().message


def test_off_is_a_word_and_yes_is_true_where_that_is_asked(home: Home) -> None:
    home.write(home.own, "prefect:\n  mode: off\nui:\n  ssh: on\n  ascii: yes\n  mouse: False\n")
    settings = home.load().settings
    assert (settings.prefect.mode, settings.ui.ssh) == ("off", "on")
    assert (settings.ui.ascii, settings.ui.mouse) == (True, False)


def test_an_empty_group_is_no_mistake(home: Home) -> None:
    home.write(home.own, "server:\nui:\n")
    assert home.load().settings == MahavishnuSettings()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MAHAVISHNU_SERVER__IDLEMINUTES", "3", "environment: `server.idleminutes` is not a setting"),
        ("MAHAVISHNU_SEVER__IDLE_MINUTES", "3", "MAHAVISHNU_SEVER__IDLE_MINUTES"),
        ("MAHAVISHNU_SERVER__IDLE_MINUTES", "soon", "`server.idle_minutes` cannot be 'soon'"),
        ("MAHAVISHNU_TRUST__FOLDERS", "/a", "a value given for `trust` is not JSON"),
    ],
)
def test_a_wrong_variable_is_named(home: Home, name: str, value: str, said: str) -> None:
    home.environ[name] = value
    assert said in home.refused().message


def test_variables_of_other_programs_are_left_alone(home: Home) -> None:
    home.environ |= {"MAHAVISHNU_PID": "7", "OTHER__THING": "x", "MAHAVISHNU_UI__THEME": ""}
    assert home.load().settings == MahavishnuSettings()


@pytest.mark.parametrize(
    ("flag", "code", "said"),
    [
        ("server.idle_minutes", ErrorCode.BAD_INPUT, "group.field=value"),
        ("idle_minutes=3", ErrorCode.BAD_INPUT, "group.field=value"),
        (
            "langgraf.durability=exit",
            ErrorCode.CONFIG_INVALID,
            "flags: `langgraf.durability` is not a setting",
        ),
        (
            "langgraph.durability=never",
            ErrorCode.CONFIG_INVALID,
            "flags: `langgraph.durability` cannot be 'never'",
        ),
    ],
)
def test_a_wrong_flag_is_named(home: Home, flag: str, code: ErrorCode, said: str) -> None:
    error = home.refused(flags=[flag])
    assert error.code is code
    assert said in error.message


def test_keys_are_remapped_one_by_one(home: Home) -> None:
    home.write(home.own, "ui:\n  keymap:\n    run.pause: P\n    run.retry: R\n")
    loaded = home.load(flags=["ui.keymap.run.pause=ctrl+p"])
    assert loaded.settings.ui.keymap == {"run.pause": "ctrl+p", "run.retry": "R"}


def test_the_data_directory_of_the_command_line_wins_and_takes_the_log_along(home: Home) -> None:
    home.environ["MAHAVISHNU_PATHS__DATA"] = "/elsewhere"
    loaded = home.load(data_dir=home.root / "mine", context="prod")
    assert loaded.paths.data == home.root / "mine"
    assert loaded.paths.log == home.root / "mine" / "logs" / "server.log"


def test_lists_are_written_as_json_in_the_environment(home: Home) -> None:
    home.environ["MAHAVISHNU_TRUST__FOLDERS"] = '["/a", "b"]'
    assert home.load().settings.trust.folders == [Path("/a"), Path.cwd() / "b"]


# -- the working directory's own file


def test_an_untrusted_file_of_the_working_directory_is_left_out_and_said(home: Home) -> None:
    path = home.write(home.project / "mahavishnu.yaml", "ui:\n  theme: loud\n")
    loaded = home.load()
    assert loaded.settings.ui.theme == ""
    assert [source.status for source in loaded.sources if source.name == str(path)] == ["untrusted"]
    assert f"mahavishnu trust {path}" in loaded.notes[0]


def test_a_trusted_file_is_used_until_it_changes(home: Home) -> None:
    path = home.write(home.project / "mahavishnu.yaml", "ui:\n  theme: loud\n")
    home.trust(path)
    assert home.load().settings.ui.theme == "loud"
    home.write(path, "ui:\n  theme: louder\n")
    asked: list[str] = []

    def ask(file: Path, content: bytes, state: str) -> bool:
        asked.append(state)
        assert b"louder" in content
        return True

    assert home.load(ask=ask).settings.ui.theme == "louder"
    assert asked == ["changed"]
    assert home.load().settings.ui.theme == ""


def test_nobody_is_asked_about_a_file_that_only_repeats_defaults(home: Home) -> None:
    home.write(
        home.project / "settings" / "mahavishnu.yaml", (REPOSITORY / "settings/mahavishnu.yaml").read_text()
    )

    def ask(*_: object) -> bool:
        raise AssertionError("asked")

    assert home.load(ask=ask).notes == []


def test_a_broken_untrusted_file_stops_nothing(home: Home) -> None:
    home.write(home.project / "mahavishnu.yaml", "{{{")
    assert len(home.load().notes) == 1


def test_everything_in_a_trusted_folder_is_trusted(home: Home) -> None:
    home.write(home.own, f"trust:\n  folders: [{home.project}]\n")
    home.write(home.project / "mahavishnu.yaml", "ui:\n  theme: loud\n")
    assert home.load().settings.ui.theme == "loud"


def test_a_project_cannot_make_itself_trusted(home: Home) -> None:
    home.trust(home.write(home.project / "mahavishnu.yaml", "trust:\n  folders: [/]\n"))
    assert "cannot be set in a project's own file" in home.refused().message


def test_the_own_file_is_no_project_file(home: Home) -> None:
    home.write(home.own, "ui:\n  theme: night\n")
    loaded = load_settings(environ=home.environ, directory=home.own.parent)
    assert [source.name for source in loaded.sources].count(str(home.own)) == 1
    assert loaded.settings.ui.theme == "night"


def test_one_file_is_checked_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    with pytest.raises(MahavishnuError, match="does not exist"):
        check_file(path)
    path.write_text("server:\n  keep_events: 5000\n")
    assert check_file(path).keys == ["server.keep_events"]


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("server.idle", "server.idle_minutes"),
        ("langraph.durability", "langgraph.durability"),
        ("langgraph.theme", "ui.theme"),
        ("theme", "ui.theme"),
        ("zzz.qqq", ""),
        ("server", ""),
    ],
)
def test_the_nearest_name(key: str, meant: str) -> None:
    assert nearest(key) == meant
