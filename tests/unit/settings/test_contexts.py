"""Contexts: what the settings say of one lies over what they say in general."""

from pathlib import Path

import pytest

from mahavishnu_tui.models.context import Context
from mahavishnu_tui.models.errors import ErrorCode
from mahavishnu_tui.settings.paths import chosen_context, context_directories
from tests.unit.settings.test_load import Home

OWN = """\
server: {idle_minutes: 5}
prefect: {api_url: "https://general.example.org/api", api_key: general-key, timeout_seconds: 7}
paths: {data: /srv/general, log: /srv/general.log}
contexts:
  prod:
    description: where it counts
    production: true
    colour: red
    server: {idle_minutes: 0}
    prefect: {api_url: "https://prod.example.org/api"}
    langgraph: {servers: [{name: graphs, url: "http://127.0.0.1:2024", api_key: secret-key}]}
  lab: {readonly: true, ui: {theme: night}, paths: {data: /srv/lab}}
  plain:
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path)
    found.write(found.own, OWN)
    return found


def test_a_context_has_its_own_servers_and_places(home: Home) -> None:
    general, prod, lab = home.load(), home.load(context="prod"), home.load(context="lab")
    assert general.settings.server.idle_minutes == 5
    assert prod.settings.server.idle_minutes == 0
    assert lab.settings.server.idle_minutes == 5
    assert prod.settings.prefect.api_url == "https://prod.example.org/api"
    assert prod.settings.prefect.timeout_seconds == 7
    assert prod.settings.langgraph.servers[0].api_key.get_secret_value() == "secret-key"
    assert lab.settings.ui.theme == "night"
    assert lab.settings.prefect.api_url == general.settings.prefect.api_url
    # The general places are one server's: nobody else may get to it under another name.
    assert general.paths.data == Path("/srv/general")
    assert lab.paths.data == Path("/srv/lab")
    assert lab.paths.log == Path("/srv/lab/logs/server.log")
    assert prod.paths.data == home.root / ".local/share/mahavishnu/prod"
    assert len({item.paths.socket for item in (general, prod, lab)}) == 3


def test_what_the_settings_say_of_it(home: Home) -> None:
    assert home.load(context="prod").context == Context(
        "prod",
        description="where it counts",
        production=True,
        colour="red",
        listed=True,
        own_prefect=True,
    )
    assert home.load(context="lab").context.readonly
    assert home.load(context="plain").context == Context("plain", listed=True)
    assert home.load().context == Context("default")
    assert [item.name for item in home.load().contexts] == ["prod", "lab", "plain"]


def test_no_key_of_one_prefect_server_goes_to_another(home: Home) -> None:
    assert home.load().settings.prefect.api_key.get_secret_value() == "general-key"
    assert home.load(context="lab").settings.prefect.api_key.get_secret_value() == "general-key"
    assert home.load(context="prod").settings.prefect.api_key.get_secret_value() == ""
    home.environ["MAHAVISHNU_PREFECT__AUTH_STRING"] = "ana:staging"
    assert home.load(context="prod").settings.prefect.auth_string.get_secret_value() == ""
    home.environ["MAHAVISHNU_CONTEXTS__PROD__PREFECT__API_KEY"] = "prod-key"
    assert home.load(context="prod").settings.prefect.api_key.get_secret_value() == "prod-key"


def test_it_may_be_on_another_kind_of_prefect_than_all_others(home: Home) -> None:
    home.write(home.own, OWN.replace('api_url: "https://prod.example.org/api"', "workspace: ours/main"))
    assert home.load(context="prod").settings.prefect.workspace == "ours/main"
    assert home.load(context="prod").settings.prefect.api_url == ""


def test_it_wins_over_the_environment_and_flags_win_over_it(home: Home) -> None:
    home.environ["MAHAVISHNU_PREFECT__API_URL"] = "https://exported.example.org/api"
    home.environ["MAHAVISHNU_PATHS__DATA"] = "/srv/exported"
    assert home.load().settings.prefect.api_url == "https://exported.example.org/api"
    prod = home.load(context="prod")
    assert prod.settings.prefect.api_url == "https://prod.example.org/api"
    assert prod.paths.data == home.root / ".local/share/mahavishnu/prod"
    flagged = home.load(context="prod", flags=["server.idle_minutes=3"], data_dir="/srv/flag")
    assert (flagged.settings.server.idle_minutes, flagged.paths.data) == (3, Path("/srv/flag"))
    assert [source.name for source in prod.sources][-3:] == ["environment", "context prod", "flags"]
    assert "prefect.api_url" in prod.sources[-2].keys


def test_contexts_come_from_flags_and_variables_too(home: Home) -> None:
    home.environ["MAHAVISHNU_CONTEXTS__LAB__PRODUCTION"] = "true"
    assert home.load(context="lab").context.production
    flags = ["contexts.new.production=true", "contexts.new.prefect.api_url=http://127.0.0.1:4200/api"]
    new = home.load(context="new", flags=flags)
    assert new.context.production
    assert new.settings.prefect.api_url == "http://127.0.0.1:4200/api"


def test_a_project_cannot_say_what_is_production(home: Home) -> None:
    file = home.write(home.project / "mahavishnu.yaml", "contexts: {prod: {production: false}}\n")
    home.trust(file)
    error = home.refused()
    assert error.code is ErrorCode.CONFIG_INVALID
    assert f"{file}: `contexts` cannot be set in a project's own file." in str(error)


def test_an_unknown_name_works_and_is_said(home: Home) -> None:
    loaded = home.load(context="prdo")
    assert loaded.notes == ["The settings do not name a context prdo: prod, lab, plain."]
    # Nor is the default context's server to be had, past its guard, under a name that nobody has described.
    assert loaded.paths.data == home.root / ".local/share/mahavishnu/prdo"
    assert home.load(context="prod").notes == home.load().notes == home.load(context="demo").notes == []


def test_no_two_contexts_share_a_server(home: Home) -> None:
    home.write(home.own, "contexts:\n  a: {paths: {data: /srv/a}}\n  b: {paths: {data: /srv/a}}\n")
    assert "The contexts a and b both have the data directory /srv/a." in str(home.refused())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("prod: {prodution: true}", "Did you mean `contexts.prod.production`?"),
        ("prod: {prefect: {api_ulr: x}}", "Did you mean `contexts.prod.prefect.api_url`?"),
        ("prod: {colour: pink}", "`contexts.prod.colour` cannot be 'pink'"),
        ("pr od: {}", "contexts.pr od"),
        ("prod: {trust: {folders: [/]}}", "is not a setting"),
        ("prod: yes", "contexts.prod"),
        ("prod: {prefect: {api_url: hunter2}}", "`contexts.prod.prefect.api_url` cannot be"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(home: Home, wrong: str, said: str) -> None:
    home.write(home.own, f"contexts:\n  {wrong}\n")
    told = str(home.refused())
    assert said in told
    assert "line 2" in told


def test_a_secret_of_a_context_is_not_printed(home: Home) -> None:
    home.write(home.own, "contexts:\n  prod: {prefect: {api_key: [hunter2]}}\n")
    assert "hunter2" not in str(home.refused())


def test_the_name_of_a_command_line_that_gives_none() -> None:
    assert chosen_context({}) == "default"
    assert chosen_context({"MAHAVISHNU_CONTEXT": "prod"}) == "prod"


def test_contexts_that_have_left_data_are_found(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    assert context_directories(environ) == []
    home = tmp_path / ".local/share/mahavishnu"
    for name in ("demo", "b", "no name"):
        (home / name).mkdir(parents=True)
        (home / name / "engine.db").touch()
    (home / "empty").mkdir()
    (home / "trust.json").touch()
    assert context_directories(environ) == ["b", "demo"]
