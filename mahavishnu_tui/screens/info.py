"""`InfoScreen`: versions, paths and what the server says of itself."""

from __future__ import annotations

from mahavishnu_tui.models.text import counted
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.document import DocumentScreen
from mahavishnu_tui.screens.session import Session


class InfoScreen(DocumentScreen):
    """What one needs to know to help oneself, or to report something."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "info", text="\n".join(info_lines(session)))

    def on_mount(self) -> None:
        """Show what is known, then what the server says now: it may be another one than at first."""
        super().on_mount()
        in_background(self, self._renew, "info")

    async def _renew(self) -> None:
        try:
            self.session.mirror.server = await self.session.client.server()
        except Exception as error:  # said in the row, kept in :errors; what was known stays
            self.flash_error(error)
        else:
            self.show_text("\n".join(info_lines(self.session)))


def _readonly(session: Session) -> str:
    guard = session.guard
    if guard.held:
        return f"yes: {guard.held}"
    if guard.locked:
        return "yes: production, locked (:unlock)"
    return "no: production, unlocked (:lock)" if guard.context.production else "no"


def info_lines(session: Session) -> list[str]:
    """Name and value, aligned."""
    options, mirror = session.options, session.mirror
    facts: dict[str, str] = {
        "context": options.context,
        "you act as": session.who,
        "read-only": _readonly(session),
        "link": f"{session.link.state} {session.link.message}".strip(),
    }
    server = mirror.server
    if server is not None:
        facts |= {
            "server version": server.version,
            "server pid": str(server.pid),
            "server since": session.times.still.clock(server.started_at),
            "server state": server.state,
            "slots": f"{server.running} of {server.slots} in use, {server.queued} queued",
            "last event": f"{mirror.seq} of {mirror.epoch}",
        }
        # Where they are as this dashboard takes them to be, they are said once.
        ours = session.connection.facts if session.connection is not None else {}
        paths = {"data": server.data, "socket": server.socket, "log": server.log}
        facts |= {name: path for name, path in paths.items() if ours.get(f"path of {name}") != path}
    known = {
        "run": len(mirror.runs),
        "open question": mirror.waiting,
        "workflow": len(mirror.workflows),
        "engine host": len(mirror.hosts),
    }
    facts["known here"] = ", ".join(counted(count, noun) for noun, count in known.items())
    if session.connection is not None:
        facts |= session.connection.facts
    for host in mirror.hosts.values():
        versions = ", ".join(f"{name} {version}" for name, version in host.versions.items())
        facts[f"host {host.id}"] = f"{host.state}, {host.interpreter}, {versions}"
    width = max(map(len, facts))
    return [f"{name.ljust(width)}  {value}" for name, value in facts.items()]
