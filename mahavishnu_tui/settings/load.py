"""Merges the sources of settings: defaults < YAML < local YAML < environment < context < flags.

The context's own settings win over the environment: a variable that was exported for one context must not
lead another one to the first one's servers.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource, SettingsError

from mahavishnu_tui.models.context import DEFAULT, DEMO, Context
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.settings import yamlfile
from mahavishnu_tui.settings.model import MahavishnuSettings
from mahavishnu_tui.settings.overlay import contexts_of, own_groups, without_strangers
from mahavishnu_tui.settings.paths import (
    PREFIX,
    Paths,
    config_file,
    here,
    project_files,
    resolve_paths,
    trust_file,
)
from mahavishnu_tui.settings.problems import explain, unknown_key
from mahavishnu_tui.settings.trust import TrustState, TrustStore

Values = dict[str, Any]
SourceStatus = Literal["used", "absent", "untrusted"]
AskTrust = Callable[[Path, bytes, TrustState], bool]
"""Whether a settings file of the working directory, with that content, may be used."""


@dataclasses.dataclass(frozen=True)
class Source:
    """One source of settings; the weakest comes first in `Loaded.sources`."""

    name: str
    """`defaults`, a path, `environment`, `context NAME` or `flags`."""
    values: Values
    status: SourceStatus = "used"

    @property
    def keys(self) -> list[str]:
        """The settings that it gives, as `group.field`."""
        return [f"{group}.{field}" for group, fields in self.values.items() for field in fields]

    def to_json(self) -> dict[str, Any]:
        """As `mahavishnu info --json` shows it."""
        return {"name": self.name, "status": self.status, "keys": self.keys}


@dataclasses.dataclass(frozen=True)
class Loaded:
    """The settings, where they came from, and the places that follow from them."""

    settings: MahavishnuSettings
    paths: Paths
    sources: tuple[Source, ...]
    store: TrustStore
    flags: tuple[str, ...] = ()
    """What was given as `--set`, for a server that is started with the same settings."""
    confirmed: bool = False
    """The operator has said that he means a production context (`--production`)."""

    @property
    def notes(self) -> list[str]:
        """What the operator should know: files that were left out, a context that nobody described."""
        found = [
            f"{source.name} is not trusted, so its settings are not used;"
            f" `mahavishnu trust {shlex.quote(source.name)}` changes that."
            for source in self.sources
            if source.status == "untrusted"
        ]
        names = list(self.settings.contexts)
        if names and not self.context.listed and self.context.name not in (DEFAULT, DEMO):
            found.append(f"The settings do not name a context {self.context.name}: {', '.join(names)}.")
        return found

    @property
    def contexts(self) -> tuple[Context, ...]:
        """The contexts that the settings name."""
        return contexts_of(self.settings)

    @property
    def context(self) -> Context:
        """The one that these settings are for."""
        name = self.paths.context
        return next((item for item in self.contexts if item.name == name), Context(name))


def load_settings(
    *,
    context: str = DEFAULT,
    data_dir: Path | str | None = None,
    flags: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
    ask: AskTrust | None = None,
) -> Loaded:
    """Read and merge all sources.

    Args:
        context: name of the context.
        data_dir: the flag `--data-dir`; wins over a `paths.data` in `flags`.
        flags: `group.field=value` from the command line.
        environ: the environment; the process's own by default.
        directory: the working directory.
        ask: decides about a settings file there that is not trusted; without it, such a file is
            left out and `Loaded.notes` says so.

    Raises:
        MahavishnuError: MHV-001 that names source and key; what `ask` raises; MHV-007, MHV-010.
    """
    environ = os.environ if environ is None else environ
    own = config_file(environ)
    own_yaml, own_local = _own_file(own), _own_file(own.with_name("local.yaml"))
    strong = [_environment(environ), _flags(flags, data_dir)]
    before = _merged([own_yaml, own_local, *strong])
    store = TrustStore(trust_file(environ), before.trust.folders)
    project = [_project_file(path, store, ask) for path in project_files(directory or here(), own)]
    # All YAML is weaker than all local YAML, whichever of the two places it is in.
    sources = (
        Source("defaults", MahavishnuSettings().model_dump()),
        *(own_yaml, *project[:1], own_local, *project[1:]),
        *strong,
    )
    settings, own_values = _for_context(context, sources[1:])
    if own_values is not None:
        sources = (*sources[:-1], own_values, sources[-1])
    _check_together(settings, sources[1:])
    chosen = settings.paths
    paths = resolve_paths(environ, context, data=chosen.data, log=chosen.log, socket=chosen.socket)
    return Loaded(settings, paths, sources, store, tuple(flags))


def _for_context(name: str, sources: Sequence[Source]) -> tuple[MahavishnuSettings, Source | None]:
    """All sources merged, and what the context has of its own: it lies below the flags, which are last."""
    *weak, flags = sources
    own = own_groups(_merged_values(sources), name)
    values = without_strangers(_merged_values(weak), name, own or {})
    given = None if own is None else Source(f"context {name}", own)
    return MahavishnuSettings(**_merge(_merge(values, own or {}), flags.values)), given


def check_file(path: Path) -> Source:
    """One settings file by itself; MHV-001 when something is wrong with it, or it is not there."""
    content = yamlfile.read(path)
    if content is None:
        raise MahavishnuError(ErrorCode.CONFIG_INVALID, f"{path} does not exist.", "Check the path.")
    return _checked_file(path, content)


def _own_file(path: Path) -> Source:
    content = yamlfile.read(path)
    return Source(str(path), {}, "absent") if content is None else _checked_file(path, content)


def _project_file(path: Path, store: TrustStore, ask: AskTrust | None) -> Source:
    content = yamlfile.read(path)
    if content is None:
        return Source(str(path), {}, "absent")
    state = store.state(path, content)
    if state != "trusted":
        if _says_nothing(content):
            return Source(str(path), {})
        if ask is None or not ask(path, content, state):
            return Source(str(path), {}, "untrusted")
    source = _checked_file(path, content)
    for group in ("trust", "contexts"):
        if source.values.get(group):
            raise MahavishnuError(
                ErrorCode.CONFIG_INVALID,
                f"{path}: `{group}` cannot be set in a project's own file.",
                "Set it in your own settings file; `mahavishnu info` shows where that is.",
            )
    return source


def _says_nothing(content: bytes) -> bool:
    """Whether a file only repeats defaults: then it is left out, and nobody need be asked."""
    try:
        values = _checked("", yamlfile.parse(content, "").values, {})
    except MahavishnuError:
        return False
    return MahavishnuSettings(**values) == MahavishnuSettings()


def _checked_file(path: Path, content: bytes) -> Source:
    document = yamlfile.parse(content, str(path))
    return Source(str(path), _checked(str(path), document.values, document.lines))


def _checked(name: str, values: Values, lines: Mapping[tuple[str, ...], int]) -> Values:
    """The values of one source, if they are valid by themselves: only then is it known which is wrong."""
    values = {group: {} if fields is None else fields for group, fields in values.items()}
    if isinstance(values.get("contexts"), dict):
        values["contexts"] = {key: {} if own is None else own for key, own in values["contexts"].items()}
    for group in values:
        # Never left to pydantic-settings, whose constructor takes `_…` keywords of its own.
        if group not in MahavishnuSettings.model_fields:
            line = lines.get((group,))
            where = name if line is None else f"{name}, line {line}"
            raise MahavishnuError(
                ErrorCode.CONFIG_INVALID,
                unknown_key(where, group),
                "`mahavishnu config show --defaults` lists every setting.",
            )
    try:
        MahavishnuSettings(**values)
    except ValidationError as error:
        raise explain(error, name, lines) from error
    return values


class _TextSource(EnvSettingsSource):
    """pydantic-settings' reading of `prefix_group__field` texts, from a mapping that is given."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        super().__init__(MahavishnuSettings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): text for name, text in self._texts.items() if text}


