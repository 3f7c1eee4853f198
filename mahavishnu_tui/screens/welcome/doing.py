"""Doing what was chosen from the welcome. Code is trusted, and anything written, only after asking."""

from __future__ import annotations

import asyncio
import functools
import os
import shlex
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mahavishnu_tui.models import Run
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.projects.surroundings import Surroundings
from mahavishnu_tui.screens.background import in_background_opening
from mahavishnu_tui.screens.run_acts import RunActs
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.screens.welcome.steps import Step

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.projects.target import Target
    from mahavishnu_tui.screens.welcome.view import Welcome
    from mahavishnu_tui.settings.trust import TrustStore


LOAD_SECONDS: Final = 600.0
LOOKS: Final = 200
"""Tenths of a second that a server on which nothing runs may take to end."""


def do_step(welcome: Welcome, step: Step, around: Surroundings | None) -> None:
    """Do it, or ask first."""
    screen = welcome.screen
    assert isinstance(screen, RunActs)
    deeds: dict[str, Callable[[], None]] = {
        "graph": functools.partial(_ask_code, screen, step, around),
        "flow": functools.partial(_ask_code, screen, step, around),
        "deploy": functools.partial(_ask_code, screen, step, around),
        "install": functools.partial(_copy_install, screen, step, around),
        "launch": screen.action_launch,
        "prefect": functools.partial(_action, screen, "app.prefect"),
        "watch": functools.partial(_ask_watch, screen, step),
        "restart": functools.partial(_ask_restart, screen, step),
        "init": functools.partial(_ask_init, welcome, screen, around),
        "demo": functools.partial(_action, screen, "app.demo"),
        "docs": functools.partial(_action, screen, "app.docs"),
    }
    deeds[step.kind]()


def _action(screen: RunActs, name: str) -> None:
    screen.app.call_later(screen.run_action, name)


def _copy_install(screen: RunActs, step: Step, around: Surroundings | None) -> None:
    if around is not None:
        screen.copy(install_command(step.subject, around))


def install_command(packages: str, around: Surroundings) -> str:
    """What an operator types in this folder to make its `.venv` fit for graphs."""
    python = Path(around.interpreter)
    if python.is_relative_to(around.folder):
        python = python.relative_to(around.folder)
    return f"{shlex.quote(str(python))} -m pip install {packages}"


# -- running what was found


def _ask_code(screen: RunActs, step: Step, around: Surroundings | None) -> None:
    if around is not None:
        in_background_opening(screen, functools.partial(_look_at_code, screen, step, around), "welcome-code")


async def _look_at_code(screen: RunActs, step: Step, around: Surroundings) -> None:
    """Ask whether the files are trusted, unless they are."""
    from mahavishnu_tui.projects.target import resolve_target

    try:
        target = await asyncio.to_thread(resolve_target, str(around.folder / step.subject))
        store = _store()
        states = {file: await asyncio.to_thread(store.state, file) for file in target.files}
    except Exception as error:  # the file has gone, or is not what it was: said, kept in :errors
        screen.flash_error(error)
        return
    strange = [file for file, state in states.items() if state != "trusted"]
    if not strange:
        _run_code(screen, step, target)
        return
    from mahavishnu_tui.screens.confirm import ConfirmScreen, Deed

    changed = any(states[file] == "changed" for file in strange)
    facts = [
        *(str(file) for file in strange),
        f"Python: {target.project.interpreter}",
        "It has changed since you trusted it." if changed else "It is not trusted yet.",
        "Loading it runs its code, with your rights. Trusted is the file as it is now.",
    ]
    label = "Trust and run" if step.kind == "flow" else "Trust and load"

    def decided(yes: str | None) -> None:
        if yes:
            for file in strange:
                store.allow(file)
            _run_code(screen, step, target)

    question = f"Trust {clean_line(step.subject)}?"
    screen.app.push_screen(ConfirmScreen(question, facts, Deed("yes", label, grave=False)), decided)


def _store() -> TrustStore:
    from mahavishnu_tui.settings.paths import trust_file
    from mahavishnu_tui.settings.trust import TrustStore

    return TrustStore(trust_file(os.environ))


def _run_code(screen: RunActs, step: Step, target: Target) -> None:
    # Until it is loaded: that may take an import of many seconds, or the start of a Prefect.
    screen.flash(f"loading {clean_line(step.subject)} …", seconds=LOAD_SECONDS)
    work = {"graph": _load_graph, "flow": _run_flow, "deploy": _deploy_flow}[step.kind]
    in_background_opening(screen, functools.partial(work, screen, target), "welcome-run")


