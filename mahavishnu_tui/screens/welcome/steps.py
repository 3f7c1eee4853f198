"""What can be done next, chosen by what was found. Pure."""

from __future__ import annotations

import dataclasses
from typing import Final, Literal

from mahavishnu_tui.models.prefect import PrefectInfo
from mahavishnu_tui.projects.code import Code
from mahavishnu_tui.projects.surroundings import Surroundings

StepKind = Literal[
    "graph", "flow", "deploy", "install", "launch", "prefect", "watch", "restart", "init", "demo", "docs"
]
SHOWN: Final = 5
"""Steps at most: more would be a menu."""
GRAPHS: Final = 2


@dataclasses.dataclass(frozen=True)
class Step:
    """One thing to do."""

    kind: StepKind
    title: str
    about: str
    subject: str = ""
    """What it is done to: `file.py:graph`, an address."""


@dataclasses.dataclass(frozen=True)
class Seen:
    """What is known when the steps are chosen."""

    around: Surroundings | None = None
    """None while it is looked for, and where that failed."""
    looked: bool = False
    prefect: PrefectInfo | None = None
    workflows: int = 0
    """Workflows that the server knows."""
    nearby: str = ""
    """The address of a Prefect server that answers here and that nobody has named."""
    variable: str = ""
    """PREFECT_API_URL of this terminal, where the server was started without it."""
    readonly: bool = False
    server: str = ""
    """The server, in a few words."""


def choose_steps(seen: Seen) -> list[Step]:
    """The best few, the likeliest first; reading the docs is always one of them."""
    docs = Step("docs", "Read the docs", "in this terminal; also :docs")
    if seen.readonly:  # to look at what is wrong changes nothing
        return [*(step for step in _prefect(seen) if step.kind == "prefect"), docs]
    steps = [*_own_code(seen), *_prefect(seen)]
    around = seen.around
    if around is not None and around.missing and not (around.graphs or around.flows or around.named):
        steps.insert(0, Step("init", "Write an example project here", ", ".join(around.missing)))
    steps.append(Step("demo", "Show the demo", "eight runs, in a context of their own"))
    return [*steps[: SHOWN - 1], docs]


def _own_code(seen: Seen) -> list[Step]:
    around = seen.around
    steps = []
    if seen.workflows:
        steps.append(Step("launch", "Launch a workflow", f"{seen.workflows} known to the server"))
    if around is None:
        return steps
    if lacking := lacks(around):
        steps.append(
            Step(
                "install",
                f"Copy what installs {lacking[0]}",
                f".venv lacks {', '.join(lacking)}",
                " ".join(lacking),
            )
        )
    else:
        steps += [
            Step("graph", f"Run {spec}", "asks for its input first", spec) for spec in specs(around)[:GRAPHS]
        ]
    flow = easiest(around.flows)
    off = seen.prefect is not None and seen.prefect.mode == "off"
    if flow is not None and around.version("prefect") and not off:
        spec = spec_of(flow, around)
        if flow.required:
            steps.append(Step("deploy", f"Deploy {spec}", "and run it: asks for its parameters", spec))
        else:
            named = seen.prefect is not None and seen.prefect.url
            about = f"at {named}" if named else "starts a Prefect of our own"
            steps.append(Step("flow", f"Run {spec}", about, spec))
    return steps


def _prefect(seen: Seen) -> list[Step]:
    info = seen.prefect
    if info is not None and info.trouble:
        return [Step("prefect", "Look at Prefect", info.trouble)]
    if seen.variable:
        return [Step("restart", "Restart with PREFECT_API_URL", seen.variable, seen.variable)]
    if seen.nearby:
        return [Step("watch", "Watch the Prefect server here", seen.nearby, seen.nearby)]
    return []


def lacks(around: Surroundings) -> list[str]:
    """Packages that the graphs here need and their `.venv` does not have."""
    if not specs(around) or not around.own:
        return []
    needed = ("langgraph", "langgraph-checkpoint-sqlite")
    return [package for package in needed if not around.version(package)]


def specs(around: Surroundings) -> list[str]:
    """The graphs here, as they are named on the command line; those of a `langgraph.json` before others."""
    named = [f"langgraph.json:{name}" for name in around.named]
    return named or [spec_of(code, around) for code in around.graphs]


def spec_of(code: Code, around: Surroundings) -> str:
    """`file.py:name`, seen from the folder."""
    return f"{code.file.relative_to(around.folder)}:{code.name}"


def easiest(flows: tuple[Code, ...]) -> Code | None:
    """A flow that can be run as it is, else any."""
    return next((flow for flow in flows if not flow.required), flows[0] if flows else None)