def _from_texts(name: str, texts: Mapping[str, str]) -> Values:
    if not texts:
        return {}
    try:
        return _TextSource(texts)()
    except SettingsError as error:
        raise MahavishnuError(
            ErrorCode.CONFIG_INVALID,
            f"{name}: a value given for `{_field_of(error)}` is not JSON.",
            'Lists and mappings are written as JSON, such as ["/a", "/b"].',
        ) from error


def _field_of(error: SettingsError) -> str:
    """The field that pydantic-settings names in its sentence."""
    found = re.search(r'field "(\w+)"', str(error))
    return found.group(1) if found else "a setting"


def _environment(environ: Mapping[str, str]) -> Source:
    name = "environment"
    texts = {key: text for key, text in environ.items() if key.upper().startswith(PREFIX)}
    for key in texts:
        group, separator, field = key[len(PREFIX) :].lower().partition("__")
        if separator and group not in MahavishnuSettings.model_fields:
            raise MahavishnuError(
                ErrorCode.CONFIG_INVALID,
                unknown_key(f"{name} ({key})", f"{group}.{field}"),
                "`mahavishnu config show --defaults` lists every setting.",
            )
    return Source(name, _checked(name, _from_texts(name, texts), {}))


def _flags(flags: Sequence[str], data_dir: Path | str | None) -> Source:
    name = "flags"
    values: Values = {}
    for flag in flags:
        key, separator, text = flag.partition("=")
        group, *rest = key.strip().split(".", 2)
        if not separator or not rest:
            raise MahavishnuError(
                ErrorCode.BAD_INPUT,
                f"`--set {flag}` is not of the form group.field=value.",
                "For example: --set langgraph.max_concurrent_workflows=20",
            )
        if group not in MahavishnuSettings.model_fields:
            raise MahavishnuError(
                ErrorCode.CONFIG_INVALID,
                unknown_key(name, key.strip()),
                "`mahavishnu config show --defaults` lists every setting.",
            )
        if group == "contexts":
            one: Values = _from_texts(name, {f"{PREFIX}{key.strip().replace('.', '__')}": text})
        elif len(rest) == 2:
            one = {group: {rest[0]: {rest[1]: text}}}
        else:
            one = _from_texts(name, {f"{PREFIX}{group}__{rest[0]}": text})
        values = _merge(values, one)
    if data_dir is not None:
        values = _merge(values, {"paths": {"data": str(data_dir)}})
    return Source(name, _checked(name, values, {}))


