"""Every setting, with its default, its bounds and what it does. `settings/mahavishnu.yaml` repeats it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from mahavishnu_tui.models.context import COLOURS, Colour
from mahavishnu_tui.settings.group import AbsolutePath, Group
from mahavishnu_tui.settings.langgraph import LangGraphSettings
from mahavishnu_tui.settings.notifications import NotificationSettings
from mahavishnu_tui.settings.prefect import PrefectSettings


class PathSettings(Group):
    """Where things are kept."""

    data: AbsolutePath | None = Field(
        default=None, description="Data directory. Default: $XDG_DATA_HOME/mahavishnu/<context>."
    )
    log: AbsolutePath | None = Field(
        default=None,
        description="The server's log file. Default: $XDG_STATE_HOME/mahavishnu/<context>/server.log,"
        " or <data>/logs/server.log where the data directory was chosen.",
    )
    socket: AbsolutePath | None = Field(
        default=None,
        description="The server's Unix socket. Default: <data>/server.sock, or a short private path"
        " where that one is too long for a socket.",
    )


class ServerSettings(Group):
    """The background server."""

    idle_minutes: float = Field(
        default=30.0,
        ge=0,
        description="Minutes without client, run or open question after which it ends; 0: never.",
    )
    keep_events: int = Field(
        default=100_000, ge=1000, description="Events kept for clients that come back after a break."
    )
    drain_seconds: float = Field(
        default=10.0,
        ge=0,
        le=3600,
        description="Seconds that a stop waits for runs to reach their next step boundary.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least that its log takes down."
    )
    agent_api: str = Field(
        default="",
        max_length=300,
        description="Address (127.0.0.1:2124) of the LangGraph Agent Server API; empty: on the socket only.",
    )
    agent_api_token: SecretStr = Field(
        default=SecretStr(""),
        description="What its callers must send as x-api-key; needed where other machines reach it.",
    )


class UiSettings(Group):
    """The dashboard."""

    theme: str = Field(
        default="",
        description="Name of a theme, such as light, contrast, colorblind or ansi. Empty: the dark one, or,"
        " where the terminal has 16 colours or NO_COLOR is set, its own.",
    )
    times: Literal["mixed", "relative", "local", "utc"] = Field(
        default="mixed",
        description="How moments are told: ages of what runs or waits and local times of the rest (mixed),"
        " how long ago (relative), local time, or UTC. Z changes it.",
    )
    ascii: bool = Field(default=False, description="Draw with ASCII characters alone.")
    ssh: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="Send as little as possible to the terminal: always, never, or when its line is slow.",
    )
    bell: bool = Field(
        default=True, description="Ring the terminal's bell when something new waits for the operator."
    )
    title: bool = Field(default=True, description="Say in the terminal's title how much waits.")
    desktop: bool = Field(
        default=False, description="Have the terminal notify the desktop as well (OSC 9), where it can."
    )
    mouse: bool = Field(
        default=False,
        description="Hear clicks and the wheel. The terminal then selects text only with shift held.",
    )
    keymap: dict[str, str] = Field(
        default_factory=dict,
        description="Other keys: binding id to key, such as `run.retry: f6`, or to several, such as"
        " `table.down: j,down,ctrl+n`. `?` shows the ids.",
    )


class TrustSettings(Group):
    """Whose code may run unasked."""

    folders: list[AbsolutePath] = Field(
        default_factory=list,
        description="Folders whose workflows and settings are trusted. Not taken from a project's own file.",
    )


_CONTEXT_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class ContextSettings(Group):
    """A context: what it is, and what is set otherwise there: its groups lie over the general ones."""

    description: str = Field(default="", max_length=200, description="What it is, for the list of contexts.")
    production: bool = Field(
        default=False,
        description="The dashboard only looks until `:unlock`, and commands that write want a confirmation.",
    )
    readonly: bool = Field(default=False, description="Nothing is written from here; nothing unlocks that.")
    colour: Colour | None = Field(default=None, description=f"Of its name: {', '.join(COLOURS)}.")
    unlock_minutes: float = Field(
        default=15.0,
        ge=0,
        le=24 * 60,
        description="Minutes without a key after which an unlocked dashboard locks itself; 0: never.",
    )
    paths: PathSettings | None = Field(
        default=None, description="Its own places. The general ones are those of the context `default`."
    )
    server: ServerSettings | None = Field(default=None, description="Its server.")
    langgraph: LangGraphSettings | None = Field(default=None, description="Its LangGraph engine.")
    prefect: PrefectSettings | None = Field(
        default=None,
        description="Its Prefect. With an api_url or a workspace of its own it gets none of the general"
        " credentials.",
    )
    ui: UiSettings | None = Field(default=None, description="How the dashboard looks there.")


class MahavishnuSettings(BaseSettings):
    """All settings. Made by `load_settings`, which merges the sources and knows which one is wrong."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix="MAHAVISHNU_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
    )

    paths: PathSettings = Field(default_factory=PathSettings)
    server: ServerSettings = Field(default_factory=ServerSettings)
    langgraph: LangGraphSettings = Field(default_factory=LangGraphSettings)
    prefect: PrefectSettings = Field(default_factory=PrefectSettings)
    notifications: NotificationSettings = Field(default_factory=NotificationSettings)
    ui: UiSettings = Field(default_factory=UiSettings)
    trust: TrustSettings = Field(default_factory=TrustSettings)
    contexts: dict[Annotated[str, Field(pattern=_CONTEXT_NAME)], ContextSettings] = Field(
        default_factory=dict,
        description="Contexts by name (`--context`, `:ctx`). Not taken from a project's own file.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the loader gives: it reads the environment as one layer among others."""
        return (init_settings,)