async def _load_graph(screen: RunActs, target: Target) -> None:
    """Register it; its form asks for the input."""
    try:
        workflow = await screen.session.client.register(target.spec, target.project, target.name)
    except Exception as error:  # said, kept in :errors
        screen.flash_error(error)
        return
    _open_launch(screen, workflow.id)


async def _run_flow(screen: RunActs, target: Target) -> None:
    """Run it as it is."""
    try:
        run = await screen.session.client.run_flow(
            target.spec,
            screen.session.who,
            request_id=uuid.uuid4().hex,
            root=target.project.root,
            interpreter=target.project.interpreter,
        )
    except Exception as error:  # said, kept in :errors
        screen.flash_error(error)
        return
    _started(screen, run)


async def _deploy_flow(screen: RunActs, target: Target) -> None:
    """Deploy it; the form of its deployment asks for the parameters."""
    project = target.project
    try:
        deployment = await screen.session.client.create_deployment(
            target.spec,
            target.files[-1].stem,
            screen.session.who,
            root=project.root,
            interpreter=project.interpreter,
        )
    except Exception as error:  # said, kept in :errors
        screen.flash_error(error)
        return
    _open_launch(screen, deployment.id)


def _open_launch(screen: RunActs, begin_with: str) -> None:
    from mahavishnu_tui.screens.launch import LaunchScreen

    screen.flash_row.dismiss()

    def launched(run: Run | None) -> None:
        if run is not None:
            _started(screen, run)

    screen.app.push_screen(LaunchScreen(screen.session, begin_with), launched)


def _started(screen: RunActs, run: Run) -> None:
    screen.flash(f"{clean_line(run.name)}: {clean_line(run.workflow)} is started", "success")
    screen.show_run(run)


# -- files


def _ask_init(welcome: Welcome, screen: RunActs, around: Surroundings | None) -> None:
    if around is None:
        return
    from mahavishnu_tui.screens.confirm import ConfirmScreen, Deed

    folder = around.folder
    facts = [
        f"into {folder}:",
        *(f"  {name}" for name in around.missing),
        "What is there stays as it is. What is written works, and is trusted.",
    ]

    def decided(yes: str | None) -> None:
        if yes:
            screen.act(functools.partial(_write, welcome=welcome, folder=folder))

    question = "Write an example project here?"
    screen.app.push_screen(ConfirmScreen(question, facts, Deed("yes", "Write them", grave=False)), decided)


async def _write(_: ServerClient, *, welcome: Welcome, folder: Path) -> str:
    from mahavishnu_tui.projects.starter import write_starter

    placed = await asyncio.to_thread(write_starter, folder, _store())
    if welcome.is_mounted:
        welcome.look()
    return f"written: {', '.join(item.path.name for item in placed if item.outcome == 'written')}"


# -- another Prefect


def _ask_watch(screen: RunActs, step: Step) -> None:
    from mahavishnu_tui.settings.paths import config_file

    own = config_file(os.environ)
    if own.exists():
        screen.flash(
            f"Add this to {own}, then restart the server: prefect: {{api_url: {step.subject}}}", "warning"
        )
        return
    facts = [
        f"{own} is made, with prefect.api_url: {step.subject}",
        "The server is restarted, which takes a moment. Nothing runs on it.",
    ]
    work = functools.partial(_watch, session=screen.session, own=own, url=step.subject)
    screen.ask_first(f"Watch {step.subject} from now on?", facts, "Write it and restart", work)


async def _watch(client: ServerClient, *, session: Session, own: Path, url: str) -> str:
    await asyncio.to_thread(_write_settings, own, f"prefect:\n  api_url: {url}\n")
    await _start_anew(client, session)
    return f"{own} says it; the server starts again"


def _write_settings(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("x") as file:
        file.write(text)


def _ask_restart(screen: RunActs, step: Step) -> None:
    facts = [
        "The server that runs was started without this variable.",
        "It is restarted from here, which takes a moment. Nothing runs on it.",
    ]
    question = f"Restart the server with PREFECT_API_URL={step.subject}?"
    screen.ask_first(question, facts, "Restart it", functools.partial(_restart, session=screen.session))


async def _restart(client: ServerClient, *, session: Session) -> str:
    await _start_anew(client, session)
    return "the server starts again, with this terminal's variables"


async def _start_anew(client: ServerClient, session: Session) -> None:
    """Stop the server; the dashboard starts one as soon as it has seen that this one has gone."""
    await client.stop_server()
    for _ in range(LOOKS):
        if not session.link.live:
            break
        await asyncio.sleep(0.1)
    # One that was stopped in order is left alone for a while, since somebody wanted it so: here it was us.
    session.retry_now()
