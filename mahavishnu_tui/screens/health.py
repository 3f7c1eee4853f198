"""What the header says of a session: the link, the engines and the age of what they told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.header import EngineState, HeaderState

if TYPE_CHECKING:
    from mahavishnu_tui.models.prefect import PrefectInfo

GRACE = 3.0
"""Seconds beyond two looks at Prefect after which the age of what is shown is news."""


def header_state(session: Session) -> HeaderState:
    """What the header shows of a session."""
    mirror, link = session.mirror, session.link
    seen = bool(mirror.epoch)
    notice = ""
    if session.clock.frozen:
        notice = "HELD STILL: K goes on"
    elif link.state == "starting":
        notice = "starting it again…" if seen else "starting the server…"
    elif not seen:
        notice = "connecting …"
    return HeaderState(
        context=clean_line(session.context.name, 24),
        engines=_engines(session) if seen and link.live else (),
        running=mirror.running,
        failed=mirror.failed,
        more_failed=not mirror.whole,
        queued=mirror.queued,
        waiting=mirror.needed,
        stale_since=link.since if seen and not link.live else None,
        retry=link.attempt,
        notice=notice,
        trouble=clean_line(mirror.server.note, 60) if mirror.server is not None else "",
        readonly=bool(session.guard.held),
        production=session.context.production,
        locked=session.guard.locked,
        colour=session.context.colour or "",
        times="" if session.times.form == "mixed" else session.times.form,
    )


def _engines(session: Session) -> tuple[EngineState, ...]:
    prefect = prefect_state(session)
    if prefect is None:
        return (EngineState("langgraph", engine_state(session)),)
    return (EngineState("graph", engine_state(session)), prefect)


def engine_state(session: Session) -> str:
    """The worst state of the engine's hosts: what an operator has to know first."""
    server = session.mirror.server
    if server is not None and server.state == "draining":
        return "draining"
    states = {host.state for host in session.mirror.hosts.values()}
    for word in ("failed", "lost", "blocked"):
        if word in states:
            return word
    return "ready"


def prefect_state(session: Session) -> EngineState | None:
    """Prefect and the age of its mirror; None where nobody wants one."""
    info = session.mirror.prefect
    if info is None or info.mode == "off":
        return None
    name = _prefect_name(session, info)
    if info.state == "starting":
        return EngineState(name, "starting", since=info.since or session.now())
    if info.state in ("off", "failed"):
        return EngineState(name, info.state)
    fresh = "live" if info.live else f"≤{info.interval:.0f}s"
    if info.slow:
        fresh = f"slow {info.slow:.0f}s"
    fresh_for = 2 * (info.interval + info.slow) + GRACE
    return EngineState(name, info.state, info.shown_at, fresh_for=fresh_for, fresh=fresh)


def _prefect_name(session: Session, info: PrefectInfo) -> str:
    """With its host in a context that has a Prefect server of its own."""
    host = info.url.partition("//")[2].partition("/")[0] if session.context.own_prefect else ""
    return f"prefect {clean_line(host, 24)}" if host else "prefect"