def _check_together(settings: MahavishnuSettings, sources: Sequence[Source]) -> None:
    """What can only be seen once all sources are merged."""
    places: dict[Path, str] = {}
    for name, one in settings.contexts.items():
        data = one.paths.data if one.paths else None
        if data is not None and places.setdefault(data, name) != name:
            raise MahavishnuError(
                ErrorCode.CONFIG_INVALID,
                f"The contexts {places[data]} and {name} both have the data directory {data}.",
                "Each has a server of its own, which needs one of its own.",
            )
    if settings.prefect.workspace and settings.prefect.api_url:
        given = {key: source.name for source in sources for key in source.keys}
        named = [f"`{key}` ({given[key]})" for key in ("prefect.workspace", "prefect.api_url")]
        raise MahavishnuError(
            ErrorCode.CONFIG_INVALID,
            f"{' and '.join(named)} exclude each other.",
            "The workspace says where on Prefect Cloud; api_url is for every other server.",
        )
    told = settings.notifications
    for number, rule in enumerate(told.rules, 1):
        for name in rule.targets:
            if name not in told.targets:
                known = ", ".join(told.targets) or "none"
                raise MahavishnuError(
                    ErrorCode.CONFIG_INVALID,
                    f"`notifications.rules`: rule {number} names the target {clean_line(name, 60)!r},"
                    " and there is no such target.",
                    f"Known: {known}. A target is given in `notifications.targets`.",
                )


def _merged(sources: Sequence[Source]) -> MahavishnuSettings:
    return MahavishnuSettings(**_merged_values(sources))


def _merged_values(sources: Sequence[Source]) -> Values:
    values: Values = {}
    for source in sources:
        values = _merge(values, source.values)
    return values


def _merge(weak: Values, strong: Values) -> Values:
    """Both; where both say something the strong one wins, mappings are merged key by key."""
    merged = dict(weak)
    for key, value in strong.items():
        known = merged.get(key)
        both = isinstance(known, dict) and isinstance(value, dict)
        merged[key] = _merge(known, value) if both else value  # type: ignore[arg-type]
    return merged
