"""What was found and what was not, a line for each kind of thing. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from mahavishnu_tui.models.prefect import PrefectInfo
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.projects.surroundings import Surroundings
from mahavishnu_tui.screens.welcome.steps import Seen, spec_of

NAMED = 4
"""Names in a line; more are counted."""
_CONTEXTS = re.compile(r"contexts\.[\w.-]+(, contexts\.[\w.-]+)+")
"""Their names are in `:ctx`."""


def headline(info: PrefectInfo | None) -> str:
    """What has run here: nothing, as far as that is known."""
    if info is None or info.seen_at is not None or info.state in ("off", "ready"):
        return "Nothing has run here yet."
    if info.state == "starting" and not info.embedded:
        return "Prefect's runs are being read."
    return "What has run in Prefect is not known." if info.trouble else "Nothing has run here yet."


def found_lines(seen: Seen, settings: str, home: Path) -> list[tuple[str, str]]:
    """Name and text of each line.

    Args:
        seen: what is known.
        settings: which sources of settings are used, in words.
        home: what is written as `~`.
    """
    around = seen.around
    if around is None:
        said = "it cannot be looked at; :errors says why" if seen.looked else "looking at the files here …"
        lines = [("folder", said)]
    else:
        lines = [
            ("folder", f"{_short(around.folder, home)}, {_looked(around)}"),
            ("graphs", _graphs(around)),
            ("flows", _listed([spec_of(flow, around) for flow in around.flows]) or "no Prefect flow"),
            ("python", _python(around)),
        ]
        if around.broken:
            lines.append(("broken", _broken(around)))
    lines += [
        ("settings", _settings(settings, home)),
        ("prefect", _prefect(seen.prefect, seen.nearby, seen.variable)),
        ("server", f"{seen.server}; it outlives the dashboard"),
    ]
    return [(name, clean_line(text, 300)) for name, text in lines]


def _settings(sources: str, home: Path) -> str:
    """The sources that set something, or are not trusted."""
    telling = [source for source in sources.split("; ") if not source.endswith("(used: nothing)")]
    told = _CONTEXTS.sub(lambda found: f"{found[0].count('contexts.')} contexts", "; ".join(telling))
    return told.replace(f"{home}/", "~/") or "all at their defaults"


def _short(path: Path, home: Path) -> str:
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) and path != home else str(path)


def _looked(around: Surroundings) -> str:
    count = f"{around.files} Python file{'' if around.files == 1 else 's'}"
    return count if around.whole else f"the first {count}: it is large, so open a folder in it for the rest"


def _graphs(around: Surroundings) -> str:
    named = [f"{name} (langgraph.json)" for name in around.named]
    return _listed([*named, *(spec_of(graph, around) for graph in around.graphs)]) or "no LangGraph graph"


def _broken(around: Surroundings) -> str:
    return _listed([f"{file.relative_to(around.folder)} ({why})" for file, why in around.broken])


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _python(around: Surroundings) -> str:
    langgraph, saver, prefect = map(around.version, ("langgraph", "langgraph-checkpoint-sqlite", "prefect"))
    has = f"LangGraph {langgraph}" if langgraph else "no LangGraph"
    if langgraph and not saver:
        has += " (but no langgraph-checkpoint-sqlite)"
    place = ".venv of the project" if around.own else "no .venv here, so mahavishnu's own"
    return f"{place}: {has}, {f'Prefect {prefect}' if prefect else 'no Prefect'}"


def _prefect(info: PrefectInfo | None, nearby: str, variable: str) -> str:
    if info is None or info.mode == "off":
        return "off, as the settings say"
    if info.trouble and info.url and info.url not in info.trouble:
        return f"{info.url} ({info.source}): {info.trouble}"
    if info.trouble:
        return f"{info.trouble} It was named by {info.source}." if info.source else info.trouble
    if info.url:
        return f"{info.url} ({info.source or 'our own'}): {info.state}"
    if variable:
        return f"the server was started before PREFECT_API_URL was set to {variable}"
    if nearby:
        return f"none is named in settings, PREFECT_API_URL or profile; one answers at {nearby}"
    return "none is named in settings, PREFECT_API_URL or profile; a flow starts one of our own"
